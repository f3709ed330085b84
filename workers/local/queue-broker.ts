/**
 * Worker code, run by workerd beside the Worker under test: Cloudflare Queues in memory, and a door through which a test or
 * a benchmark fires schedules and reads counts. Messages are delivered in batches, retried by the consumer's settings and
 * moved to the dead-letter queue after the last try. What is waiting when workerd stops is lost.
 */
type Consumer = {
  maxBatchSize?: number
  /** Seconds. */
  maxBatchTimeout?: number
  maxRetries?: number
  deadLetterQueue?: string
  /** Seconds. */
  retryDelay?: number
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
  CONSUMERS: Record<string, Consumer>
  WORKER: {
    queue(name: string, messages: Message[]): Promise<Verdict>
    scheduled(options: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }>
  }
  BROKER: { idFromName(name: string): unknown; get(id: unknown): { fetch(request: Request): Promise<Response> } }
}
type Context = { props: { queue?: string } }

const BATCH_SIZE = 10
const BATCH_SECONDS = 5
const RETRIES = 3

export default {
  /** A queue's own requests carry its name; the rest comes through the control socket. */
  async fetch(request: Request, env: Env, ctx: Context): Promise<Response> {
    const url = new URL(request.url)
    const cron = url.searchParams.get('cron')
    if (ctx.props.queue === undefined && cron !== null)
      return Response.json(await env.WORKER.scheduled({ cron, scheduledTime: new Date() }))
    if (ctx.props.queue !== undefined) url.searchParams.set('queue', ctx.props.queue)
    return env.BROKER.get(env.BROKER.idFromName('queues')).fetch(new Request(url, request))
  },
}

/** All queues of the Worker. One object, so that its timers outlive the request that set them. */
export class Broker {
  readonly #env: Env
  readonly #queues = new Map<string, Queue>()

  constructor(_state: unknown, env: Env) {
    this.#env = env
  }

  /** Takes a message in the form in which workerd's queue binding sends it, or tells the counts of all queues. */
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const name = url.searchParams.get('queue')
    if (name === null)
      return Response.json(Object.fromEntries([...this.#queues].map(([name, queue]) => [name, queue.counts])))
    if (url.pathname !== '/message') throw new Error('Of a queue, only send() is modelled.')
    const sent = await content(request)
    this.#queue(name).take({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, ...sent })
    return Response.json({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0, oldestMessageTimestamp: 0 } } })
  }

  #queue(name: string): Queue {
    const known = this.#queues.get(name)
    if (known) return known
    const settings = this.#env.CONSUMERS[name] ?? {}
    const queue = new Queue(
      settings,
      (batch) => this.#env.WORKER.queue(name, batch),
      (message) => settings.deadLetterQueue && this.#queue(settings.deadLetterQueue).take({ ...message, attempts: 1 }),
    )
    this.#queues.set(name, queue)
    return queue
  }
}

/** A message is sent in one of four forms, named by a header. */
async function content(request: Request): Promise<{ body: unknown } | { serializedBody: ArrayBuffer }> {
  switch (request.headers.get('x-msg-fmt')) {
    case 'json':
      return { body: await request.json() }
    case 'text':
      return { body: await request.text() }
    case 'bytes':
      return { body: await request.arrayBuffer() }
    default:
      return { serializedBody: await request.arrayBuffer() }
  }
}

class Queue {
  readonly counts = { sent: 0, delivered: 0, waiting: 0, dead: 0 }
  readonly #settings: Consumer
  readonly #deliver: (batch: Message[]) => Promise<Verdict>
  readonly #bury: (message: Message) => void
  #waiting: Message[] = []
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(settings: Consumer, deliver: (batch: Message[]) => Promise<Verdict>, bury: (message: Message) => void) {
    this.#settings = settings
    this.#deliver = deliver
    this.#bury = bury
  }

  take(message: Message): void {
    this.counts.sent++
    this.counts.waiting++
    this.#add(message)
  }

  #add(message: Message): void {
    const { maxBatchSize = BATCH_SIZE, maxBatchTimeout = BATCH_SECONDS } = this.#settings
    this.#waiting.push(message)
    if (this.#waiting.length >= maxBatchSize) {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
      void this.#flush()
    } else this.#timer ??= setTimeout(() => void this.#flush(), maxBatchTimeout * 1_000)
  }

  async #flush(): Promise<void> {
    this.#timer = null
    const batch = this.#waiting.splice(0, this.#settings.maxBatchSize ?? BATCH_SIZE)
    this.counts.delivered++
    const verdict = await this.#deliver(batch).catch(() => undefined)
    for (const message of batch) this.#conclude(message, verdict)
  }

  #conclude(message: Message, verdict: Verdict | undefined): void {
    const { maxRetries = RETRIES, retryDelay = 0 } = this.#settings
    const asked = verdict?.retryMessages.find(({ msgId }) => msgId === message.id)
    const isDone = verdict?.ackAll || verdict?.explicitAcks.includes(message.id)
    const isFailed = !isDone && (verdict?.outcome !== 'ok' || verdict.retryBatch.retry || asked !== undefined)
    if (isFailed && message.attempts <= maxRetries) {
      const seconds = asked?.delaySeconds ?? verdict?.retryBatch.delaySeconds ?? retryDelay
      setTimeout(() => this.#add({ ...message, attempts: message.attempts + 1 }), seconds * 1_000)
      return
    }
    this.counts.waiting--
    if (!isFailed) return
    this.counts.dead++
    this.#bury(message)
  }
}
