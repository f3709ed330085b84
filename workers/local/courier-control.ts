/**
 * The controls of a courier, under `/control`, all JSON:
 *
 * - `GET  /control/deliveries?type=&about=&event=`: what was sent, and each attempt
 * - `POST /control/requests {type, about, event, bend}`: the same letters as requests signed now, to be delivered by the asker
 * - `POST /control/resend {type, about, event, bend}`: delivered again
 * - `POST /control/rules {type, about, bend, times}`: how the next ones misbehave; `DELETE /control/rules` ends that
 * - `POST /control/hold`, `POST /control/release {order: "sent" | "reverse" | "shuffled", seed}`
 */
import * as z from 'zod'
import { Bend, type Courier, Which } from './courier.ts'
import { type Answer, type Asked, json, seeOther } from './http-door.ts'

const Wanted = Which.extend({ bend: Bend.default({}) })
const Rule = Wanted.extend({ times: z.int().min(1).max(10_000).default(1) })
const Release = z.object({
  order: z.enum(['sent', 'reverse', 'shuffled']).default('sent'),
  seed: z.string().default(''),
})

/** The answer, or undefined if the path is none of these. Throws a ZodError for a body that does not fit. */
export async function controlCourier(courier: Courier, asked: Asked): Promise<Answer | undefined> {
  switch (`${asked.method} ${asked.path}`) {
    case 'GET /control/deliveries':
      return json(200, courier.deliveries(Which.parse(Object.fromEntries(asked.query))))
    case 'POST /control/requests': {
      const { bend, ...which } = Wanted.parse(readBody(asked))
      return json(200, courier.requests(which, bend))
    }
    case 'POST /control/resend': {
      const { bend, ...which } = Wanted.parse(readBody(asked))
      return json(200, { sent: courier.resend(which, bend) })
    }
    case 'POST /control/rules': {
      const { bend, times, ...which } = Rule.parse(readBody(asked))
      courier.rule({ which, bend, times })
      return json(200, {})
    }
    case 'DELETE /control/rules':
      courier.forgetRules()
      return json(200, {})
    case 'POST /control/hold':
      courier.hold()
      return json(200, {})
    case 'POST /control/release':
      return json(200, await release(courier, asked))
    default:
      return undefined
  }
}

async function release(courier: Courier, asked: Asked): Promise<object> {
  const { order, seed } = Release.parse(readBody(asked))
  return { released: await courier.release(order, seed) }
}

/** A button of the desk leads back to it; programs get the answer; what nobody answers is not there. */
export function afterwards(asked: Asked, told: Answer | undefined): Answer {
  if (!told)
    return json(404, { problem: 'There is nothing here. See workers/local/courier-control.ts and control.ts.' })
  return isForm(asked) ? seeOther('/') : told
}

/** JSON, or the fields of a form, or nothing. */
export function readBody(asked: Asked): unknown {
  if (asked.body === '') return {}
  if (isForm(asked)) return Object.fromEntries(new URLSearchParams(asked.body))
  return JSON.parse(asked.body) as unknown
}

function isForm({ headers }: Asked): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
}
