import { CircleAlert } from 'lucide-react'
import { Label as RadixLabel } from 'radix-ui'
import { useId, type ComponentProps, type ReactNode } from 'react'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { cn } from './cn.ts'

export const controlLook =
  'w-full rounded-md border border-strong bg-sheet px-3 text-base text-ink placeholder:text-soft/80 transition-colors duration-(--quick-time) hover:border-action aria-invalid:border-error disabled:opacity-60 disabled:hover:border-strong'

type FieldProps = {
  label: ReactNode
  /** A sentence below, before anything went wrong. */
  hint?: ReactNode
  /** What is wrong, in words a person would use. */
  error?: string | undefined
  isOptional?: boolean
  className?: string
  /** Gets what ties it to its label, its hint and its error. */
  children: (control: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode
}

/** A control with its label above, and beside it what is wrong with it. */
export function Field({ label, hint, error, isOptional, className, children }: FieldProps) {
  const id = useId()
  const note = error !== undefined || hint !== undefined ? `${id}-note` : undefined
  return (
    <div className={cn('grid content-start gap-1.5', className)}>
      <RadixLabel.Root htmlFor={id} className="flex items-baseline justify-between gap-3 text-sm font-medium text-ink">
        {label}
        {isOptional && <span className="font-normal text-soft">{said(common).optional}</span>}
      </RadixLabel.Root>
      {children({
        id,
        ...(note === undefined ? {} : { 'aria-describedby': note }),
        ...(error === undefined ? {} : { 'aria-invalid': true as const }),
      })}
      {error === undefined ? (
        hint !== undefined && (
          <div id={note} className="text-sm text-soft">
            {hint}
          </div>
        )
      ) : (
        <div id={note} role="alert" className="flex gap-1.5 text-sm text-error">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          {error}
        </div>
      )}
    </div>
  )
}

/** One line of text. */
export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={cn(controlLook, 'h-9', className)} {...rest} />
}

/** Several lines; it grows with what is in it. */
export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return (
    <textarea className={cn(controlLook, 'field-sizing-content min-h-20 py-2 leading-normal', className)} {...rest} />
  )
}
