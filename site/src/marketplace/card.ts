/** An agent as it stands in a list: its seal, what it does, and what one needs to know to choose. */
import type { Item } from '../api/client.ts'
import { sealSvg } from '../seal/seal.ts'
import { el, fromMarkup } from '../ui/dom.ts'
import { dollars, short } from '../ui/format.ts'
import { categories } from '../words/categories.ts'
import { marketplace } from '../words/marketplace.ts'
import { href, plural, said } from '../words/words.ts'

export type Listed = Item<'GET /api/v1/marketplace/agents'>

const SEAL_PX = 72
const HAN = /\p{Script=Han}/u

/** A card; the whole of it leads to the agent's page. `heading` is the level below that of the list. */
export function card(agent: Listed, heading: 'h2' | 'h3'): HTMLLIElement {
  const w = said(marketplace).card
  const { rating, creator } = agent
  const category = agent.category === null ? undefined : (said(categories)[agent.category as 'code'] ?? agent.category)
  return el(
    'li',
    // Names the language where it is not the page's, so that Han characters get the right shapes and the right voice.
    { class: 'card', lang: HAN.test(agent.name) ? 'zh' : 'en' },
    el('span', { class: 'disc' }, fromMarkup(sealSvg(agent.id, { sizePx: SEAL_PX, isVerified: agent.is_minted }))),
    el(
      'div',
      { class: 'said' },
      el(heading, {}, el('a', { href: href(`/agents/${agent.slug}`) }, agent.name)),
      el('p', { class: 'by' }, [creator.display_name, category].filter(Boolean).join(' · ')),
      el('p', { class: 'about' }, agent.summary),
    ),
    el(
      'p',
      { class: 'facts' },
      el('span', {}, el('b', {}, dollars(agent.price_per_call)), ` ${w.perCall}`),
      el('span', {}, rating.count === 0 ? w.noRating : `★ ${rating.average.toFixed(1)} (${rating.count})`),
      el('span', {}, plural(w.calls, agent.total_calls, short(agent.total_calls))),
      el('span', { class: 'model' }, agent.model),
    ),
  )
}

/** Cards that are coming, in the shape of what comes. */
export function awaited(count: number): HTMLLIElement[] {
  const line = (width: string) => el('span', { class: 'awaited', style: `width:${width}` })
  return Array.from({ length: count }, () =>
    el(
      'li',
      { class: 'card', 'aria-hidden': 'true' },
      el('span', { class: 'disc awaited' }),
      el('div', { class: 'said' }, line('55%'), line('92%'), line('74%')),
      el('p', { class: 'facts' }, line('60%')),
    ),
  )
}
