/** What every form of the consoles does: errors beside their field, focus on the first, what was typed stays. */
import { useEffect, useRef, useState, type FormEvent, type RefObject } from 'react'
import { ApiError } from '../api/error.ts'
import { CopyId } from '../ui/copy.tsx'
import { Failure, fieldError } from '../ui/state.tsx'
import { common } from '../words/common.ts'
import { fill, said } from '../words/words.ts'

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
  /** Whether everything that the API said stands beside a field. */
  isSaidBeside: () => boolean
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
  /** Which field shows what the API says of a name. */
  const asked = useRef(new Map<string, keyof F>())
  /** What was changed since the API refused it. */
  const [changed, setChanged] = useState<ReadonlySet<keyof F>>(new Set())

  useEffect(() => {
    if (failures > 0) focusProblem(ref.current)
  }, [failures])

  const run = async () => {
    const found = check?.(values) ?? {}
    setProblems(found)
    setError(undefined)
    setChanged(new Set())
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
      const now = new Set([...changed, ...(Object.keys(change) as (keyof F)[])])
      setChanged(now)
      // Nothing is left of a refusal whose every field has been changed.
      const isOver = (field: string) => now.has(asked.current.get(field) as keyof F)
      if (error instanceof ApiError && error.fields.length > 0 && error.fields.every(({ field }) => isOver(field)))
        setError(undefined)
    },
    problem: (name, apiName = name) => {
      asked.current.set(apiName, name)
      return problems[name] ?? (changed.has(name) ? undefined : fieldError(error, apiName))
    },
    onSubmit: (event) => {
      event?.preventDefault()
      if (!isSending.current) void run()
    },
    isBusy,
    isChanged: JSON.stringify(values) !== JSON.stringify(start),
    error,
    isSaidBeside: () =>
      error instanceof ApiError &&
      error.fields.length > 0 &&
      error.fields.every(({ field }) => asked.current.has(field)),
    reset: (next) => {
      setStart(next)
      setValues(next)
      setProblems({})
      setError(undefined)
    },
  }
}

/** The API's refusal: in full, or only the request to name when asking for help where the fields say the rest. */
export function FormError({ form }: { form: Pick<Form<object>, 'error' | 'isSaidBeside'> }) {
  if (form.error === undefined) return null
  if (!form.isSaidBeside()) return <Failure error={form.error} isSmall />
  const id = form.error instanceof ApiError ? form.error.requestId : undefined
  return id === undefined ? null : (
    <p className="text-sm text-soft">
      {fill(said(common).request, { id: '' })}
      <CopyId id={id} />
    </p>
  )
}

function focusProblem(form: HTMLFormElement | null): void {
  const wrong = form?.querySelector<HTMLElement>('[aria-invalid="true"]')
  wrong?.focus()
  wrong?.scrollIntoView({ block: 'nearest' })
}
