/**
 * Copies of agents, so that a warm call asks no store. The promise: a change of prompt, price or status is effective
 * everywhere within `AGENT_MEMORY_MS` (one second), whatever becomes of Redis in between.
 *
 * It does not hang on deletions, which can be lost, come late, or be overtaken by somebody who read before the change and
 * writes after it. Instead every copy carries the moment at which its reading from Postgres began, in this isolate's
 * memory and in Redis alike, and is used only as long as that moment is less than a second ago. Redis so spares Postgres
 * the reads of other isolates within that second; a value that is late or left over is simply too old. (Isolates compare
 * their clocks here. The platform keeps those within milliseconds; a copy that seems to come from the future is not used.)
 *
 * Only when Postgres does not answer may a copy be older, up to `STALE_MS`, and Postgres is then asked again at most once
 * a second. Redis holds the ciphertext, never the prompt.
 *
 * In its last quarter of a second a copy is still used, and renewed beside the call that uses it: an agent that is called
 * steadily never makes a call wait.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { waitUntil } from 'cloudflare:workers'
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { Flights } from '../base/flights.ts'
import { describe, log } from '../base/log.ts'
import { Memory } from '../base/memory.ts'
import { dropCache, readCache, writeCache } from '../base/redis.ts'
import { settings, type Bindings } from '../env.ts'
import { amount, format } from '../money/amount.ts'
import { readAgent } from './agent.ts'
import type { Agent } from './agents.ts'
import { isPrice } from './config.ts'

/** With the longest prompts allowed this is about 50 MB of an isolate's 128, with usual ones 4. */
const COPIES_IN_MEMORY = 500
const UNKNOWN_IN_MEMORY = 10_000
/** The part of a copy's second after which it is renewed. */
const RENEW_AFTER = 0.75
/** How old a copy may be while Postgres does not answer; also how long Redis keeps one. */
const STALE_MS = 600_000
const RETRY_MS = 1_000
/** How long Postgres may take to answer where an older copy can stand in. */
const POSTGRES_MS = 1_000

/** `readAt`: when the reading from Postgres began. `heldUntil`: until then Postgres, which failed, is not asked again. */
type Copy = { agent: Agent; readAt: number; heldUntil: number }

const copies = new Memory<Copy>(COPIES_IN_MEMORY)
/** Names that no agent has, and when Postgres was asked. */
const unknown = new Memory<number>(UNKNOWN_IN_MEMORY)
const flights = new Flights<Agent | null>()

/** The agent of this id or slug, as it was at most a second ago, or null. Throws `storeUnavailable` if nobody can say. */
export async function findCopy(env: Bindings, name: string): Promise<Agent | null> {
  const now = clock.now()
  const lifeMs = settings(env).AGENT_MEMORY_MS
  const copy = copies.get(name)
  if (copy && (isYounger(copy.readAt, lifeMs, now) || now < copy.heldUntil)) {
    const isDue = !isYounger(copy.readAt, lifeMs * RENEW_AFTER, now) && now >= copy.heldUntil
    // A renewal that fails has nobody to tell: the copy stands until its second is over.
    if (isDue && !flights.isRunning(name)) flights.join(name, () => look(env, name)).catch(() => {})
    return copy.agent
  }
  const askedAt = unknown.get(name)
  if (askedAt !== undefined && isYounger(askedAt, lifeMs, now)) return null
  return flights.join(name, () => look(env, name))
}

/** Forgets an agent here and in Redis. It makes a change show sooner than the promised second, and nothing more. */
export async function forgetCopies(env: Bindings, names: string[]): Promise<void> {
  for (const name of names) {
    copies.delete(name)
    unknown.delete(name)
    flights.forget(name)
  }
  await dropCache(env, names.map(cacheKey))
}

/** Puts agents that were read from Postgres at `readAt` into Redis, for every isolate, under their ids and slugs. Never throws. */
export async function shareCopies(env: Bindings, agents: Agent[], readAt: number): Promise<void> {
  for (const agent of agents)
    await Promise.all(
      [agent.id, agent.slug].map((name) => writeCache(env, cacheKey(name), toShared(agent, readAt), STALE_MS / 1_000)),
    )
}

async function look(env: Bindings, name: string): Promise<Agent | null> {
  const inMemory = copies.get(name)
  const shared = await readShared(env, name)
  const youngMs = settings(env).AGENT_MEMORY_MS * RENEW_AFTER
  if (shared && isYounger(shared.readAt, youngMs, clock.now())) return keep(name, shared)

  const older = [inMemory, shared]
    .filter((copy) => copy != null)
    .filter((copy) => isYounger(copy.readAt, STALE_MS, clock.now()))
    .toSorted((a, b) => b.readAt - a.readAt)[0]
  const readAt = clock.now()
  try {
    const reading = readAgent(env, name)
    const agent = await (older ? within(POSTGRES_MS, reading) : reading)
    if (!agent) {
      copies.delete(name)
      unknown.set(name, readAt)
      return null
    }
    waitUntil(writeCache(env, cacheKey(name), toShared(agent, readAt), STALE_MS / 1_000))
    return keep(name, { agent, readAt, heldUntil: 0 })
  } catch (thrown) {
    log.warn('agents.store_away', { error: describe(thrown) })
    if (!older) throw thrown
    return keep(name, { ...older, heldUntil: clock.now() + RETRY_MS })
  }
}

function keep(name: string, copy: Copy): Agent {
  // A slow reading must not take the place of a later one.
  if ((copies.get(name)?.readAt ?? 0) <= copy.readAt) copies.set(name, copy)
  return copy.agent
}

function isYounger(time: number, ms: number, now: number): boolean {
  return now >= time && now - time < ms
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Postgres did not answer in time.')), ms)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

const bytes = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .transform(hexToBytes)

const Shared = z
  .object({
    readAt: z.number().int(),
    agent: z.object({
      id: z.uuid(),
      slug: z.string(),
      name: z.string(),
      description: z.string().nullable(),
      category: z.string().nullable(),
      creatorId: z.uuid(),
      status: z.enum(['draft', 'active', 'inactive', 'archived']),
      version: z.number().int(),
      provider: z.enum(['openai', 'anthropic', 'google']),
      model: z.string(),
      pricePerCall: z.string().refine(isPrice).transform(amount),
      publicTexts: z.array(z.string()),
      config: z.object({ ciphertext: bytes, iv: bytes, keyId: z.string() }),
    }),
  })
  .transform((shared): Copy => ({ ...shared, heldUntil: 0 }))

const cacheKey = (name: string): string => `agent:1:${name}`

async function readShared(env: Bindings, name: string): Promise<Copy | null> {
  const copy = await readCache(env, cacheKey(name), Shared)
  return copy && (copy.agent.id === name || copy.agent.slug === name) ? copy : null
}

function toShared({ config, pricePerCall, ...agent }: Agent, readAt: number): z.input<typeof Shared> {
  const { ciphertext, iv, keyId } = config
  return {
    readAt,
    agent: {
      ...agent,
      pricePerCall: format(pricePerCall),
      config: { ciphertext: bytesToHex(ciphertext), iv: bytesToHex(iv), keyId },
    },
  }
}
