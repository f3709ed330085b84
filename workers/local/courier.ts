/**
 * Delivers the signed webhooks of a payment stand-in: at least once, in no promised order, again after anything but a 2xx.
 * On request it misbehaves as the internet and attackers do: drops, repeats, delays, reorders, signs wrongly, alters.
 */
import { createHash } from 'node:crypto'
import { setTimeout as later } from 'node:timers'
import * as z from 'zod'
import type { Shelf, Shelves } from './shelves.ts'

const TIMEOUT_MS = 10_000
const RETRY_MS = [1_000, 5_000, 30_000, 120_000, 600_000]
/** The oldest are forgotten; in a real party that takes 30 days. */
const LETTERS_MAX = 5_000

/**
 * How the deliveries of a letter differ from proper ones.
 *
 * `signature`: `wrong` (by a stranger's secret), `previous` (by the secret before), `both` (one by each secret), `wrong_first`
 * (a stranger's, then the right one), `v0` (a scheme nobody may trust), `untimed`, `missing`, `tampered` (right, but of another body)
 */
export const Bend = z
  .strictObject({
    drop: z.boolean(),
    copies: z.int().min(1).max(20),
    delay_ms: z
      .int()
      .min(0)
      .max(60 * 60_000),
    signature: z.enum(['wrong', 'previous', 'both', 'wrong_first', 'v0', 'untimed', 'missing', 'tampered']),
    /** Signed so long ago; negative: in the future. */
    age_seconds: z.int().min(-10_000_000).max(10_000_000),
    /** New values by path: `{"livemode": true, "data.object.amount_total": 1}`. */
    alter: z.record(z.string(), z.json()),
  })
  .partial()

export type Bend = z.output<typeof Bend>

/** Which letters: of this type, and about the thing with this id. Both are optional. */
export const Which = z.object({ type: z.string(), about: z.string(), event: z.string() }).partial()

export type Which = z.output<typeof Which>

export type Letter = { event: string; type: string; about: string[]; body: string }

/** A webhook as it goes over the wire. */
export type SignedRequest = { event: string; type: string; url: string; headers: Record<string, string>; body: string }

type Delivery = {
  id: string
  letter: Letter
  target: string
  bend: Bend
  isHeld: boolean
  /** Null when it needs no further attempt. */
  nextAt: number | null
  attempts: { at: number; status: number | null }[]
}

type Rule = { which: Which; bend: Bend; times: number }

/** What webhooks are signed with; the one before is needed while it is rolled. */
export type WebhookSecrets = { current: string; previous?: string }

/** The headers of a delivery, its signature among them. */
export type Signer = (signing: { letter: Letter; body: string; atMs: number; bend: Bend }) => Record<string, string>

export type CourierOptions = {
  shelves: Shelves
  targets: string[]
  sign: Signer
  retryMs?: number[]
}

export class Courier {
  readonly #letters: Shelf<Letter>
  readonly #deliveries: Shelf<Delivery>
  readonly #options: CourierOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  #rules: Rule[] = []
  #isHolding = false
  #isStopped = false

  /** Goes on with what an earlier run has not delivered. */
  constructor(options: CourierOptions) {
    this.#options = options
    this.#letters = options.shelves.of('letters')
    this.#deliveries = options.shelves.of('deliveries')
    for (const delivery of this.#deliveries.all()) this.#schedule(delivery)
  }

  /** Sends a letter to every target, and keeps it. */
  send(letter: Letter): void {
    this.#letters.put(letter.event, letter)
    for (const old of this.#letters.all().slice(0, -LETTERS_MAX)) this.#letters.remove(old.event)
    this.#dispatch(letter, this.#bendOf(letter))
  }

  /** Delivers again what was sent before. */
  resend(which: Which, bend: Bend): number {
    const letters = this.letters(which)
    for (const letter of letters) this.#dispatch(letter, bend)
    return letters.length
  }

  letters({ type, about, event }: Which): Letter[] {
    return this.#letters
      .all()
      .filter(
        (letter) =>
          (type === undefined || letter.type === type) &&
          (about === undefined || letter.about.includes(about)) &&
          (event === undefined || letter.event === event),
      )
  }

  /** The letters as requests signed now, in the order of what happened, for somebody who delivers them himself. */
  requests(which: Which, bend: Bend): SignedRequest[] {
    const letters = bend.drop ? [] : this.letters(which)
    const [target = 'http://127.0.0.1/'] = this.#options.targets
    return letters.flatMap((letter) =>
      Array.from({ length: bend.copies ?? 1 }, () => this.#request({ letter, target, bend })),
    )
  }

  deliveries(which: Which): Delivery[] {
    const letters = new Set(this.letters(which).map(({ event }) => event))
    return this.#deliveries.all().filter(({ letter }) => letters.has(letter.event))
  }

  /** From here on, the next `times` letters that fit are bent like this. */
  rule(rule: Rule): void {
    this.#rules.push(rule)
  }

  forgetRules(): void {
    this.#rules = []
  }

  /** Nothing leaves until `release`. */
  hold(): void {
    this.#isHolding = true
  }

  /** Lets go what was held, one after the other, in this order. */
  async release(order: 'sent' | 'reverse' | 'shuffled', seed: string): Promise<number> {
    this.#isHolding = false
    const held = this.#deliveries.all().filter(({ isHeld }) => isHeld)
    const ordered = order === 'reverse' ? held.toReversed() : held
    for (const { id } of order === 'shuffled' ? shuffled(held, seed) : ordered) await this.#attempt(id)
    return held.length
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #bendOf(letter: Letter): Bend {
    const rule = this.#rules.find(
      ({ which, times }) =>
        times > 0 &&
        (which.type === undefined || which.type === letter.type) &&
        (which.about === undefined || letter.about.includes(which.about)),
    )
    if (!rule) return {}
    rule.times -= 1
    return rule.bend
  }

  #dispatch(letter: Letter, bend: Bend): void {
    if (bend.drop) return
    for (const target of this.#options.targets)
      for (let copy = 0; copy < (bend.copies ?? 1); copy++) {
        const delivery: Delivery = {
          id: crypto.randomUUID(),
          letter,
          target,
          bend,
          isHeld: this.#isHolding,
          nextAt: Date.now() + (bend.delay_ms ?? 0),
          attempts: [],
        }
        this.#deliveries.put(delivery.id, delivery)
        this.#schedule(delivery)
      }
    for (const old of this.#deliveries.all().slice(0, -LETTERS_MAX)) this.#deliveries.remove(old.id)
  }

  #schedule({ id, isHeld, nextAt }: Delivery): void {
    if (this.#isStopped || isHeld || nextAt === null) return
    const timer = later(
      () => {
        this.#timers.delete(timer)
        void this.#attempt(id)
      },
      Math.max(0, nextAt - Date.now()),
    )
    this.#timers.add(timer)
  }

  async #attempt(id: string): Promise<void> {
    const delivery = this.#deliveries.get(id)
    if (!delivery) return
    const { url, headers, body } = this.#request(delivery)
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => undefined)
    await response?.body?.cancel()
    const attempts = [...delivery.attempts, { at: Date.now(), status: response?.status ?? null }]
    const pauseMs = (this.#options.retryMs ?? RETRY_MS)[attempts.length - 1]
    const isOver = response?.ok === true || pauseMs === undefined
    const now = { ...delivery, isHeld: false, attempts, nextAt: isOver ? null : Date.now() + pauseMs }
    this.#deliveries.put(id, now)
    this.#schedule(now)
  }

  #request({ letter, target, bend }: { letter: Letter; target: string; bend: Bend }): SignedRequest {
    const body = bend.alter === undefined ? letter.body : altered(letter.body, bend.alter)
    const atMs = Date.now() - (bend.age_seconds ?? 0) * 1_000
    const headers = this.#options.sign({ letter, body, atMs, bend })
    const { event, type } = letter
    return { event, type, url: target, headers, body }
  }
}

/** The same order for the same seed. */
function shuffled<T>(things: T[], seed: string): T[] {
  const rank = (index: number): string => createHash('sha256').update(`${seed} ${index}`).digest('hex')
  return things
    .map((thing, index) => ({ thing, rank: rank(index) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ thing }) => thing)
}

function altered(body: string, values: Record<string, unknown>): string {
  const event = JSON.parse(body) as Record<string, unknown>
  for (const [path, value] of Object.entries(values)) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let place = event
    for (const name of names) place = place[name] as Record<string, unknown>
    place[last] = value
  }
  return JSON.stringify(event, null, body.includes('\n') ? 2 : 0)
}
