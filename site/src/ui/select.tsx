import { Check, ChevronDown } from 'lucide-react'
import { Select as Radix } from 'radix-ui'
import { cn } from './cn.ts'
import { controlLook } from './field.tsx'

type Props<T extends string> = {
  value: T | undefined
  onChange: (value: T) => void
  options: readonly { value: T; label: string; isDisabled?: boolean }[]
  placeholder?: string
  disabled?: boolean
  className?: string
  id?: string
  'aria-label'?: string
  'aria-describedby'?: string
  'aria-invalid'?: true
}

/** One of some options. An option's value is never empty; use a word such as `all` for no choice. */
export function Select<T extends string>({
  value,
  onChange,
  options,
  placeholder,
  disabled,
  className,
  ...rest
}: Props<T>) {
  return (
    <Radix.Root
      {...(value === undefined ? {} : { value })}
      onValueChange={(chosen) => onChange(chosen as T)}
      disabled={disabled ?? false}
    >
      <Radix.Trigger
        {...rest}
        className={cn(controlLook, 'inline-flex h-9 items-center justify-between gap-2 text-left', className)}
      >
        <span className="truncate">
          <Radix.Value placeholder={placeholder} />
        </span>
        <ChevronDown aria-hidden className="size-4 shrink-0 text-soft" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          data-floats=""
          className="z-50 max-h-(--radix-select-content-available-height) min-w-(--radix-select-trigger-width) overflow-hidden rounded-md border border-line bg-sheet shadow-float"
        >
          <Radix.Viewport className="p-1">
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                disabled={option.isDisabled ?? false}
                className="flex h-8 cursor-default items-center gap-2 rounded-sm pr-3 pl-2 text-base outline-none select-none data-disabled:opacity-50 data-highlighted:bg-tint"
              >
                <span className="grid w-4 place-items-center">
                  <Radix.ItemIndicator>
                    <Check aria-hidden className="size-4" />
                  </Radix.ItemIndicator>
                </span>
                <Radix.ItemText>{option.label}</Radix.ItemText>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
