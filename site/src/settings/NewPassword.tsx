import { useState, type FormEvent } from 'react'
import { PASSWORD_CHARS_MIN } from '../auth/Password.tsx'
import { useChange } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { Failure, fieldError } from '../ui/state.tsx'
import { toast } from '../ui/toast.tsx'
import { settings } from '../words/settings.ts'
import { said } from '../words/words.ts'

/** Changes the password; other devices are signed out by that. */
export function NewPassword() {
  const w = said(settings).password
  const change = useChange('PUT /api/v1/auth/password', ['GET /api/v1/auth/sessions'])
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [isTried, setTried] = useState(false)
  const currentError = isTried && current === '' ? w.missing : fieldError(change.error, 'current_password')
  const nextError = isTried && next.length < PASSWORD_CHARS_MIN ? w.short : fieldError(change.error, 'new_password')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (current === '' || next.length < PASSWORD_CHARS_MIN) return
    change.mutate(
      { body: { current_password: current, new_password: next } },
      {
        onSuccess: () => {
          toast(w.saved)
          setCurrent('')
          setNext('')
          setTried(false)
        },
      },
    )
  }
  return (
    <Section title={w.title}>
      <form className="grid max-w-xl gap-4" onSubmit={submit} noValidate>
        <Field label={w.current} error={currentError}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="current-password"
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          )}
        </Field>
        <Field label={w.next} error={nextError}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="new-password"
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          )}
        </Field>
        {change.error && <Failure error={change.error} isSmall />}
        <div>
          <Button type="submit" isBusy={change.isPending}>
            {w.save}
          </Button>
        </div>
      </form>
    </Section>
  )
}
