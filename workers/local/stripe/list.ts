/** Stripe's lists: newest first, cut by `limit`, gone on with by the id of the last (https://docs.stripe.com/api/pagination). */
import type { Form } from './form.ts'
import { RefusedError } from './refused.ts'

const LIMIT_STANDARD = 10
const LIMIT_MAX = 100
const COMPARES: Record<string, (value: number, bound: number) => boolean> = {
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
}

type Thing = { id: string; created?: number }
type Asked = { path: string; things: Thing[]; form: Form; filters: string[] }

/** A page of a list. Throws Stripe's refusal for a filter that the list does not have. */
export function page({ path, things, form, filters }: Asked): object {
  const { limit, starting_after: after, ending_before: before, created, ...wanted } = form
  const strange = Object.keys(wanted).find((name) => !filters.includes(name))
  if (strange !== undefined)
    throw new RefusedError(`Received unknown parameter: ${strange}`, strange, 'parameter_unknown')
  const size = limit === undefined ? LIMIT_STANDARD : Number(limit)
  if (!Number.isInteger(size) || size < 1 || size > LIMIT_MAX)
    throw new RefusedError('Limit must be between 1 and 100.', 'limit', 'parameter_invalid_integer')
  const found = things
    .filter((thing) => isWithin(thing.created ?? 0, created))
    .filter((thing) => Object.entries(wanted).every(([name, value]) => fits(thing, name, value)))
    .toReversed()
  const from = after === undefined ? 0 : indexOf(found, after, 'starting_after') + 1
  const to = before === undefined ? found.length : indexOf(found, before, 'ending_before')
  const shown = before === undefined ? found.slice(from, from + size) : found.slice(Math.max(from, to - size), to)
  const hasMore = before === undefined ? from + size < found.length : to - size > from
  return { object: 'list', data: shown, has_more: hasMore, url: path }
}

function fits(thing: Thing, name: string, value: Form[string] | undefined): boolean {
  if (name === 'types') return Array.isArray(value) && value.includes((thing as { type?: string }).type ?? '')
  const own = (thing as Record<string, unknown>)[name]
  if (name === 'type' && typeof value === 'string' && value.endsWith('.*'))
    return String(own).startsWith(value.slice(0, -1))
  return own === value
}

function isWithin(value: number, created: Form[string] | undefined): boolean {
  if (created === undefined) return true
  if (typeof created === 'string') return value === Number(created)
  return Object.entries(created).every(([name, bound]) => COMPARES[name]?.(value, Number(bound)) ?? true)
}

function indexOf(things: Thing[], id: Form[string], param: string): number {
  const index = things.findIndex((thing) => thing.id === id)
  if (index === -1) throw new RefusedError('There is no object with this id.', param, 'resource_missing')
  return index
}
