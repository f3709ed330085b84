/** Fills the list of published agents, and keeps the chosen category in the address. */
import { API_URL, type Agent } from '../api.ts'
import { sealSvg } from '../seal/seal.ts'
import '../ui/copy.ts'
import { el, fromMarkup, part } from '../ui/dom.ts'
import { price, priceRange } from './price.ts'
import { choose, onPublished, readPublished, type Published } from './published.ts'
import { remedy } from './remedy.ts'

const SEAL_PX = 84
const FILTER = 'category'
const PROVIDERS: Record<string, string> = { openai: 'OpenAI', anthropic: 'Anthropic', google: 'Google' }

/** Makes `root`, the markup of `AgentList.astro`, live. */
export function agentList(root: HTMLElement): void {
  const sheet = part(root, 'sheet', HTMLUListElement)
  const filter = part(root, 'filter', HTMLElement)
  const notice = part(root, 'notice', HTMLElement)
  const summary = part(root, 'summary', HTMLElement)
  const waiting = [...sheet.children]

  part(root, 'again', HTMLButtonElement).addEventListener('click', () => void readPublished())
  onPublished((published) => {
    const agents = published.state === 'ready' ? published.agents : []
    summary.textContent = summaryOf(published)
    sheet.hidden = published.state !== 'loading' && agents.length === 0
    notice.hidden = !sheet.hidden
    filter.hidden = sheet.hidden
    if (published.state === 'loading') sheet.replaceChildren(...waiting)
    else if (agents.length > 0) show(agents)
    else explain(root, published)
  })

  function show(agents: Agent[]): void {
    const wished = new URLSearchParams(location.search).get(FILTER)
    const categories = [...new Set(agents.map((agent) => agent.category))].sort()
    const chosen = categories.find((category) => category === wished)
    filter.replaceChildren(
      ...[undefined, ...categories].map((category) => {
        const count =
          category === undefined ? agents.length : agents.filter((agent) => agent.category === category).length
        const pressed = String(category === chosen)
        const label = category === undefined ? 'All' : capitalised(category)
        const button = el('button', { type: 'button', 'aria-pressed': pressed }, label, el('small', {}, String(count)))
        button.addEventListener('click', () => {
          keepInAddress(category)
          show(agents)
          filter.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus()
        })
        return button
      }),
    )
    sheet.replaceChildren(...agents.filter((agent) => chosen === undefined || agent.category === chosen).map(card))
  }
}

function card(agent: Agent): HTMLLIElement {
  const name = el('button', { type: 'button', title: 'Try it in the live box' }, agent.name)
  name.addEventListener('click', () => {
    choose(agent)
    document.getElementById('live')?.scrollIntoView()
  })
  return el(
    'li',
    // Names the language where it is not the page's, so that Han characters get the right shapes and the right voice.
    { class: 'agent', lang: /\p{Script=Han}/u.test(agent.name) ? 'zh' : 'en' },
    fromMarkup(sealSvg(agent.sealId, { sizePx: SEAL_PX })),
    el(
      'div',
      { class: 'said' },
      el('h3', {}, name),
      el('p', { class: 'by' }, [agent.creator, capitalised(agent.category)].filter(Boolean).join(' · ')),
      el('p', { class: 'about' }, agent.description),
      el(
        'p',
        { class: 'facts' },
        el('b', {}, price(agent.pricePerCall)),
        el('span', {}, agent.model ?? PROVIDERS[agent.provider] ?? agent.provider),
        el(
          'button',
          { type: 'button', class: 'copy', 'data-copy': agent.id, title: `Copy the id ${agent.id}` },
          'Copy id',
        ),
      ),
    ),
  )
}

function summaryOf(published: Published): string {
  if (published.state === 'loading') return 'Reading the list from the API…'
  if (published.state === 'failed') return 'The list could not be read.'
  const { agents, readAt, tookMs } = published
  if (agents.length === 0) return `Read at ${readAt.toLocaleTimeString()}.`
  const many = agents.length === 1 ? '1 agent' : `${agents.length} agents`
  return `${many}, ${priceRange(agents.map((agent) => agent.pricePerCall))}. Read at ${readAt.toLocaleTimeString()} in ${tookMs} ms.`
}

function explain(root: HTMLElement, published: Published): void {
  const failed = published.state === 'failed' ? published.error : undefined
  part(root, 'notice-text', HTMLElement).textContent = failed?.message ?? 'No agent is published yet.'
  part(root, 'notice-remedy', HTMLElement).textContent = failed
    ? remedy(failed)
    : `As soon as a creator publishes one, it stands here with its seal. Asked: ${API_URL}/v1/models.`
}

function keepInAddress(category: string | undefined): void {
  const address = new URL(location.href)
  if (category === undefined) address.searchParams.delete(FILTER)
  else address.searchParams.set(FILTER, category)
  history.replaceState(null, '', address)
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
