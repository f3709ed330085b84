import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { Button } from './button.tsx'
import { cn } from './cn.ts'

const COPIED_FOR_MS = 1_600

/** Copies, and for a moment says whether that worked. */
export function useCopy(): { state: 'idle' | 'copied' | 'failed'; copy: (text: string) => void } {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = (text: string) => {
    void navigator.clipboard
      .writeText(text)
      .then(() => setState('copied'))
      .catch(() => setState('failed'))
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setState('idle'), COPIED_FOR_MS)
  }
  return { state, copy }
}

/** A button that copies `text`. */
export function CopyButton({ text, label, className }: { text: string; label?: string; className?: string }) {
  const { state, copy } = useCopy()
  const w = said(common)
  return (
    <Button look="quiet" size="s" className={className} onClick={() => copy(text)}>
      {state === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />}
      <span aria-live="polite">{{ idle: label ?? w.copy, copied: w.copied, failed: w.notCopied }[state]}</span>
    </Button>
  )
}

/** An id that copies when it is clicked; long ones are shown by their beginning. */
export function CopyId({ id, chars = 8, className }: { id: string; chars?: number; className?: string }) {
  const { state, copy } = useCopy()
  const w = said(common)
  return (
    <button
      type="button"
      title={id}
      onClick={() => copy(id)}
      className={cn('cursor-pointer rounded-sm font-mono text-sm text-soft hover:text-action', className)}
    >
      {state !== 'copied' && <span className="only-heard">{`${w.copy} `}</span>}
      {state === 'copied' ? w.copied : id.length > chars + 2 ? `${id.slice(0, chars)}…` : id}
    </button>
  )
}
