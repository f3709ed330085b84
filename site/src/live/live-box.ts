/** Makes the live box act: it lists the real agents, makes real calls and shows what came back and what it cost. */
import { chat } from '../api/chat.ts'
import { API_URL } from '../api/config.ts'
import { ApiError } from '../api/error.ts'
import { sealedLines } from '../seal/sealed-lines.ts'
import { sealSvg } from '../seal/seal.ts'
import '../ui/copy.ts'
import { el, fromMarkup, part } from '../ui/dom.ts'
import { dollars } from '../ui/format.ts'
import { common } from '../words/common.ts'
import { landing } from '../words/landing.ts'
import { fill, said } from '../words/words.ts'
import { choose, onChosen, onPublished, premiumOf, readPublished, type Agent, type Published } from './published.ts'
import { problem, remedy } from './remedy.ts'

const SEAL_PX = 128
const host = new URL(API_URL).host

/** Makes `root`, the markup of `LiveBox.astro`, live, and reads the list of agents. */
export function liveBox(root: HTMLElement): void {
  const w = said(landing).live
  const select = part(root, 'agent', HTMLSelectElement)
  const key = part(root, 'key', HTMLInputElement)
  const message = part(root, 'message', HTMLTextAreaElement)
  const run = part(root, 'run', HTMLButtonElement)
  const status = part(root, 'status', HTMLElement)
  const answer = part(root, 'answer', HTMLElement)
  const failure = part(root, 'failure', HTMLElement)
  let agents: Agent[] = []
  let inUse: Agent | undefined
  let running: AbortController | undefined

  onPublished((published) => {
    agents = published.state === 'ready' ? published.agents : []
    root.dataset['state'] = stateOf(published)
    status.textContent = statusOf(published)
    select.disabled = run.disabled = agents.length === 0
    if (published.state === 'failed') showFailure(published.error, 'list')
    else failure.hidden = true
    if (agents.length === 0) return
    select.replaceChildren(
      ...agents.map((agent) => el('option', { value: agent.id }, `${agent.name} · ${dollars(agent.price_per_call)}`)),
    )
    const agent = agents.find((agent) => agent.id === inUse?.id) ?? preferred(agents)
    select.value = agent.id
    choose(agent)
  })
  onChosen((agent) => {
    running?.abort()
    inUse = agent
    select.value = agent.id
    clear()
    part(root, 'about', HTMLElement).textContent = agent.summary
    part(root, 'price', HTMLElement).textContent = dollars(agent.price_per_call)
    part(root, 'emblem', HTMLElement).replaceChildren(drawnSeal(agent))
    part(root, 'lines', HTMLElement).replaceChildren(...bars(agent.id))
  })
  select.addEventListener('change', () => {
    const chosen = agents.find((agent) => agent.id === select.value)
    if (chosen) choose(chosen)
  })
  root.addEventListener('click', (event) => {
    const said = event.target instanceof HTMLElement ? event.target.dataset['say'] : undefined
    if (said !== undefined) message.value = said
  })
  part(root, 'form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    if (running) running.abort()
    else if (inUse) void call(inUse)
  })
  void readPublished()

  async function call(agent: Agent): Promise<void> {
    clear()
    const controller = new AbortController()
    running = controller
    answer.className = ''
    answer.textContent = ''
    run.textContent = w.stop
    root.dataset['state'] = 'running'
    status.textContent = fill(w.calling, { name: agent.name })
    const startedAt = performance.now()
    const sinceStart = () => Math.round(performance.now() - startedAt)
    let hasContent = false
    let ending: 'answered' | 'stopped' | 'failed' = 'answered'
    let left = ''
    try {
      for await (const event of chat({
        agentId: agent.slug,
        key: key.value.trim(),
        messages: [{ role: 'user', content: message.value }],
        signal: controller.signal,
      })) {
        if (event.type === 'opened') {
          showRequest(event.requestId)
          if (event.quotaRemaining !== undefined) left = ` · ${fill(w.left, { calls: event.quotaRemaining })}`
        } else if (event.type === 'usage') fact('tokens', `${event.inputTokens ?? '–'} / ${event.outputTokens ?? '–'}`)
        else if (event.type === 'finished') fact('charged', charge(agent))
        else {
          if (!hasContent) fact('first', `${sinceStart()} ms`)
          hasContent = true
          append(event.text)
        }
      }
    } catch (thrown) {
      ending = controller.signal.aborted ? 'stopped' : 'failed'
      if (!controller.signal.aborted) showFailure(thrown, 'call')
      // The published rule: a caller who leaves after the first words has had the call.
      fact('charged', controller.signal.aborted && hasContent ? charge(agent) : w.noCalls)
    }
    if (running !== controller) return
    fact('total', `${sinceStart()} ms`)
    status.textContent = fill(w[ending], { ms: sinceStart() }) + left
    running = undefined
    run.textContent = runOf(agent)
    root.dataset['state'] = 'ready'
  }

  /** Adds to the answer and stays at its end, unless the reader has scrolled back. */
  function append(text: string): void {
    const frame = part(root, 'answer-frame', HTMLElement)
    const isAtEnd = frame.scrollHeight - frame.scrollTop - frame.clientHeight < 40
    answer.append(text)
    if (isAtEnd) frame.scrollTop = frame.scrollHeight
  }

  function clear(): void {
    running = undefined
    run.textContent = runOf(inUse)
    failure.hidden = true
    answer.className = 'quiet'
    answer.textContent = w.waiting
    for (const name of ['charged', 'first', 'total', 'tokens']) fact(name, '–')
    showRequest(undefined)
  }

  function fact(name: string, value: string): void {
    part(root, name, HTMLElement).textContent = value
  }

  function showRequest(id: string | undefined): void {
    const button = part(root, 'request', HTMLButtonElement)
    button.textContent = id ?? '–'
    button.dataset['copy'] = id ?? ''
    button.disabled = id === undefined
  }

  function showFailure(thrown: unknown, during: 'list' | 'call'): void {
    const error = thrown instanceof ApiError ? thrown : new ApiError('malformed', 'malformed')
    if (during === 'list') answer.textContent = ''
    else showRequest(error.requestId)
    failure.replaceChildren(el('p', {}, problem(error)), el('p', { class: 'quiet' }, remedy(error)))
    if (/^\d+$/.test(error.code)) failure.append(el('p', { class: 'quiet mono code' }, `Error ${error.code}`))
    if (during === 'list') {
      const again = el('button', { type: 'button', class: 'button' }, said(common).retry)
      again.addEventListener('click', () => void readPublished())
      failure.append(again)
    }
    failure.hidden = false
  }
}

function stateOf(published: Published): 'waiting' | 'failed' | 'empty' | 'ready' {
  if (published.state === 'loading') return 'waiting'
  if (published.state === 'failed') return 'failed'
  return published.agents.length > 0 ? 'ready' : 'empty'
}

function statusOf(published: Published): string {
  const w = said(landing).live
  if (published.state === 'loading') return fill(w.reading, { host })
  if (published.state === 'failed') return fill(w.silent, { host })
  return published.agents.length === 0 ? fill(w.none, { host }) : fill(w.from, { host, ms: published.tookMs })
}

/** What the button says a call takes. */
function runOf(agent: Agent | undefined): string {
  const w = said(landing).live
  const premium = agent === undefined ? 0 : premiumOf(agent)
  return premium === 0 ? w.run : fill(w.runPremium, { premium: dollars(premium) })
}

function charge(agent: Agent): string {
  const w = said(landing).live
  const premium = premiumOf(agent)
  return premium === 0 ? w.oneCall : fill(w.oneCallPremium, { premium: dollars(premium) })
}

/** The box opens with a cheap agent, so that a first try costs little. */
function preferred(agents: Agent[]): Agent {
  return agents.reduce((best, agent) => (Number(agent.price_per_call) < Number(best.price_per_call) ? agent : best))
}

function drawnSeal({ id, is_minted: isVerified }: Agent): Element {
  const seal = fromMarkup(sealSvg(id, { sizePx: SEAL_PX, isVerified }))
  seal.classList.add('draws')
  return seal
}

function bars(id: string): HTMLElement[] {
  return sealedLines(id).map((line) =>
    el('div', { class: 'sealed-line' }, ...line.map((width) => el('span', { style: `width:${width}%` }))),
  )
}
