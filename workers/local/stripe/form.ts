/** Stripe's way of writing nested values in a form: `line_items[0][price_data][currency]=usd`, `expand[]=payment_intent`. */

const DEPTH_MAX = 6

export type Form = { [name: string]: string | Form | (string | Form)[] }

/** The values of a form, nested as their names say; numbered names become lists. */
export function readForm(pairs: URLSearchParams): Form {
  const form = empty()
  for (const [name, value] of pairs) {
    const names = name.replaceAll(']', '').split('[').slice(0, DEPTH_MAX)
    let place = form
    for (const [depth, step] of names.entries()) {
      const key = step === '' ? String(Object.keys(place).length) : step
      if (depth === names.length - 1) place[key] = value
      else place = inner(place, key)
    }
  }
  return withLists(form)
}

function inner(place: Form, key: string): Form {
  const there = place[key]
  if (typeof there === 'object' && !Array.isArray(there)) return there
  const made = empty()
  place[key] = made
  return made
}

function withLists(form: Form): Form {
  const read = empty()
  for (const [name, value] of Object.entries(form)) {
    const nested = typeof value === 'object' && !Array.isArray(value) ? withLists(value) : value
    // The names of metadata are the caller's own, numbers or not.
    const isList =
      name !== 'metadata' && typeof nested === 'object' && Object.keys(nested).every((key) => /^\d{1,4}$/.test(key))
    read[name] = isList ? (Object.values(nested) as (string | Form)[]) : nested
  }
  return read
}

/** Without a prototype: whoever sends `__proto__` names a field like any other. */
function empty(): Form {
  return Object.create(null) as Form
}
