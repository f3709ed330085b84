/**
 * Passwords: Argon2id with 19 MiB, two passes, one lane (OWASP's first recommendation), as PHC strings.
 *
 * A hash takes about 0.2 s of processor time and 19 MiB, and runs in one piece: a Worker's clock stands still while it
 * computes, so a hash that is to pause by the clock never does. So one runs at a time, the isolate does everything else
 * between two of them, and no more than `WAITING_MAX` are waited for.
 */
import { waitUntil } from 'cloudflare:workers'
import { argon2id } from '@noble/hashes/argon2.js'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'

const COST = { m: 19_456, t: 2, p: 1 }
const SALT_BYTES = 16
const TAG_BYTES = 32
const WAITING_MAX = 16
const RETRY_SECONDS = '3'
/** Between two hashes, for all the requests that are not waiting for one. */
const BREATH_MS = 10
/** One that takes longer belonged to a request that is gone. */
const WAIT_MS_MAX = 15_000

const PHC = /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,86})$/

type Cost = typeof COST

/** The only place where Argon2 runs, so that a test can count how often it does. */
export const argon2 = {
  run: (password: string, salt: Uint8Array, { m, t, p }: Cost, bytes: number): Uint8Array =>
    argon2id(new TextEncoder().encode(password), salt, { m, t, p, dkLen: bytes }),
}

/** The PHC string to keep of a password. Throws `signInBusy` when too many are being hashed. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const tag = await inTurn(() => argon2.run(password, salt, COST, TAG_BYTES))
  return write(COST, salt, tag)
}

/**
 * Whether this is the password that `kept` was made from; `isWeak` if it ought to be hashed anew. Without `kept`, it is not,
 * after as much work: how long it takes tells nobody whether there is an account. Throws `signInBusy`.
 */
export async function checkPassword(
  password: string,
  kept: string | undefined,
): Promise<{ isRight: boolean; isWeak: boolean }> {
  const known = kept === undefined ? null : read(kept)
  const { cost, salt, tag } = known ?? NOBODY
  const made = await inTurn(() => argon2.run(password, salt, cost, tag.length))
  const isRight = known !== null && crypto.subtle.timingSafeEqual(made, tag)
  return { isRight, isWeak: cost.m < COST.m || cost.t < COST.t || tag.length < TAG_BYTES || salt.length < SALT_BYTES }
}

type Phc = { cost: Cost; salt: Uint8Array; tag: Uint8Array }

/** What a password is compared with that can be nobody's. */
const NOBODY: Phc = { cost: COST, salt: new Uint8Array(SALT_BYTES), tag: new Uint8Array(TAG_BYTES) }

function write({ m, t, p }: Cost, salt: Uint8Array, tag: Uint8Array): string {
  const text = (bytes: Uint8Array): string => bytes.toBase64({ omitPadding: true })
  return `$argon2id$v=19$m=${m},t=${t},p=${p}$${text(salt)}$${text(tag)}`
}

function read(phc: string): Phc | null {
  const [, m, t, p, salt = '', tag = ''] = PHC.exec(phc) ?? []
  if (m === undefined) return null
  const cost = { m: Number(m), t: Number(t), p: Number(p) }
  return { cost, salt: Uint8Array.fromBase64(salt), tag: Uint8Array.fromBase64(tag) }
}

/** When each of those began to wait that are waiting. */
const waiting = new Set<{ since: number }>()
let last: Promise<unknown> = Promise.resolve()

/** Runs `work` when those are through who came before, and after a breath, in which the isolate does what else there is. */
async function inTurn<T>(work: () => T): Promise<T> {
  const now = clock.now()
  for (const turn of waiting) if (now - turn.since > WAIT_MS_MAX) waiting.delete(turn)
  if (waiting.size >= WAITING_MAX) throw new AppError('signInBusy', { headers: { 'retry-after': RETRY_SECONDS } })
  const turn = { since: now }
  const before = last
  waiting.add(turn)
  const run = (async () => {
    try {
      await atMost(WAIT_MS_MAX, before)
      await new Promise((resolve) => setTimeout(resolve, BREATH_MS))
      return work()
    } finally {
      waiting.delete(turn)
    }
  })()
  last = run.catch(() => {})
  // Goes on when the caller leaves: others wait for it.
  waitUntil(last)
  return run
}

/** Waits for `work`, which may never end: the request it belongs to can be cut off by the platform. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const limit = new Promise((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([work, limit])
  clearTimeout(timer)
}
