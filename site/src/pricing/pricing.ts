/** The packages and the estimator, from the API. */
import { call, type Answer } from '../api/client.ts'
import { el, part } from '../ui/dom.ts'
import { dollars, whole } from '../ui/format.ts'
import { pricing as pricingWords } from '../words/pricing.ts'
import { fill, href, plural, said } from '../words/words.ts'
import { estimate, premiumOf } from './estimate.ts'

type Packages = Answer<'GET /api/v1/payments/packages'>

const CALLS_MAX = 100_000_000

/** Makes `root`, the markup of the page, live. */
export async function pricing(root: HTMLElement): Promise<void> {
  const w = said(pricingWords)
  const [packages, agents] = await Promise.all([
    call('GET /api/v1/payments/packages', { isPublic: true }).catch(() => undefined),
    call('GET /api/v1/marketplace/agents', { query: { limit: 50 }, isPublic: true }).catch(() => undefined),
  ])
  const notice = part(root, 'notice', HTMLElement)
  if (!packages) {
    notice.textContent = w.failed
    return
  }
  notice.textContent = ''
  for (const awaited of root.querySelectorAll('[data-awaited]')) awaited.remove()
  part(root, 'packages', HTMLElement).append(...packages.packages.map(packageOf))
  details(root, packages)

  const calls = part(root, 'calls', HTMLInputElement)
  const slider = part(root, 'slider', HTMLInputElement)
  const agent = part(root, 'agent', HTMLSelectElement)
  const price = part(root, 'price', HTMLInputElement)
  agent.prepend(
    ...(agents?.items ?? []).map((one) =>
      el('option', { value: one.price_per_call }, `${one.name} · ${dollars(one.price_per_call)}`),
    ),
  )
  agent.selectedIndex = 0
  if (agent.value !== '') price.value = agent.value
  agent.addEventListener('change', () => {
    if (agent.value !== '') price.value = agent.value
    else price.focus()
    show()
  })
  price.addEventListener('input', () => {
    agent.value = ''
    show()
  })
  calls.addEventListener('input', () => {
    slider.value = String(Math.log10(Math.max(1, Number(calls.value))))
    show()
  })
  slider.addEventListener('input', () => {
    calls.value = String(rounded(10 ** Number(slider.value)))
    show()
  })
  show()

  function show(): void {
    if (!packages) return
    const count = Math.min(CALLS_MAX, Math.max(0, Math.floor(Number(calls.value) || 0)))
    const each = Math.max(0, Number(price.value) || 0)
    const { bought, packagesUsd, premiumUsd, left } = estimate(count, each, packages.packages)
    text('bought', bought.map(({ name, count }) => fill(w.estimator.count, { n: count, name })).join(' + '))
    text('packages-usd', dollars(packagesUsd, 2))
    text('premium', fill(w.estimator.premiumNote, { calls: whole(count), premium: dollars(premiumOf(each)) }))
    text('premium-usd', dollars(premiumUsd, 2))
    text('total', dollars(packagesUsd + premiumUsd, 2))
    text(
      'each',
      count === 0 ? '' : fill(w.estimator.perCall, { price: dollars((packagesUsd + premiumUsd) / count, 4) }),
    )
    text('left', left > 0 ? fill(w.estimator.left, { calls: whole(left) }) : '')
  }

  function text(name: string, value: string): void {
    part(root, name, HTMLElement).textContent = value
  }
}

function packageOf({ id, name, calls, price_usd, price_per_call_usd }: Packages['packages'][number]): HTMLElement {
  const w = said(pricingWords)
  return el(
    'li',
    {},
    el('h2', {}, name),
    el('p', { class: 'price' }, dollars(price_usd)),
    el('p', {}, plural(w.calls, calls, whole(calls))),
    el('p', { class: 'quiet' }, fill(w.perCall, { price: dollars(price_per_call_usd) })),
    el('a', { class: 'button', href: `${href('/developer/billing')}?package=${id}` }, fill(w.buy, { name })),
  )
}

function details(root: HTMLElement, { methods, top_up: topUp }: Packages): void {
  const w = said(pricingWords).details
  part(root, 'methods', HTMLElement).textContent = methods.map((method) => w.methodNames[method]).join(' · ')
  part(root, 'top-up', HTMLElement).textContent = fill(w.topUpNote, {
    min: dollars(topUp.min_usd),
    max: dollars(topUp.max_usd),
  })
}

/** Two digits that count, as one would say a number of calls. */
function rounded(calls: number): number {
  const size = 10 ** Math.max(0, Math.floor(Math.log10(calls)) - 1)
  return Math.round(calls / size) * size
}
