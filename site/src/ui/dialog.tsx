import { X } from 'lucide-react'
import { AlertDialog as RadixAlert, Dialog as Radix } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { Button } from './button.tsx'
import { cn } from './cn.ts'
import { useFocusBack } from './focus.ts'
import { Failure } from './state.tsx'

const VEIL = 'fixed inset-0 z-40 bg-veil'
const CARD =
  'fixed top-1/2 left-1/2 z-50 grid max-h-[calc(100dvh-2rem)] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 gap-4 overflow-y-auto rounded-md border border-line bg-sheet p-6 shadow-float'

type Props = {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  title: ReactNode
  /** One sentence below the title. */
  lead?: ReactNode
  children: ReactNode
  className?: string
}

/** A form or a text that stands before the page. */
export function Dialog({ isOpen, onOpenChange, title, lead, children, className }: Props) {
  const back = useFocusBack(isOpen)
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay data-floats="" className={VEIL} />
        <Radix.Content
          data-floats=""
          className={cn(CARD, className)}
          {...back}
          {...(lead === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <Head {...{ title, lead }} />
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** What belongs to one row of a list, at the side, while the list stays. */
export function Sheet({ isOpen, onOpenChange, title, lead, children, className }: Props) {
  const back = useFocusBack(isOpen)
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay data-floats="" className={VEIL} />
        <Radix.Content
          data-floats="sheet"
          className={cn(
            'fixed inset-y-0 right-0 z-50 flex w-[min(34rem,100vw)] flex-col gap-5 overflow-y-auto border-l border-line bg-sheet p-6 shadow-float',
            className,
          )}
          {...back}
          {...(lead === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <Head {...{ title, lead }} />
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

function Head({ title, lead }: { title: ReactNode; lead: ReactNode }) {
  return (
    <div className="grid grid-cols-[1fr_auto] items-start gap-x-4 gap-y-1">
      <Radix.Title className="text-xl font-semibold tracking-tight">{title}</Radix.Title>
      <Radix.Close asChild>
        <Button look="quiet" size="icon" aria-label={said(common).close} className="-mt-1.5 -mr-2">
          <X aria-hidden />
        </Button>
      </Radix.Close>
      {lead !== undefined && <Radix.Description className="col-span-2 text-base text-soft">{lead}</Radix.Description>}
    </div>
  )
}

type ConfirmProps = {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  title: ReactNode
  /** What it will do, each consequence its own line. */
  will: readonly ReactNode[]
  /** What the button says happens, such as "Revoke the key". */
  action: string
  /** Must be typed before the button acts, such as the name of what goes. */
  typed?: { label: ReactNode; text: string }
  /** Asked when the button is pressed; where it says no, nothing happens, and it has said why. */
  isReady?: () => boolean
  onConfirm: () => Promise<unknown>
  children?: ReactNode
}

/** Asks before something that cannot be undone, and says what it will do. Stays open with the reason if that fails. */
export function Confirm({
  isOpen,
  onOpenChange,
  title,
  will,
  action,
  typed,
  isReady,
  onConfirm,
  children,
}: ConfirmProps) {
  const [text, setText] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const back = useFocusBack(isOpen)
  const change = (open: boolean) => {
    setText('')
    setError(undefined)
    onOpenChange(open)
  }
  const act = async () => {
    if (isReady && !isReady()) return
    setBusy(true)
    setError(undefined)
    try {
      await onConfirm()
      change(false)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  return (
    <RadixAlert.Root open={isOpen} onOpenChange={change}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay data-floats="" className={VEIL} />
        <RadixAlert.Content data-floats="" className={CARD} {...back}>
          <RadixAlert.Title className="text-xl font-semibold tracking-tight">{title}</RadixAlert.Title>
          <RadixAlert.Description asChild>
            <ul className="grid gap-1.5 text-base text-soft">
              {will.map((line, index) => (
                // oxlint-disable-next-line react/no-array-index-key
                <li key={index} className="flex gap-2.5 before:mt-2.5 before:size-1 before:shrink-0 before:bg-wax">
                  <span>{line}</span>
                </li>
              ))}
            </ul>
          </RadixAlert.Description>
          {children}
          {typed && (
            <label className="grid gap-1.5 text-sm font-medium">
              {typed.label}
              <input
                className="h-9 rounded-md border border-strong bg-sheet px-3 font-mono text-base font-normal"
                value={text}
                onChange={(event) => setText(event.target.value)}
                autoComplete="off"
                spellCheck={false}
              />
            </label>
          )}
          {error !== undefined && <Failure error={error} isSmall />}
          <div className="flex flex-wrap justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>{said(common).cancel}</Button>
            </RadixAlert.Cancel>
            <Button
              look="stop"
              isBusy={isBusy}
              disabled={typed !== undefined && text !== typed.text}
              onClick={() => void act()}
            >
              {action}
            </Button>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  )
}
