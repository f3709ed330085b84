/** Reads the parameters of a request by a schema, and refuses as Stripe does. */
import * as z from 'zod'
import type { Form } from './form.ts'
import { RefusedError } from './refused.ts'

export const whole = z
  .string()
  .regex(/^\d{1,12}$/, 'Invalid integer')
  .transform(Number)

/** https://docs.stripe.com/api/metadata */
export const Metadata = z
  .record(z.string().max(40), z.string().max(500))
  .refine((pairs) => Object.keys(pairs).length <= 50, 'Metadata may have at most 50 keys')

/** The parameters, or Stripe's refusal, which names the first that is wrong. */
export function readParams<T>(schema: z.ZodType<T>, form: Form): T {
  const parsed = schema.safeParse(form)
  if (parsed.success) return parsed.data
  throw refusalOf(parsed.error.issues[0])
}

function refusalOf(issue: z.core.$ZodIssue | undefined): RefusedError {
  const path = issue?.path ?? []
  if (issue?.code === 'unrecognized_keys') {
    const param = bracketed([...path, issue.keys[0] ?? ''])
    return new RefusedError(`Received unknown parameter: ${param}`, param, 'parameter_unknown')
  }
  const param = bracketed(path)
  if (issue?.code === 'invalid_type' && issue.input === undefined)
    return new RefusedError(`Missing required param: ${param}.`, param, 'parameter_missing')
  return new RefusedError(`Invalid ${param}: ${issue?.message ?? ''}`, param)
}

function bracketed([first = '', ...rest]: PropertyKey[]): string {
  return String(first) + rest.map((step) => `[${String(step)}]`).join('')
}
