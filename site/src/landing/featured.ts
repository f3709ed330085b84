/** Fills the front row and the line about prices from the API. */
import { call } from '../api/client.ts'
import { awaited, card } from '../marketplace/card.ts'
import { part } from '../ui/dom.ts'
import { dollars, whole } from '../ui/format.ts'
import { landing } from '../words/landing.ts'
import { fill, said } from '../words/words.ts'

/** Shows the agents in the front row. Does not throw. */
export async function featured(root: HTMLElement): Promise<void> {
  const w = said(landing).featured
  const list = part(root, 'list', HTMLUListElement)
  const summary = part(root, 'summary', HTMLElement)
  list.replaceChildren(...awaited(3))
  try {
    const { items } = await call('GET /api/v1/marketplace/featured', { isPublic: true })
    list.replaceChildren(...items.map((agent) => card(agent, 'h3')))
    // A last row of one card alone would look forgotten.
    list.classList.toggle('pairs', items.length % 3 === 1 && items.length % 2 === 0)
    summary.textContent = w.none
    summary.hidden = items.length > 0
    list.hidden = items.length === 0
  } catch {
    list.hidden = true
    summary.textContent = w.failed
  }
}

/** Says what the smallest package costs. */
export async function pricingLine(root: HTMLElement): Promise<void> {
  const answer = await call('GET /api/v1/payments/packages', { isPublic: true }).catch(() => undefined)
  const [first] = answer?.packages ?? []
  if (!first) return
  const { line } = said(landing).pricing
  part(root, 'line', HTMLElement).textContent = fill(line, {
    price: dollars(first.price_usd),
    calls: whole(first.calls),
  })
}
