import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { create } from 'zustand'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { explained } from './state.tsx'

type Note = { id: number; text: string; isBad: boolean }

const SHOWN_MS = 5_000
const NOTES_MAX = 3
/** One for all islands of a page. */
const useNotes = create<{ notes: readonly Note[]; lastId: number }>(() => ({ notes: [], lastId: 0 }))

/** Says at the edge of the page that something is done. */
export function toast(text: string): void {
  add({ text, isBad: false })
}

/** Says that something failed, in the words of its error. */
export function toastError(error: unknown): void {
  add({ text: explained(error), isBad: true })
}

function add(note: Omit<Note, 'id'>): void {
  const id = useNotes.getState().lastId + 1
  useNotes.setState(({ notes }) => ({ notes: [...notes, { ...note, id }].slice(-NOTES_MAX), lastId: id }))
  setTimeout(() => dismiss(id), SHOWN_MS * (note.isBad ? 2 : 1))
}

function dismiss(id: number): void {
  useNotes.setState(({ notes }) => ({ notes: notes.filter((note) => note.id !== id) }))
}

/** Where the notes appear; stands once on a page. */
export function Toasts() {
  const shown = useNotes(({ notes }) => notes)
  return (
    <div aria-live="polite" className="fixed right-4 bottom-4 z-50 grid w-[min(24rem,calc(100vw-2rem))] gap-2">
      {shown.map(({ id, text, isBad }) => (
        <div
          key={id}
          data-floats=""
          className="flex items-start gap-2.5 rounded-md border border-line bg-sheet p-3 text-base shadow-float"
        >
          {isBad ? (
            <CircleAlert aria-hidden className="mt-0.5 size-4.5 shrink-0 text-error" />
          ) : (
            <CircleCheck aria-hidden className="mt-0.5 size-4.5 shrink-0 text-success" />
          )}
          <span className="grow">{text}</span>
          <button
            type="button"
            aria-label={said(common).close}
            className="cursor-pointer rounded-sm text-soft"
            onClick={() => dismiss(id)}
          >
            <X aria-hidden className="size-4" />
          </button>
        </div>
      ))}
    </div>
  )
}
