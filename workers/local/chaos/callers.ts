/** Callers who do what callers do: ask, listen, hang up, lose their connection, and ask again with the same idempotency key. */
import { setTimeout } from 'node:timers/promises'
import { fault } from '../../tests/faults.ts'
import type { Fault } from '../providers/faults.ts'
import type { Account, Ground } from './ground.ts'
import type { Seeded } from './seeded.ts'

/** What a provider does wrong, and how often a call meets it. */
const FAULTS: Fault[] = [
  { status: 429, retryAfterSeconds: 1 },
  { status: 500 },
  { status: 503 },
  { contextLength: true },
  { contentFilter: true },
  { html200: true },
  { empty200: true },
  { hangBeforeHeaders: true },
  { hangAfterEvents: 2 },
  { closeAfterEvents: 2 },
  { reset: true, closeAfterEvents: 1 },
  { noTerminal: true },
  { errorAfterEvents: 2 },
  { garbageAfterEvents: 1 },
  { usage: 'none' },
  { gapMs: 40, events: 20 },
]
const FAULTY = 0.15
const HANGS_UP = 0.08
const WITH_KEY = 0.4
/** With a key, a call is tried again until somebody says what became of it. */
const TRIES_MAX = 12
const PAUSE_MS = 400
const PATIENCE_MS = 10_000

export type Seen = {
  calls: number
  /** Ids of the calls whose whole answer arrived, as often as it did. */
  whole: string[]
  /** Of those that were asked with an idempotency key: the ids that came under one key. */
  byKey: Map<string, Set<string>>
  /** Calls of which the caller does not know how they ended: the connection was lost, or he hung up. */
  unknown: number
  /** Calls that ended with an error which says so. */
  refused: Map<string, number>
}

/** Asks on behalf of the accounts, `atOnce` calls at a time, until told to stop. */
export async function call(
  ground: Ground,
  random: Seeded,
  { atOnce, signal }: { atOnce: number; signal: AbortSignal },
) {
  const seen: Seen = { calls: 0, whole: [], byKey: new Map(), unknown: 0, refused: new Map() }
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (!signal.aborted) await one(ground, random, seen)
    }),
  )
  return seen
}

type Wish = { account: Account; body: string; key: string | undefined; hangUpAfterMs: number | undefined }

async function one(ground: Ground, random: Seeded, seen: Seen): Promise<void> {
  const wish: Wish = {
    account: random.of(ground.accounts),
    body: JSON.stringify({
      model: random.of(ground.market.agents).slug,
      stream: random.isIn(0.5),
      messages: [{ role: 'user', content: question(random) }],
    }),
    key: random.isIn(WITH_KEY) ? crypto.randomUUID() : undefined,
    hangUpAfterMs: random.isIn(HANGS_UP) ? random.between(1, 150) : undefined,
  }
  seen.calls += 1
  for (let tries = wish.key === undefined ? 1 : TRIES_MAX; ; tries -= 1) {
    const end = await ask(ground.url, wish)
    if ('whole' in end) {
      seen.whole.push(end.whole)
      if (wish.key !== undefined) seen.byKey.set(wish.key, (seen.byKey.get(wish.key) ?? new Set()).add(end.whole))
      return
    }
    const mayAskAgain = 'unknown' in end || ['409', '503', '500', '502', '504'].includes(end.refused.slice(0, 3))
    if (tries > 1 && mayAskAgain) await setTimeout(PAUSE_MS)
    else {
      if ('unknown' in end) seen.unknown += 1
      else seen.refused.set(end.refused, (seen.refused.get(end.refused) ?? 0) + 1)
      return
    }
  }
}

function question(random: Seeded): string {
  const text = 'What should I know before I begin?'
  return random.isIn(FAULTY) ? `${text} ${fault({ ...random.of(FAULTS), key: crypto.randomUUID() })}` : text
}

type End = { whole: string } | { refused: string } | { unknown: true }

async function ask(url: string, { account, body, key, hangUpAfterMs }: Wish): Promise<End> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${account.key}`,
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body,
      signal: AbortSignal.timeout(hangUpAfterMs ?? PATIENCE_MS),
    })
    const text = await response.text()
    if (!response.ok) return { refused: `${response.status} ${/"code":"?([\w.]+)/.exec(text)?.[1] ?? ''}` }
    return read(text)
  } catch {
    return { unknown: true }
  }
}

/** A whole answer says why it ended, and a stream that it did. One that ends in an error event was refused late. */
function read(text: string): End {
  const id = /"id":"chatcmpl-([0-9a-f-]{36})"/.exec(text)?.[1]
  const isStream = text.startsWith('data:') || text.startsWith(':') || text.startsWith('event:')
  const isWhole = /"finish_reason":"\w+"/.test(text) && (!isStream || text.trimEnd().endsWith('data: [DONE]'))
  if (isWhole && id !== undefined) return { whole: id }
  const code = /"code":"?([\w.]+)/.exec(text)?.[1]
  return code === undefined ? { unknown: true } : { refused: `stream ${code}` }
}
