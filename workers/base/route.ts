/**
 * How a route is declared: what it is for, who may use it, what it takes and what it gives. One declaration reads the
 * request, shapes the answer and stands in the OpenAPI document, so that the three cannot drift apart.
 *
 *     const route = routesOf(keys, 'API keys')
 *     route('GET /api/v1/developers/keys', { summary: 'Your keys', who: developer, answer: KeyList }, async ({ env, me }) => …)
 *
 * Fields that a schema does not list neither come in nor go out.
 */
import { AppError, type ErrorName } from './errors.ts'
import { isBodiless, readJson } from './body.ts'
import { newId } from './ids.ts'
import { idempotencyKeyOf, once } from './once.ts'
import { addressOf, throttle } from './throttle.ts'
import { validate } from './validate.ts'
import { deprecationHeaders, servedPaths, type Deprecation, type Version } from './versions.ts'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type * as z from 'zod'
import type { AppContext, Bindings } from '../env.ts'

/** How long public answers may be kept by caches between us and the reader. */
const PUBLIC_SECONDS = 300
const ETAG_CHARS = 22

/** Who may use a route. `admit` gives what is known of them, or throws 401 or 403. */
export type Guard<Who> = {
  /** What is sent to prove it: nothing, an access token, an API key, or the operator's token. */
  scheme: 'none' | 'session' | 'key' | 'operator'
  /** Whom it lets pass, as the document and the authorisation tests name them: `anyone`, `creator`, `admin users:view`, … */
  allows: string
  admit(c: Context<AppContext>): Promise<Who>
}

/** Lets everybody pass. */
export const anyone: Guard<null> = { scheme: 'none', allows: 'anyone', admit: async () => null }

export type RouteSpec<
  Who,
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> = {
  /** One line: what it does, as its reader would say it. */
  summary: string
  /** What else a reader has to know, in Markdown. */
  description?: string
  who: Guard<Who>
  params?: Params
  query?: Query
  /** A JSON body; one whose schema takes `undefined` may be left out. A route without one ignores what is sent. */
  body?: Body
  /** The JSON answer; a route without one answers 204, or with a `Response` of its own. */
  answer?: Answer
  /** The media type of an answer that is not JSON. */
  produces?: string
  /** Default: 200, or 204 without an answer. */
  status?: 200 | 201 | 202
  /** The answer is a WebSocket (101), which the handler gives as a `Response`. */
  isWebSocket?: true
  /** `public`: the same for everybody, kept by caches for 5 minutes, with an ETag. Default: never stored. */
  cache?: 'public'
  /**
   * How often one address may ask, before it is even looked at who asks. What is left is told with the refusal only: caches
   * keep public answers, and would tell everybody the count of one.
   */
  limit?: { name: string; perMinute: number }
  /**
   * Takes an `Idempotency-Key`: the handler makes what it makes under `makeId`, and this finds it there again as it is now, or
   * gives null. For people who are signed in. How it is kept to: `once.ts`.
   */
  findMade?(
    this: void,
    ask: Ask<Who, z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<z.input<Answer> | null>
  /** The causes a caller has to reckon with besides the usual ones. */
  errors?: ErrorName[]
  /** The last version that serves the route in this form. Default: the newest. */
  until?: Version
  deprecated?: Deprecation
}

/** What a handler is given: everything that was sent, read by the route's schemas. */
export type Ask<Who, Params, Query, Body> = {
  c: Context<AppContext>
  env: Bindings
  me: Who
  params: Params
  query: Query
  body: Body
  /** The id for what is made: a new one, or that of the same request that came before. */
  makeId: string
}

/** A route as it was declared, for the document and for the tests that go over all of them. */
export type Operation = Omit<RouteSpec<unknown>, 'who' | 'findMade'> & {
  method: string
  path: string
  version: Version | null
  room: string
  scheme: Guard<unknown>['scheme']
  allows: string
  takesIdempotencyKey: boolean
}

/** Every route of the Worker, in the order of declaration. */
export const operations: Operation[] = []

/** What the document says of each heading, where a room has said it. */
export const rooms = new Map<string, string>()

/** Declares routes on a room's app. `room` is the heading under which the document lists them, `about` a sentence below it. */
export function routesOf(app: Hono<AppContext>, room: string, about?: string) {
  if (about !== undefined) rooms.set(room, about)
  return function route<
    Who,
    Params extends z.ZodType,
    Query extends z.ZodType,
    Body extends z.ZodType,
    Answer extends z.ZodType,
  >(
    methodAndPath: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`,
    spec: RouteSpec<Who, Params, Query, Body, Answer>,
    handle: (
      ask: Ask<Who, z.output<Params>, z.output<Query>, z.output<Body>>,
    ) => Promise<z.input<Answer> | Response | void>,
  ): void {
    const [method = '', path = ''] = methodAndPath.split(' ')
    const paths = describeRoute(room, methodAndPath, spec)
    app.on(method, paths, markDeprecated(spec.deprecated), async (c) => {
      if (spec.limit) await limitAddress(c, spec.limit)
      const me = await spec.who.admit(c)
      c.set('userId', idOf(me))
      const params = spec.params && validate(spec.params, paramsOf(c))
      const query = spec.query && validate(spec.query, queryOf(c))
      const body = spec.body && validate(spec.body, await bodyOf(c.req.raw, spec.body))
      const ask = { c, env: c.env, me, params, query, body, makeId: newId() } as Parameters<typeof handle>[0]
      return respond(c, spec, path, await answered(`${method} ${path}`, spec, ask, handle))
    })
  }
}

/** Puts a route into the document without serving it: for one that reads its requests itself. Gives the paths to serve it under. */
export function describeRoute<Who>(room: string, methodAndPath: string, spec: RouteSpec<Who>): string[] {
  const [method = '', declared = ''] = methodAndPath.split(' ')
  const { who, findMade, ...rest } = spec
  const takesIdempotencyKey = findMade !== undefined
  const served = servedPaths(declared, spec.until)
  for (const { path, version } of served)
    operations.push({
      ...rest,
      method,
      path,
      version,
      room,
      scheme: who.scheme,
      allows: who.allows,
      takesIdempotencyKey,
    })
  return served.map(({ path }) => path)
}

/** The methods that routes answer at this path, `HEAD` beside every `GET`; none if there is no such path. */
export function methodsAt(path: string): string[] {
  const here = operations.filter((operation) => patternOf(operation).test(path))
  return [...new Set(here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])))]
}

const patterns = new Map<string, RegExp>()

function patternOf({ path }: Operation): RegExp {
  const known = patterns.get(path)
  if (known) return known
  const segments = path.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : RegExp.escape(segment)))
  const pattern = new RegExp(`^${segments.join('/')}$`)
  patterns.set(path, pattern)
  return pattern
}

type Handle<Who, Params, Query, Body, Given> = (ask: Ask<Who, Params, Query, Body>) => Promise<Given>

/** What the handler gives, or what it has made before for a request of the same name. */
async function answered<Who, Params, Query, Body, Given>(
  methodAndPath: string,
  { who, findMade }: { who: Guard<Who>; findMade?: Handle<Who, Params, Query, Body, Given | null> },
  ask: Ask<Who, Params, Query, Body>,
  handle: Handle<Who, Params, Query, Body, Given>,
): Promise<Given> {
  const key = findMade ? idempotencyKeyOf(ask.c.req.raw.headers) : null
  if (!findMade || key === null) return handle(ask)
  if (who.scheme !== 'session') throw new Error(`${methodAndPath} takes an Idempotency-Key of nobody.`)
  const { params, query, body } = ask
  const asked = JSON.stringify([methodAndPath, params, query, body])
  const named = { userId: (ask.me as { id: string }).id, key, asked }
  const { given, isReplay } = await once<Given>(ask.env, named, {
    make: (makeId) => handle({ ...ask, makeId }),
    find: (makeId) => findMade({ ...ask, makeId }),
  })
  if (isReplay) ask.c.header('idempotent-replayed', 'true')
  return given
}

function markDeprecated(deprecated: Deprecation | undefined): MiddlewareHandler {
  const headers = deprecated ? Object.entries(deprecationHeaders(deprecated)) : []
  return async (c, next) => {
    await next()
    for (const [name, value] of headers) c.res.headers.set(name, value)
  }
}

/** Whose account it is that asks, with a session or a key, for the log. */
function idOf(me: unknown): string | undefined {
  const { id, accountId } = (me ?? {}) as { id?: string; accountId?: string }
  return accountId ?? id
}

async function limitAddress(c: Context<AppContext>, limit: { name: string; perMinute: number }): Promise<void> {
  const { name, perMinute } = limit
  await throttle(c.env, { name, key: addressOf(c.req.raw.headers), limit: perMinute, windowSeconds: 60 })
}

async function bodyOf(request: Request, schema: z.ZodType): Promise<unknown> {
  return isBodiless(request) && schema.isOptional() ? undefined : (await readJson(request)).json
}

/** The names in the path. Nothing is called by a name with a NUL in it, and no text column of Postgres takes one. */
function paramsOf(c: Context): Record<string, string> {
  const params = c.req.param()
  if (Object.values(params).some((value) => value.includes('\0'))) throw new AppError('routeNotFound')
  return params
}

/** The query, a parameter that is repeated as a list: no schema takes one for a single value. */
function queryOf(c: Context): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(c.req.queries()).map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  )
}

async function respond(
  c: Context,
  spec: Omit<RouteSpec<unknown>, 'who'>,
  path: string,
  given: unknown,
): Promise<Response> {
  if (given instanceof Response) return given
  if (!spec.cache) c.header('cache-control', 'no-store')
  if (!spec.answer) return c.body(null, 204)
  const shaped = spec.answer.safeParse(given)
  if (!shaped.success) {
    const fields = shaped.error.issues.map((issue) => issue.path.join('.')).join(', ')
    throw new AppError('internal', { cause: new Error(`The answer of ${path} is not as declared: ${fields}`) })
  }
  if (spec.cache) return publicText(c, JSON.stringify(shaped.data), 'application/json; charset=utf-8')
  return c.json(shaped.data as object, spec.status ?? 200)
}

/** A public answer with its ETag and five minutes of life; 304 to who has it already. */
export async function publicText(c: Context, text: string, contentType: string): Promise<Response> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const etag = `"${new Uint8Array(digest).toBase64({ alphabet: 'base64url' }).slice(0, ETAG_CHARS)}"`
  const headers = { etag, 'cache-control': `public, max-age=${PUBLIC_SECONDS}`, 'content-type': contentType }
  const known = c.req
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
  return known?.includes(etag) ? c.body(null, 304, headers) : c.body(text, 200, headers)
}
