/** The only `fetch` of the site: typed by the path of a route, with the session of whoever is signed in. */
import { API_URL } from './config.ts'
import { ApiError, errorOf, parsed } from './error.ts'
import type { Api } from './types.ts'

const TIMEOUT_MS = 20_000

export type Route = keyof Api
export type Answer<R extends Route> = Api[R]['answer']
export type Query<R extends Route> = Api[R]['query']
export type Body<R extends Route> = Api[R]['body']
/** One entry of a list. */
export type Item<R extends Route> = Answer<R> extends { items: (infer T)[] } ? T : never

type Part<Name extends string, T> = [T] extends [undefined]
  ? { [N in Name]?: undefined }
  : undefined extends T
    ? { [N in Name]?: T }
    : Record<string, never> extends T
      ? { [N in Name]?: T }
      : { [N in Name]: T }
export type Asked<R extends Route> = Part<'params', Api[R]['params']> &
  Part<'query', Api[R]['query']> &
  Part<'body', Api[R]['body']> & {
    signal?: AbortSignal | undefined
    /** Names this request, so that sending it twice does it once. */
    idempotencyKey?: string
    /** Sent without a session, even if there is one. */
    isPublic?: boolean
  }
/** What follows the route in a call; may be left out where a route takes nothing. */
export type ArgsOf<R extends Route> = Record<string, never> extends Asked<R> ? [Asked<R>?] : [Asked<R>]
type Loose = {
  params?: Record<string, string | number>
  query?: Record<string, string | number | boolean | null | undefined | (string | number)[]>
  body?: unknown
  signal?: AbortSignal
  idempotencyKey?: string
  isPublic?: boolean
}

/** Gives an access token, or undefined for who is not signed in; `isStale` asks for another than the last one given. */
type Tokens = (isStale: boolean) => Promise<string | undefined>
let tokens: Tokens = () => Promise.resolve(undefined)

/** The session says here how calls prove who makes them. */
export function setTokens(source: Tokens): void {
  tokens = source
}

/** Calls a route. Throws an `ApiError`, or what `signal` was aborted with. */
export async function call<R extends Route>(route: R, ...[asked]: ArgsOf<R>): Promise<Answer<R>> {
  const response = await answer(route, (asked ?? {}) as Loose)
  const type = response.headers.get('content-type') ?? ''
  const text = await response.text()
  const body = response.status === 204 ? undefined : type.includes('json') ? parsed(text) : text
  if (body === undefined && response.status !== 204) throw malformed(response)
  return body as Answer<R>
}

/** The file that a route answers with, such as a CSV, and the name it comes with. Throws an `ApiError`. */
export async function download<R extends Route>(
  route: R,
  ...[asked]: ArgsOf<R>
): Promise<{ blob: Blob; name: string | undefined }> {
  const response = await answer(route, (asked ?? {}) as Loose)
  const [, name] = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') ?? '') ?? []
  return { blob: await response.blob(), name }
}

/**
 * Sends a body that is no JSON, such as a file; `path` is full, its parameters in place. Gives what came back, parsed.
 * Throws an `ApiError`.
 */
export async function send(
  method: 'POST' | 'PUT',
  path: string,
  body: BodyInit,
  options: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<unknown> {
  const response = await reach(path, { method, body, ...options }, true)
  return parsed(await response.text())
}

/** The answer itself, for a stream; `headers` go along. Throws an `ApiError` for what is not 2xx. */
export function open(path: string, init: RequestInit): Promise<Response> {
  return reach(path, init, false)
}

/** As `open`, with the session of whoever is signed in. */
export function openMine(path: string, init: RequestInit): Promise<Response> {
  return reach(path, init, true)
}

async function answer(route: string, asked: Loose): Promise<Response> {
  const [method = 'GET', template = ''] = route.split(' ')
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(asked.params?.[name] ?? '')),
  )
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked.query ?? {})) {
    if (Array.isArray(value)) for (const one of value) query.append(name, String(one))
    else if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  const headers: Record<string, string> = {}
  if (asked.body !== undefined) headers['content-type'] = 'application/json'
  if (asked.idempotencyKey !== undefined) headers['idempotency-key'] = asked.idempotencyKey
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const init: RequestInit = {
    method,
    headers,
    credentials: template.startsWith('/api/v1/auth/') ? 'include' : 'omit',
    signal: asked.signal ? AbortSignal.any([asked.signal, timeout]) : timeout,
  }
  if (asked.body !== undefined) init.body = JSON.stringify(asked.body)
  return reach(query.size > 0 ? `${path}?${query}` : path, init, asked.isPublic !== true)
}

async function reach(path: string, init: RequestInit, isMine: boolean): Promise<Response> {
  const token = isMine ? await tokens(false) : undefined
  let response = await sent(path, init, token)
  if (response.status === 401 && token !== undefined) {
    // It ran out on its way, or the session has ended: the next token tells which.
    const next = await tokens(true)
    if (next !== undefined) response = await sent(path, init, next)
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

async function sent(path: string, init: RequestInit, token: string | undefined): Promise<Response> {
  const headers = {
    ...(init.headers as Record<string, string>),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  }
  try {
    return await fetch(API_URL + path, { ...init, headers })
  } catch (thrown) {
    const isGivenUp = thrown instanceof DOMException && thrown.name === 'AbortError'
    if (isGivenUp) throw thrown
    if ('onLine' in navigator && !navigator.onLine) throw new ApiError('offline', 'offline')
    throw new ApiError('unreachable', 'unreachable')
  }
}

function malformed(response: Response): ApiError {
  return new ApiError('malformed', 'malformed', {
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}
