/** `expand[]`: ids replaced by what they name (https://docs.stripe.com/expand). */
import { page } from './list.ts'
import { RefusedError } from './refused.ts'
import type { Till } from './till.ts'

const DEPTH_MAX = 4

type Thing = { [name: string]: unknown }

/** The thing with every path followed; what is stored is not touched. Throws Stripe's refusal for a path that leads nowhere. */
export function expanded(till: Till, thing: object, paths: string[]): object {
  const copy = structuredClone(thing) as Thing
  for (const path of paths) {
    const steps = path.split('.')
    if (steps.length > DEPTH_MAX + 1)
      throw new RefusedError(`You cannot expand more than ${DEPTH_MAX} levels of a property`, 'expand')
    follow(till, copy, steps, path)
  }
  return copy
}

function follow(till: Till, thing: Thing, steps: string[], path: string): void {
  const [step = '', ...rest] = steps
  const value = thing[step] ?? included(till, thing, step)
  if (value === undefined && !(step in thing))
    throw new RefusedError(`This property cannot be expanded (${path}).`, `expand[0]`)
  const found = typeof value === 'string' ? (find(till, value) ?? value) : value
  thing[step] = found
  for (const inner of Array.isArray(found) ? (found as unknown[]) : [found])
    if (rest.length > 0 && typeof inner === 'object' && inner !== null) follow(till, inner as Thing, rest, path)
}

/** Lists that are only there when they are asked for. */
function included(till: Till, thing: Thing, step: string): object | undefined {
  const id = String(thing['id'])
  if (thing['object'] === 'checkout.session' && step === 'line_items')
    return page({
      path: `/v1/checkout/sessions/${id}/line_items`,
      things: till.orders.get(id)?.items ?? [],
      form: {},
      filters: [],
    })
  if (thing['object'] === 'charge' && step === 'refunds') {
    const things = till.refunds.all().filter((refund) => refund.charge === id)
    return page({ path: `/v1/charges/${id}/refunds`, things, form: {}, filters: [] })
  }
  return undefined
}

function find(till: Till, id: string): object | undefined {
  const shelves = [till.intents, till.charges, till.refunds, till.transactions, till.disputes]
  const found = shelves.map((shelf) => shelf.get(id)).find((thing) => thing !== undefined)
  return found && structuredClone(found)
}
