/**
 * Feature flags: switched by admins while everything runs, effective everywhere within `COPY_MS`. They stand in Postgres;
 * every isolate has a copy that it renews beside the requests that use it. While Postgres is away the last copy stands.
 */
import { waitUntil } from 'cloudflare:workers'
import { clock } from './clock.ts'
import { db } from './db.ts'
import { Flights } from './flights.ts'
import { describe, log } from './log.ts'
import { featureFlags } from './tables.ts'
import type { Bindings } from '../env.ts'

/** What a flag is while nobody has changed it. The names are the document's. */
const STANDARD = {
  enable_crypto_payments: true,
  enable_blockchain_mint: true,
  enable_rag: true,
  enable_webhooks: true,
  enable_trial_mode: true,
  maintenance_mode: false,
}

export type Flag = keyof typeof STANDARD
export type Flags = Record<Flag, boolean>
export const FLAGS = Object.keys(STANDARD) as [Flag, ...Flag[]]

/** A copy of this age is used no more; from half of it on it is renewed. */
const COPY_MS = 8_000
const RENEW_AFTER_MS = 4_000
/** How long Postgres, which failed, is left alone. */
const RETRY_MS = 1_000

type Copy = { flags: Flags; readAt: number; heldUntil: number }

let copy: Copy = { flags: STANDARD, readAt: -Infinity, heldUntil: 0 }
const flights = new Flights<Flags>()

/** The flags, as they were at most eight seconds ago. Never throws: without Postgres, the last known ones. */
export async function flags(env: Bindings): Promise<Flags> {
  const now = clock.now()
  if (now < copy.heldUntil) return copy.flags
  const ageMs = now - copy.readAt
  if (ageMs >= COPY_MS) return flights.join('flags', () => read(env))
  if (ageMs >= RENEW_AFTER_MS && !flights.isRunning('flags')) waitUntil(flights.join('flags', () => read(env)))
  return copy.flags
}

/** Makes the next look at the flags a look at Postgres: for the isolate in which they were just changed. */
export function forgetFlags(): void {
  flights.forget('flags')
  copy = { ...copy, readAt: -Infinity, heldUntil: 0 }
}

async function read(env: Bindings): Promise<Flags> {
  const readAt = clock.now()
  try {
    const rows = await db(env).select({ name: featureFlags.name, enabled: featureFlags.enabled }).from(featureFlags)
    const changed = rows.filter(({ name }) => name in STANDARD).map(({ name, enabled }) => [name, enabled] as const)
    copy = { flags: { ...STANDARD, ...Object.fromEntries(changed) }, readAt, heldUntil: 0 }
  } catch (thrown) {
    log.warn('flags.store_away', { error: describe(thrown) })
    copy = { ...copy, heldUntil: clock.now() + RETRY_MS }
  }
  return copy.flags
}
