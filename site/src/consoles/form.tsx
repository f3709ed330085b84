/** What every form of the consoles does: errors beside their field, focus on the first, what was typed stays. */
import { useEffect, useRef, useState, type FormEvent, type RefObject } from 'react'
import { ApiError } from '../api/error.ts'
import { Failure, fieldError } from '../ui/state.tsx'

export type Problems<F> = Partial<Record<keyof F, string | undefined>>

export type Form<F> = {
  ref: RefObject<HTMLFormElement | null>
  values: F
  set: (change: Partial<F>) => void
  /** What is wrong with a field; `apiName` is what the API calls it. */
  problem: (name: keyof F & string, apiName?: string) => string | undefined
  /** Checks, then sends at most once at a time. */
  onSubmit: (event?: FormEvent) => void
  isBusy: boolean
  isChanged: boolean
  error: unknown
  /** Starts anew with other values. */
  reset: (values: F) => void
}

/** The state of a form. `check` says in words what is wrong; `send` throws what the API says. */
export function useForm<F extends object>(
  initial: F,
  { check, send }: { check?: (values: F) => Problems<F>; send: (values: F) => Promise<unknown> },
): Form<F> {
  const [start, setStart] = useState(initial)
  const [values, setValues] = useState(initial)
  const [problems, setProblems] = useState<Problems<F>>({})
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const [failures, setFailures] = useState(0)
  const ref = useRef<HTMLFormElement>(null)
  const isSending = useRef(false)

  useEffect(() => {
    if (failures > 0) focusProblem(ref.current)
  }, [failures])

  const run = async () => {
    const found = check?.(values) ?? {}
    setProblems(found)
    setError(undefined)
    if (Object.values(found).some((problem) => problem !== undefined)) return setFailures((count) => count + 1)
    isSending.current = true
    setBusy(true)
    try {
      await send(values)
    } catch (thrown) {
      setError(thrown)
      setFailures((count) => count + 1)
    } finally {
      isSending.current = false
      setBusy(false)
    }
  }
  return {
    ref,
    values,
    set: (change) => {
      setValues((before) => ({ ...before, ...change }))
      setProblems((before) => ({
        ...before,
        ...Object.fromEntries(Object.keys(change).map((name) => [name, undefined])),
      }))
    },
    problem: (name, apiName = name) => problems[name] ?? fieldError(error, apiName),
    onSubmit: (event) => {
      event?.preventDefault()
      if (!isSending.current) void run()
    },
    isBusy,
    isChanged: JSON.stringify(values) !== JSON.stringify(start),
    error,
    reset: (next) => {
      setStart(next)
      setValues(next)
      setProblems({})
      setError(undefined)
    },
  }
}

/** The API's refusal as a whole; what it says of single fields stands beside those. */
export function FormError({ form }: { form: Pick<Form<object>, 'error'> }) {
  if (form.error === undefined) return null
  // Everything that a field shows is still said once here, with the request to name when asking for help.
  return <Failure error={form.error} isSmall={form.error instanceof ApiError} />
}

function focusProblem(form: HTMLFormElement | null): void {
  const wrong = form?.querySelector<HTMLElement>('[aria-invalid="true"]')
  wrong?.focus()
  wrong?.scrollIntoView({ block: 'nearest' })
}
