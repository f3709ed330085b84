import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { cn } from './cn.ts'

export const buttonLook = cva(
  'inline-flex shrink-0 cursor-pointer items-center justify-center gap-2 rounded-md border font-medium whitespace-nowrap no-underline transition-colors duration-(--quick-time) disabled:cursor-default disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      look: {
        main: 'border-action bg-action text-on-action hover:border-action-hover hover:bg-action-hover hover:text-on-action',
        plain: 'border-strong bg-sheet text-ink hover:border-action hover:text-ink',
        quiet: 'border-transparent bg-transparent text-soft hover:bg-tint hover:text-ink',
        danger: 'border-wax bg-transparent text-wax hover:bg-wax hover:text-on-wax',
        stop: 'border-wax bg-wax text-on-wax hover:opacity-90',
      },
      size: {
        s: 'h-8 px-3 text-sm',
        m: 'h-9 px-4 text-base',
        l: 'h-11 px-5 text-lg',
        icon: 'size-9',
      },
    },
    defaultVariants: { look: 'plain', size: 'm' },
  },
)

type Props = ComponentProps<'button'> &
  VariantProps<typeof buttonLook> & {
    /** The one child is what acts, such as a link. */
    asChild?: boolean
    /** Something is under way: the button waits, and says so. */
    isBusy?: boolean
  }

/** Says what happens when it is pressed. `main` once a view, `danger` before a dialog, `stop` inside it. */
export function Button({ look, size, asChild, isBusy, className, children, disabled, ...rest }: Props) {
  const classes = cn(buttonLook({ look, size }), className)
  if (asChild) {
    return (
      <Slot.Root className={classes} {...rest}>
        {children}
      </Slot.Root>
    )
  }
  return (
    <button type="button" className={classes} disabled={disabled || isBusy} aria-busy={isBusy || undefined} {...rest}>
      {isBusy && <LoaderCircle aria-hidden className="motion-safe:animate-spin" />}
      {children}
    </button>
  )
}
