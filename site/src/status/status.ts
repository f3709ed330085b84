/** Asks the public parts of the API every half minute and shows what came back, and how fast. */
import { call, open } from '../api/client.ts'
import { part } from '../ui/dom.ts'
import { status as statusWords } from '../words/status.ts'
import { fill, said } from '../words/words.ts'

const EVERY_MS = 30_000
const SLOW_MS = 2_000
const SHOWN = 30

type Name = keyof (typeof statusWords)['en']['parts']

const CHECKS: Record<Name, () => Promise<unknown>> = {
  api: () => open('/health', { cache: 'no-store', signal: AbortSignal.timeout(8_000) }),
  models: () => call('GET /v1/models', { isPublic: true }),
  search: () => call('GET /api/v1/marketplace/agents', { query: { limit: 1 }, isPublic: true }),
  payments: () => call('GET /api/v1/payments/packages', { isPublic: true }),
  chain: async () => {
    const { chain, next_block } = await call('GET /api/v1/chain/status', { isPublic: true })
    return fill(said(statusWords).notes.chain, { network: chain.name, block: next_block })
  },
}

/** Makes `root`, the markup of the page, live. */
export function status(root: HTMLElement): void {
  const w = said(statusWords)
  const history: Record<string, { ms: number; isUp: boolean }[]> = {}
  const round = async () => {
    const results = await Promise.all((Object.keys(CHECKS) as Name[]).map(check))
    const up = results.filter(Boolean).length
    root.dataset['state'] = up === results.length ? 'good' : up === 0 ? 'bad' : 'some'
    part(root, 'summary', HTMLElement).textContent = up === results.length ? w.good : up === 0 ? w.bad : w.some
    part(root, 'checked', HTMLElement).textContent = fill(w.checkedAt, { time: new Date().toLocaleTimeString() })
  }
  void round()
  setInterval(() => document.visibilityState === 'visible' && void round(), EVERY_MS)

  async function check(name: Name): Promise<boolean> {
    const startedAt = performance.now()
    const told = await CHECKS[name]().then(
      (answer) => ({ isUp: true, note: typeof answer === 'string' ? answer : undefined }),
      () => ({ isUp: false, note: undefined }),
    )
    const ms = Math.round(performance.now() - startedAt)
    const own = (history[name] = [...(history[name] ?? []), { ms, isUp: told.isUp }].slice(-SHOWN))
    const row = root.querySelector<HTMLElement>(`[data-check="${name}"]`)
    if (!row) return told.isUp
    row.dataset['state'] = !told.isUp ? 'bad' : ms > SLOW_MS ? 'some' : 'good'
    part(row, 'word', HTMLElement).textContent = !told.isUp ? w.down : ms > SLOW_MS ? w.slow : w.up
    part(row, 'ms', HTMLElement).textContent = told.isUp ? fill(w.ms, { ms }) : '–'
    if (told.note !== undefined) part(row, 'note', HTMLElement).textContent = told.note
    const strip = part(row, 'strip', HTMLElement)
    strip.setAttribute('aria-label', fill(w.history, { good: own.filter(({ isUp }) => isUp).length, all: own.length }))
    strip.replaceChildren(
      ...Array.from({ length: SHOWN }, (_, index) => {
        const bar = document.createElement('span')
        const one = own[index - SHOWN + own.length]
        if (one) bar.className = !one.isUp ? 'bad' : one.ms > SLOW_MS ? 'some' : 'good'
        return bar
      }),
    )
    return told.isUp
  }
}
