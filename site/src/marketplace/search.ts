/** The marketplace acts: it searches while one types, keeps its filters in the address, and says what went wrong. */
import { call, type Query } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { problem } from '../live/remedy.ts'
import { el, part } from '../ui/dom.ts'
import { marketplace } from '../words/marketplace.ts'
import { categories } from '../words/categories.ts'
import { fill, plural, said } from '../words/words.ts'
import { awaited, card, type Listed } from './card.ts'

type Filters = NonNullable<Query<'GET /api/v1/marketplace/agents'>>

const TYPED_MS = 180
const PAGE = 24
const NAMES = ['q', 'category', 'max_price', 'min_rating', 'provider', 'sort'] as const

/** Makes `root`, the markup of `Search.astro`, live. */
export function search(root: HTMLElement): void {
  const w = said(marketplace)
  const form = part(root, 'form', HTMLFormElement)
  const list = part(root, 'list', HTMLUListElement)
  const summary = part(root, 'summary', HTMLElement)
  const more = part(root, 'more', HTMLButtonElement)
  const notice = part(root, 'notice', HTMLElement)
  let asking: AbortController | undefined
  let cursor: string | undefined
  let shown = 0
  let typed: ReturnType<typeof setTimeout> | undefined

  read()
  form.addEventListener('input', ({ target }) => {
    clearTimeout(typed)
    typed = setTimeout(changed, target instanceof HTMLInputElement && target.type === 'search' ? TYPED_MS : 0)
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    clearTimeout(typed)
    changed()
  })
  form.addEventListener('reset', () => setTimeout(changed))
  more.addEventListener('click', () => void ask(true))
  addEventListener('popstate', read)
  // A list that could not be read comes by itself when the connection is back.
  addEventListener('online', () => list.hidden && again())
  void counts()

  function changed(): void {
    const url = new URL(location.href)
    for (const name of NAMES) {
      const value = valueOf(name)
      if (value === '') url.searchParams.delete(name)
      else url.searchParams.set(name, value)
    }
    history.replaceState(null, '', url)
    void ask()
  }

  /** The form as the address says. */
  function read(): void {
    const query = new URLSearchParams(location.search)
    for (const name of NAMES) {
      const value = query.get(name) ?? ''
      for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`)) {
        if (field instanceof HTMLInputElement && field.type === 'radio') field.checked = field.value === value
        else field.value = value
      }
    }
    void ask()
  }

  async function ask(isNext = false): Promise<void> {
    asking?.abort()
    const controller = new AbortController()
    asking = controller
    if (!isNext) {
      cursor = undefined
      shown = 0
      if (list.childElementCount === 0 || list.querySelector('[aria-hidden]')) list.replaceChildren(...awaited(9))
      list.setAttribute('aria-busy', 'true')
      summary.textContent = w.reading
    }
    more.disabled = true
    const wished = Object.fromEntries(NAMES.map((name) => [name, valueOf(name) || undefined]))
    // Whatever stands in the address is for the API to read, and to refuse.
    const query = { ...(wished as Filters), limit: PAGE, cursor }
    try {
      const answer = await call('GET /api/v1/marketplace/agents', {
        query,
        signal: controller.signal,
        isPublic: true,
      })
      show(answer.items, answer.next_cursor, isNext)
    } catch (thrown) {
      if (!controller.signal.aborted) explain(thrown)
    }
  }

  function show(agents: Listed[], next: string | null, isNext: boolean): void {
    const cards = agents.map((agent) => card(agent, 'h2'))
    if (isNext) list.append(...cards)
    else list.replaceChildren(...cards)
    list.removeAttribute('aria-busy')
    shown += agents.length
    cursor = next ?? undefined
    more.hidden = next === null
    more.disabled = false
    list.hidden = shown === 0
    summary.textContent = next === null ? plural(w.found, shown) : fill(w.foundMore, { n: shown })
    notice.hidden = shown > 0
    if (shown > 0) {
      if (isNext) cards[0]?.querySelector('a')?.focus()
      return
    }
    const clear = el('button', { type: 'button', class: 'button' }, w.clear)
    clear.addEventListener('click', () => form.reset())
    notice.replaceChildren(el('p', { class: 'strong' }, w.none), el('p', { class: 'quiet' }, w.noneWhy), clear)
  }

  function explain(thrown: unknown): void {
    list.hidden = true
    more.hidden = true
    summary.textContent = ''
    notice.hidden = false
    const button = el('button', { type: 'button', class: 'button' }, w.retry)
    button.addEventListener('click', again)
    const why = thrown instanceof ApiError ? problem(thrown) : ''
    const id = thrown instanceof ApiError ? thrown.requestId : undefined
    notice.replaceChildren(
      el('p', { class: 'strong', role: 'alert' }, w.failed),
      el('p', { class: 'quiet' }, [why, id === undefined ? '' : fill(w.request, { id })].filter(Boolean).join(' ')),
      button,
    )
  }

  function again(): void {
    list.hidden = false
    list.replaceChildren()
    notice.hidden = true
    void ask()
  }

  /** How many agents each category has, beside its name; an empty one steps back. */
  async function counts(): Promise<void> {
    const answer = await call('GET /api/v1/marketplace/categories', { isPublic: true }).catch(() => undefined)
    for (const { category, agents, is_more } of answer?.items ?? []) {
      const label = root.querySelector(`[data-category="${category}"]`)
      if (!label) continue
      label.querySelector('small')?.replaceChildren(agents === 0 ? '' : `${agents}${is_more ? '+' : ''}`)
      if (agents === 0 && valueOf('category') !== category) label.setAttribute('data-empty', '')
    }
  }

  function valueOf(name: string): string {
    const value = new FormData(form).get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
}

/** The names of the categories in their order. */
export const CATEGORIES = Object.keys(categories.en) as (keyof typeof categories.en)[]
