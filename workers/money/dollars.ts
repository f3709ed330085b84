/** How money stands in requests and answers: a decimal string of dollars, never a floating number. */
import * as z from 'zod'
import { amount, format } from './amount.ts'

/** An amount in an answer: whatever Postgres gave for a DECIMAL, with at least two digits after the point: `0.005`, `12.00`. */
export const Dollars = z
  .string()
  .transform((decimal) => format(amount(decimal)))
  .pipe(z.string().regex(/^-?\d+\.\d{2,8}$/))
