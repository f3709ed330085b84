/** `expand[]`: ids replaced by what they name (https://docs.stripe.com/expand). */
import type { Books } from './books.ts'
import { page } from './list.ts'
import { RefusedError } from './refused.ts'

const DEPTH_MAX = 4

type Thing = { [name: string]: unknown }

/** The thing with every path followed; what is stored is not touched. Throws Stripe's refusal for a path that leads nowhere. */
export function expanded(books: Books, thing: object, paths: string[]): object {
  const copy = structuredClone(thing) as Thing
  for (const path of paths) {
    const steps = path.split('.')
    if (steps.length > DEPTH_MAX + 1)
      throw new RefusedError(`You cannot expand more than ${DEPTH_MAX} levels of a property`, 'expand')
    follow(books, copy, steps, path)
  }
  return copy
}

function follow(books: Books, thing: Thing, steps: string[], path: string): void {
  const [step = '', ...rest] = steps
  const value = thing[step] ?? included(books, thing, step)
  if (value === undefined && !(step in thing))
    throw new RefusedError(`This property cannot be expanded (${path}).`, `expand[0]`)
  const found = typeof value === 'string' ? (find(books, value) ?? value) : value
  thing[step] = found
  for (const inner of Array.isArray(found) ? (found as unknown[]) : [found])
    if (rest.length > 0 && typeof inner === 'object' && inner !== null) follow(books, inner as Thing, rest, path)
}

/** Lists that are only there when they are asked for. */
function included(books: Books, thing: Thing, step: string): object | undefined {
  const id = String(thing['id'])
  if (thing['object'] === 'checkout.session' && step === 'line_items')
    return page({
      path: `/v1/checkout/sessions/${id}/line_items`,
      things: books.orders.get(id)?.items ?? [],
      form: {},
      filters: [],
    })
  if (thing['object'] === 'charge' && step === 'refunds') {
    const things = books.refunds.all().filter((refund) => refund.charge === id)
    return page({ path: `/v1/charges/${id}/refunds`, things, form: {}, filters: [] })
  }
  return undefined
}

function find(books: Books, id: string): object | undefined {
  const shelves = [books.intents, books.charges, books.refunds, books.transactions, books.disputes]
  const found = shelves.map((shelf) => shelf.get(id)).find((thing) => thing !== undefined)
  return found && structuredClone(found)
}
