/** Makes the live box act: it lists the real agents, makes real calls and shows what came back and what it cost. */
import { choose, onChosen, onPublished, readPublished, type Published } from '../agents/published.ts'
import { price } from '../agents/price.ts'
import { remedy } from '../agents/remedy.ts'
import { API_URL, ApiError, chat, type Agent } from '../api.ts'
import { sealedLines } from '../seal/sealed-lines.ts'
import { sealSvg } from '../seal/seal.ts'
import { el, fromMarkup, part } from '../ui/dom.ts'

const SEAL_PX = 128
const RUN = 'Run · 1 call'
const host = new URL(API_URL).host

/** Makes `root`, the markup of `LiveBox.astro`, live, and reads the list of agents. */
export function liveBox(root: HTMLElement): void {
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
      ...agents.map((agent) => el('option', { value: agent.id }, `${agent.name} · ${price(agent.pricePerCall)}`)),
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
    part(root, 'about', HTMLElement).textContent = agent.description
    part(root, 'price', HTMLElement).textContent = price(agent.pricePerCall)
    part(root, 'emblem', HTMLElement).replaceChildren(drawnSeal(agent.sealId))
    part(root, 'lines', HTMLElement).replaceChildren(...bars(agent.sealId))
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
    run.textContent = 'Stop'
    root.dataset['state'] = 'running'
    status.textContent = `Calling ${agent.name}…`
    const startedAt = performance.now()
    const sinceStart = () => `${Math.round(performance.now() - startedAt)} ms`
    let hasContent = false
    let ending = 'Answered'
    let left = ''
    try {
      for await (const event of chat({
        agentId: agent.id,
        key: key.value.trim(),
        message: message.value,
        signal: controller.signal,
      })) {
        if (event.type === 'opened') {
          showRequest(event.requestId)
          if (event.quotaRemaining !== undefined) left = `, ${event.quotaRemaining} calls left`
        } else if (event.type === 'usage') fact('tokens', `${event.inputTokens ?? '–'} / ${event.outputTokens ?? '–'}`)
        else if (event.type === 'finished') fact('charged', '1 call')
        else {
          if (!hasContent) fact('first', sinceStart())
          hasContent = true
          append(event.text)
        }
      }
    } catch (thrown) {
      ending = controller.signal.aborted ? 'Stopped' : 'Failed'
      if (!controller.signal.aborted) showFailure(thrown, 'call')
      // The published rule: a caller who leaves after the first words has had the call.
      fact('charged', controller.signal.aborted && hasContent ? '1 call' : '0 calls')
    }
    if (running !== controller) return
    fact('total', sinceStart())
    status.textContent = `${ending} after ${sinceStart()}${left}`
    running = undefined
    run.textContent = RUN
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
    run.textContent = RUN
    failure.hidden = true
    answer.className = 'quiet'
    answer.textContent = 'The answer streams in here, under the sealed prompt.'
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
    button.title = id === undefined ? '' : `Copy ${id}`
    button.disabled = id === undefined
  }

  function showFailure(thrown: unknown, during: 'list' | 'call'): void {
    const error =
      thrown instanceof ApiError ? thrown : new ApiError('malformed', 'This page could not read the answer.')
    if (during === 'list') answer.textContent = ''
    else showRequest(error.requestId)
    failure.replaceChildren(el('p', {}, error.message), el('p', { class: 'quiet' }, remedy(error)))
    if (/^\d+$/.test(error.code)) failure.append(el('p', { class: 'quiet mono code' }, `Error ${error.code}`))
    if (during === 'list') {
      const again = el('button', { type: 'button', class: 'button' }, 'Try again')
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
  if (published.state === 'loading') return `Reading the agents from ${host}…`
  if (published.state === 'failed') return `${host} does not answer`
  if (published.agents.length === 0) return `${host} answered: no agent is published yet`
  return `Live from ${host}, answered in ${published.tookMs} ms`
}

/** The box opens with a cheap agent, so that a first try costs little. */
function preferred(agents: Agent[]): Agent {
  return agents.reduce((best, agent) => (Number(agent.pricePerCall) < Number(best.pricePerCall) ? agent : best))
}

function drawnSeal(id: string): Element {
  const seal = fromMarkup(sealSvg(id, { sizePx: SEAL_PX }))
  seal.classList.add('draws')
  return seal
}

function bars(id: string): HTMLElement[] {
  return sealedLines(id).map((line) =>
    el('div', { class: 'sealed-line' }, ...line.map((width) => el('span', { style: `width:${width}%` }))),
  )
}
