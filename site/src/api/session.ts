/**
 * Who is signed in. The refresh token is in a cookie that no script reads; the access token lives in memory and is renewed
 * a minute before it ends. Tabs tell each other when somebody signs in or out.
 */
import { call, setTokens, type Answer } from './client.ts'
import { ApiError } from './error.ts'

export type Me = Answer<'GET /api/v1/auth/me'>
export type Session = { status: 'unknown' } | { status: 'out' } | { status: 'in'; me: Me }

type SignedIn = Answer<'POST /api/v1/auth/login'>
type Word = 'in' | 'out'

const RENEW_BEFORE_MS = 60_000
const TWIN_RETRY_MS = 400
/** Says that a cookie is probably there, so that who never signed in costs the API nothing. */
const HINT = 'agentlink.signed-in'

let session: Session = { status: 'unknown' }
let token: { text: string; endsAt: number } | undefined
let renewing: Promise<string | undefined> | undefined
let timer: ReturnType<typeof setTimeout> | undefined
const listeners = new Set<() => void>()
const tabs = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('agentlink.session')

/** What is known now. */
export function currentSession(): Session {
  return session
}

/** Calls `listener` at every change; gives the way to stop that. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Finds out who is signed in, with at most one request. Does not throw; `unknown` stays if the API is not reached. */
export async function startSession(): Promise<Session> {
  if (session.status === 'unknown' && !hinted()) become({ status: 'out' })
  if (session.status === 'unknown') await accessToken().catch(() => undefined)
  return session
}

/** Signs in. Throws an `ApiError`. */
export async function signIn(email: string, password: string): Promise<Me> {
  return begin(await call('POST /api/v1/auth/login', { body: { email, password }, isPublic: true }))
}

/** Confirms an address with the token of the mail, which signs in. Throws an `ApiError`. */
export async function confirmEmail(secret: string): Promise<Me> {
  return begin(await call('POST /api/v1/auth/verify-email', { body: { token: secret }, isPublic: true }))
}

/** Signs out here, in every tab; `isEverywhere` ends the other sessions of the account too. */
export async function signOut(isEverywhere = false): Promise<void> {
  try {
    if (isEverywhere) await call('POST /api/v1/auth/logout/all')
    else await call('POST /api/v1/auth/logout', { body: {}, isPublic: true })
  } finally {
    forget()
    tell('out')
  }
}

/** Reads the account anew, after it was changed. */
export async function reloadMe(): Promise<void> {
  const me = await call('GET /api/v1/auth/me')
  become({ status: 'in', me })
}

/** A token that is good for some time yet; undefined for who is signed out. */
export function accessToken(isStale = false): Promise<string | undefined> {
  if (session.status === 'out' || (session.status === 'unknown' && !hinted())) return Promise.resolve(undefined)
  if (!isStale && token && token.endsAt - performance.now() > RENEW_BEFORE_MS / 2) return Promise.resolve(token.text)
  renewing ??= alone(renew).finally(() => (renewing = undefined))
  return renewing
}

async function renew(): Promise<string | undefined> {
  try {
    return begin(await exchange(), true) && token?.text
  } catch (thrown) {
    // Whoever cannot reach the API is not signed out by that.
    if (!(thrown instanceof ApiError) || thrown.isPassing || thrown.status === 429) throw thrown
    forget()
    return undefined
  }
}

async function exchange(): Promise<SignedIn> {
  const once = () => call('POST /api/v1/auth/refresh', { body: {}, isPublic: true })
  try {
    return await once()
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.status !== 409) throw thrown
    // Another tab exchanged it at the same time; its cookie is ours as well.
    await new Promise((resolve) => setTimeout(resolve, TWIN_RETRY_MS))
    return once()
  }
}

/** One tab at a time: a refresh token is exchanged once. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? navigator.locks.request('agentlink.refresh', work) : work()
}

function begin(answer: SignedIn, isRenewal = false): Me {
  const livesMs = answer.expires_in * 1_000
  token = { text: answer.access_token, endsAt: performance.now() + livesMs }
  clearTimeout(timer)
  timer = setTimeout(() => void accessToken(true).catch(() => undefined), Math.max(livesMs - RENEW_BEFORE_MS, 1_000))
  store(true)
  become({ status: 'in', me: answer.user })
  if (!isRenewal) tell('in')
  return answer.user
}

function forget(): void {
  store(false)
  end()
}

/** What this tab kept goes with the session, such as the key of the playground. */
function end(): void {
  token = undefined
  clearTimeout(timer)
  try {
    sessionStorage.clear()
  } catch {
    // Then nothing was kept.
  }
  become({ status: 'out' })
}

function become(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

function tell(word: Word): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel takes none
  tabs?.postMessage(word)
}

function hinted(): boolean {
  try {
    return localStorage.getItem(HINT) !== null
  } catch {
    return true
  }
}

function store(isIn: boolean): void {
  try {
    if (isIn) localStorage.setItem(HINT, '1')
    else localStorage.removeItem(HINT)
  } catch {
    // Storage may be forbidden; then every page asks.
  }
}

if (tabs) {
  tabs.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (data === 'out') end()
    else if (session.status !== 'in') {
      session = { status: 'unknown' }
      void startSession()
    }
  })
}
setTokens(accessToken)
