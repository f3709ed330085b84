import { useRef, useState, type FormEvent, type ReactNode } from 'react'
import { ApiError } from '../api/error.ts'
import { Button } from '../ui/button.tsx'
import { Failure, fieldError } from '../ui/state.tsx'

type Problems = Record<string, string | undefined>

/**
 * A form that keeps what was typed: `check` gives the problems by field, `send` does it. A refused field gets its reason and
 * the focus; whatever else went wrong stands above the button.
 */
export function useForm(check: () => Problems, send: () => Promise<void>, fields: readonly string[]) {
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<Problems>({})
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)

  const show = (found: Problems) => {
    setProblems(found)
    const first = Object.keys(found).find((name) => found[name] !== undefined)
    if (first === undefined) return false
    queueMicrotask(() => form.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus())
    return true
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setError(undefined)
    if (show(check())) return
    setBusy(true)
    try {
      await send()
    } catch (thrown) {
      const refused = Object.fromEntries(fields.map((field) => [field, fieldError(thrown, field)]))
      if (!(thrown instanceof ApiError) || !show(refused)) setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  /** What is being changed is not wrong any more, until it is sent again. */
  const forgive = (name: string) => setProblems((before) => ({ ...before, [name]: undefined }))
  return { form, problems, error, isBusy, submit, forgive }
}

type FormState = ReturnType<typeof useForm>

/** The form around its fields, with what went wrong and the one button. */
export function Form({ state, action, children }: { state: FormState; action: string; children: ReactNode }) {
  return (
    <form
      ref={state.form}
      noValidate
      className="grid gap-4"
      onSubmit={(event) => void state.submit(event)}
      onInput={({ target }) => target instanceof HTMLInputElement && state.forgive(target.name)}
    >
      {children}
      {state.error !== undefined && <Failure error={state.error} isSmall />}
      <Button type="submit" look="main" size="l" isBusy={state.isBusy}>
        {action}
      </Button>
    </form>
  )
}

/** An address that could be one; the mail decides. */
export function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text.trim())
}
