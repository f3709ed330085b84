import { Eye, EyeOff } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Field, Input } from '../ui/field.tsx'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'

type Props = {
  label: string
  value: string
  onChange: (value: string) => void
  error: string | undefined
  hint?: ReactNode
  autoComplete: 'current-password' | 'new-password'
}

/** A password that can be looked at while it is typed. */
export function Password({ label, value, onChange, error, hint, autoComplete }: Props) {
  const [isShown, setShown] = useState(false)
  const w = said(common)
  return (
    <Field label={label} error={error} hint={hint}>
      {(control) => (
        <div className="relative">
          <Input
            {...control}
            name="password"
            type={isShown ? 'text' : 'password'}
            autoComplete={autoComplete}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            className="h-11 pr-11"
          />
          <button
            type="button"
            aria-label={isShown ? w.hide : w.show}
            onClick={() => setShown(!isShown)}
            className="absolute inset-y-1 right-1 grid w-9 cursor-pointer place-items-center rounded-sm text-soft hover:text-ink [&_svg]:size-4"
          >
            {isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
          </button>
        </div>
      )}
    </Field>
  )
}

export const PASSWORD_CHARS_MIN = 10
