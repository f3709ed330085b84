/**
 * A party out of order, on request: `POST /control/outage {how, times}` for the next so many requests to its API, `times` 0 to end it.
 *
 * - `refused`: 503, nothing was done · `cut`: no answer, nothing was done · `lost`: done, but the answer never arrives
 */
import * as z from 'zod'
import { readBody } from './courier-control.ts'
import { type Answer, type Asked, CUT, json } from './http-door.ts'

const Wanted = z.object({
  how: z.enum(['refused', 'cut', 'lost']).default('refused'),
  times: z.int().min(0).max(1_000_000).default(1),
})

export class Outage {
  #how: z.output<typeof Wanted>['how'] = 'refused'
  #left = 0

  /** The answer, or undefined if the path is none of these. Throws a ZodError for a body that does not fit. */
  control(asked: Asked): Answer | undefined {
    if (`${asked.method} ${asked.path}` !== 'POST /control/outage') return undefined
    const { how, times } = Wanted.parse(readBody(asked))
    this.#how = how
    this.#left = times
    return json(200, {})
  }

  async around(answer: () => Answer | Promise<Answer>): Promise<Answer | typeof CUT> {
    if (this.#left === 0) return answer()
    this.#left -= 1
    if (this.#how === 'lost') await answer()
    return this.#how === 'refused' ? { status: 503, body: 'Service unavailable' } : CUT
  }
}
