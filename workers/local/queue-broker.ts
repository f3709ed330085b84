/**
 * Worker code, run by workerd beside the Worker under test: Cloudflare Queues in memory, and a door through which a test or
 * a benchmark fires schedules and reads counts. Messages are delivered in batches, retried by the consumer's settings and
 * moved to the dead-letter queue after the last try. What is waiting when workerd stops is lost, unless a journal keeps it.
 */
/** As in wrangler.toml; times in seconds. */
type Consumer = {
  queue: string
  max_batch_size?: number
  max_batch_timeout?: number
  max_retries?: number
  dead_letter_queue?: string
  retry_delay?: number
}

/** The consumer is given `body` as it is, or the V8 serialisation for workerd to open. */
type Message = { id: string; timestamp: Date; attempts: number } & ({ body: unknown } | { serializedBody: ArrayBuffer })
type Verdict = {
  outcome: string
  ackAll: boolean
  retryBatch: { retry: boolean; delaySeconds?: number }
  explicitAcks: string[]
  retryMessages: { msgId: string; delaySeconds?: number }[]
}
type Env = {
  CONSUMERS: Consumer[]
  /** Keeps every message from before it is taken until it is done with, as Cloudflare does. See `chaos/journal.ts`. */
  JOURNAL?: { fetch(url: string, init: { method: string; body?: string }): Promise<Response> }
  WORKER: {
    queue(name: string, messages: Message[]): Promise<Verdict>
    scheduled(options: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }>
  }
}
type Context = { props: { queue?: string }; waitUntil(work: Promise<unknown>): void }

const BATCH_SIZE = 10
const BATCH_SECONDS = 5
const RETRIES = 3

/** All queues of the Worker, by name. workerd runs one isolate of this module, and it stays. */
const queues = new Map<string, Queue>()

export default {
  /** Takes a message: a queue's own requests carry its name. The rest is control: fire a cron, or tell the counts. */
  async fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const name = ctx.props.queue ?? searchParams.get('queue')
    if (name !== null && name !== undefined) {
      if (pathname !== '/message' && pathname !== '/batch')
        throw new Error(`Nothing is known of ${pathname} of a queue.`)
      for (const sent of pathname === '/batch' ? await contents(request) : [await content(request)]) {
        const message = { id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, ...opened(sent) }
        await env.JOURNAL?.fetch(`http://journal/${message.id}`, { method: 'PUT', body: written(name, sent) })
        // Timers belong to the request that set them; it is kept open until they are over.
        ctx.waitUntil(queueOf(name, env).take(message))
      }
      return Response.json({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0, oldestMessageTimestamp: 0 } } })
    }
    const cron = searchParams.get('cron')
    if (cron !== null) return Response.json(await env.WORKER.scheduled({ cron, scheduledTime: new Date() }))
    twice += Number(searchParams.get('twice') ?? 0)
    return Response.json(Object.fromEntries([...queues].map(([name, queue]) => [name, queue.counts])))
  },
}

/** So many batches to come are delivered a second time, after they have been dealt with. */
let twice = 0

function queueOf(name: string, env: Env): Queue {
  const known = queues.get(name)
  if (known) return known
  const settings = env.CONSUMERS.find((consumer) => consumer.queue === name) ?? { queue: name }
  const deadLetters = settings.dead_letter_queue
  const queue = new Queue(
    settings,
    (batch) => env.WORKER.queue(name, batch),
    async (message) => {
      if (deadLetters !== undefined) await queueOf(deadLetters, env).take({ ...message, attempts: 1 })
    },
    async ({ id }) => {
      await env.JOURNAL?.fetch(`http://journal/${id}`, { method: 'DELETE' })
    },
  )
  queues.set(name, queue)
  return queue
}

/** A message as it was sent: in one of four forms, which is named beside its bytes. */
type Sent = { form: string | null; bytes: Uint8Array<ArrayBuffer> }

async function content(request: Request): Promise<Sent> {
  return { form: request.headers.get('x-msg-fmt'), bytes: new Uint8Array(await request.arrayBuffer()) }
}

/** Of many together, each names its form, and is written in base64. */
async function contents(request: Request): Promise<Sent[]> {
  const { messages } = (await request.json()) as { messages: { contentType?: string; body: string }[] }
  return messages.map(({ contentType = null, body }) => ({
    form: contentType,
    bytes: Uint8Array.from(atob(body), (character) => character.charCodeAt(0)),
  }))
}

/** As a batch of one, for `contents` to read. */
function written(queue: string, { form, bytes }: Sent): string {
  const body = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return JSON.stringify({ queue, batch: { messages: [{ ...(form === null ? {} : { contentType: form }), body }] } })
}

function opened({ form, bytes }: Sent): { body: unknown } | { serializedBody: ArrayBuffer } {
  if (form === 'bytes') return { body: bytes.buffer }
  if (form !== 'json' && form !== 'text') return { serializedBody: bytes.buffer }
  const text = new TextDecoder().decode(bytes)
  return { body: form === 'json' ? (JSON.parse(text) as unknown) : text }
}

class Queue {
  readonly counts = { sent: 0, delivered: 0, waiting: 0, dead: 0 }
  readonly #settings: Consumer
  readonly #deliver: (batch: Message[]) => Promise<Verdict>
  readonly #bury: (message: Message) => Promise<void>
  readonly #forget: (message: Message) => Promise<void>
  #waiting: Message[] = []

  constructor(
    settings: Consumer,
    deliver: (batch: Message[]) => Promise<Verdict>,
    bury: (message: Message) => Promise<void>,
    forget: (message: Message) => Promise<void>,
  ) {
    this.#settings = settings
    this.#deliver = deliver
    this.#bury = bury
    this.#forget = forget
  }

  /** Takes a message in; whoever brings the first or the last of a batch stays until that has been dealt with. */
  async take(message: Message): Promise<void> {
    this.counts.sent++
    this.counts.waiting++
    await this.#add(message)
  }

  async #add(message: Message): Promise<void> {
    const { max_batch_size = BATCH_SIZE, max_batch_timeout = BATCH_SECONDS } = this.#settings
    this.#waiting.push(message)
    if (this.#waiting.length < max_batch_size) {
      if (this.#waiting.length > 1) return
      await seconds(max_batch_timeout)
      // A batch that filled up meanwhile has left with this message in it.
      if (!this.#waiting.includes(message)) return
    }
    await this.#flush()
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    this.counts.delivered++
    const verdict = await this.#deliver(batch).catch(() => undefined)
    if (twice > 0) {
      twice -= 1
      await this.#deliver(batch).catch(() => undefined)
    }
    await Promise.all(batch.map((message) => this.#conclude(message, verdict)))
  }

  async #conclude(message: Message, verdict: Verdict | undefined): Promise<void> {
    const { max_retries = RETRIES, retry_delay = 0 } = this.#settings
    const asked = verdict?.retryMessages.find(({ msgId }) => msgId === message.id)
    const isDone = verdict?.ackAll || verdict?.explicitAcks.includes(message.id)
    const isFailed = !isDone && (verdict?.outcome !== 'ok' || verdict.retryBatch.retry || asked !== undefined)
    if (isFailed && message.attempts <= max_retries) {
      await seconds(asked?.delaySeconds ?? verdict?.retryBatch.delaySeconds ?? retry_delay)
      return this.#add({ ...message, attempts: message.attempts + 1 })
    }
    this.counts.waiting--
    if (isFailed) {
      this.counts.dead++
      await this.#bury(message)
    }
    await this.#forget(message)
  }
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1_000))
}
