/** Whatever comes from outside is read by a schema, here: what is wrong is named field by field, and never quoted. */
import { AppError } from './errors.ts'
import type * as z from 'zod'

const FIELDS_MAX = 20
const NAME_CHARS_MAX = 64

/** `value` as `schema` reads it. Throws `validationFailed`, which names every field that is wrong. */
export function validate<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new AppError('validationFailed', refusalOf(result.error.issues))
}

function refusalOf(issues: z.core.$ZodIssue[]): { message: string; details: Record<string, unknown> } {
  const fields = issues.slice(0, FIELDS_MAX).flatMap((issue) => {
    const path = issue.path.map(String).join('.')
    if (issue.code !== 'unrecognized_keys') return [{ field: path, problem: issue.message }]
    return issue.keys.slice(0, FIELDS_MAX).map((key) => ({
      field: path ? `${path}.${key.slice(0, NAME_CHARS_MAX)}` : key.slice(0, NAME_CHARS_MAX),
      problem: 'is not a known parameter',
    }))
  })
  const [first] = fields
  const message = first ? `${first.field || 'body'}: ${first.problem}` : 'The request is not valid.'
  return { message, details: { fields } }
}
