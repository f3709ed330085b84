import { Check } from 'lucide-react'
import { Checkbox as RadixCheckbox, Switch as RadixSwitch } from 'radix-ui'
import { useId, type ReactNode } from 'react'
import { cn } from './cn.ts'

type Props = {
  isOn: boolean
  onChange: (isOn: boolean) => void
  label: ReactNode
  hint?: ReactNode
  disabled?: boolean
  className?: string
}

/** Something that holds when the form is sent. */
export function Checkbox({ isOn, onChange, label, hint, disabled, className }: Props) {
  const id = useId()
  return (
    <div className={cn('flex items-start gap-2.5', className)}>
      <RadixCheckbox.Root
        id={id}
        checked={isOn}
        onCheckedChange={(checked) => onChange(checked === true)}
        disabled={disabled ?? false}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        className="mt-0.5 grid size-4.5 shrink-0 cursor-pointer place-items-center rounded-sm border border-strong bg-sheet data-[state=checked]:border-action data-[state=checked]:bg-action disabled:opacity-50"
      >
        <RadixCheckbox.Indicator>
          <Check aria-hidden strokeWidth={3} className="size-3.5 text-on-action" />
        </RadixCheckbox.Indicator>
      </RadixCheckbox.Root>
      <Words {...{ id, label, hint }} />
    </div>
  )
}

/** Something that holds from the moment it is switched. */
export function Switch({ isOn, onChange, label, hint, disabled, className }: Props) {
  const id = useId()
  return (
    <div className={cn('flex items-start gap-3', className)}>
      <RadixSwitch.Root
        id={id}
        checked={isOn}
        onCheckedChange={onChange}
        disabled={disabled ?? false}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        className="relative h-5 w-9 shrink-0 cursor-pointer rounded-full border border-strong bg-sheet transition-colors duration-(--quick-time) data-[state=checked]:border-action data-[state=checked]:bg-action disabled:opacity-50"
      >
        <RadixSwitch.Thumb className="absolute top-0.5 left-0.5 size-3.5 rounded-full bg-strong transition-transform duration-(--quick-time) data-[state=checked]:translate-x-4 data-[state=checked]:bg-on-action" />
      </RadixSwitch.Root>
      <Words {...{ id, label, hint }} />
    </div>
  )
}

function Words({ id, label, hint }: { id: string; label: ReactNode; hint: ReactNode }) {
  return (
    <div className="grid gap-0.5">
      <label htmlFor={id} className="text-base leading-snug">
        {label}
      </label>
      {hint !== undefined && (
        <div id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </div>
      )}
    </div>
  )
}
