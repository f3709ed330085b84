import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

const look = cva(
  'inline-flex h-5.5 items-center gap-1.5 rounded-sm border px-1.5 text-xs font-medium whitespace-nowrap',
  {
    variants: {
      tone: {
        plain: 'border-line text-soft',
        info: 'border-action/40 text-action',
        good: 'border-success/40 text-success',
        warn: 'border-warning/50 text-warning',
        bad: 'border-error/40 text-error',
        wax: 'border-wax/50 text-wax',
      },
    },
    defaultVariants: { tone: 'plain' },
  },
)

export type Tone = NonNullable<VariantProps<typeof look>['tone']>

/** A state in one word. With `hasDot` the colour stands before it too. */
export function Badge({
  tone,
  hasDot,
  className,
  children,
  ...rest
}: ComponentProps<'span'> & { tone?: Tone; hasDot?: boolean }) {
  return (
    <span className={cn(look({ tone }), className)} {...rest}>
      {hasDot && <span aria-hidden className="size-1.5 rounded-full bg-current" />}
      {children}
    </span>
  )
}
