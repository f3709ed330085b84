/** Decisions of admins: what one will do, and why it is taken, before it is. */
import { useRef, useState, type ReactNode } from 'react'
import { Confirm } from '../ui/dialog.tsx'
import { Field, Textarea } from '../ui/field.tsx'
import { toast } from '../ui/toast.tsx'
import { admin } from '../words/admin.ts'
import { said } from '../words/words.ts'

const REASON_MIN = 3
const REASON_MAX = 500

/** A decision that waits for its reason. */
export type Decision = {
  title: string
  /** What it will do, each consequence its own line. */
  will: readonly ReactNode[]
  /** What the button says happens. */
  action: string
  /** What is said when it is done. */
  done: string
  typed?: { label: ReactNode; text: string }
  /** More to choose, above the reason. */
  extra?: ReactNode
  /** Whether what was chosen there will do; if not, it says so itself. */
  isReady?: () => boolean
  act: (reason: string) => Promise<unknown>
}

/** Asks for the reason, which goes into the audit log, and acts. `onEnd` hears that it was done or left. */
export function Decide({ decision, onEnd }: { decision: Decision | undefined; onEnd: () => void }) {
  const [reason, setReason] = useState('')
  const [isTooShort, setTooShort] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const w = said(admin).reason
  if (!decision) return null
  const { title, will, action, done, typed, extra, act } = decision
  const end = () => {
    setReason('')
    setTooShort(false)
    onEnd()
  }
  const isReady = () => {
    if (decision.isReady && !decision.isReady()) return false
    if (reason.trim().length >= REASON_MIN) return true
    setTooShort(true)
    field.current?.focus()
    return false
  }
  return (
    <Confirm
      isOpen
      onOpenChange={(isOpen) => !isOpen && end()}
      title={title}
      will={will}
      action={action}
      {...(typed ? { typed } : {})}
      isReady={isReady}
      onConfirm={async () => {
        await act(reason.trim())
        toast(done)
      }}
    >
      {extra}
      <Field label={w.label} hint={w.hint} error={isTooShort ? w.tooShort : undefined}>
        {(control) => (
          <Textarea
            {...control}
            ref={field}
            value={reason}
            maxLength={REASON_MAX}
            onChange={({ target }) => {
              setReason(target.value)
              setTooShort(false)
            }}
          />
        )}
      </Field>
    </Confirm>
  )
}
