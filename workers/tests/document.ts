/** The routes as the OpenAPI documents tell of them, for tests that go over all of them. */
// Declares every route.
import '../app.ts'
import { SELF } from 'cloudflare:test'
import { ADMIN_ROLES, isAllowed, type AdminRole, type Permission } from '../auth/permissions.ts'
import { newId } from '../base/ids.ts'
import { exampleOf, type JsonSchema } from '../base/json-schema.ts'
import { openApi } from '../base/openapi.ts'
import { VERSIONS } from '../base/versions.ts'
import { anyAddress, bindings, newDeveloper, signIn, type Account, type Developer } from './world.ts'

export type Parameter = { name: string; in: 'path' | 'query' | 'header'; required: boolean; schema: JsonSchema }
export type Scheme = 'none' | 'session' | 'key' | 'operator'
export type Route = {
  method: string
  /** As in the document: `/api/v1/agents/{id}`. */
  path: string
  /** `GET /agents/{id}`: the same for all versions. */
  name: string
  allows: string
  scheme: Scheme
  parameters: Parameter[]
  body: JsonSchema | undefined
  isBodyRequired: boolean
}

type Documented = {
  'x-allows': string
  security: Record<string, unknown>[]
  parameters: Parameter[]
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> }
}

/** Every route of every version, once. */
export const routes: Route[] = [
  ...new Map(VERSIONS.flatMap((version) => routesOfVersion(openApi(version))).map((route) => [at(route), route])),
].map(([, route]) => route)

function routesOfVersion(document: object): Route[] {
  const { paths } = document as { paths: Record<string, Record<string, Documented>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, documented]) => {
      const method = verb.toUpperCase()
      const [scheme = 'none'] = Object.keys(documented.security[0] ?? {})
      return {
        method,
        path,
        name: `${method} ${path.replace(/^\/(api|proxy)\/v\d+/, '')}`,
        allows: documented['x-allows'],
        scheme: scheme as Scheme,
        parameters: documented.parameters,
        body: documented.requestBody?.content['application/json']?.schema,
        isBodyRequired: documented.requestBody?.required ?? false,
      }
    }),
  )
}

/** `GET /api/v1/agents/{id}`, as failing tests name it. */
export function at({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`
}

/** The names in a route's path, each with the word before it, which says what it is the id of. */
export function idsIn({ path }: Pick<Route, 'path'>): { name: string; of: string }[] {
  const segments = path.split('/')
  return segments.flatMap((segment, index) =>
    segment.startsWith('{') ? [{ name: segment.slice(1, -1), of: segments[index - 1] ?? '' }] : [],
  )
}

/** The path with ids in it: those given, by the word before them, and made-up ones of nothing elsewhere. */
export function pathTo(route: Pick<Route, 'path' | 'parameters'>, ids: Record<string, string> = {}): string {
  return idsIn(route).reduce((path, { name, of }) => {
    const schema = route.parameters.find((one) => one.in === 'path' && one.name === name)?.schema ?? {}
    return path.replace(`{${name}}`, ids[of] ?? madeUp(schema))
  }, route.path)
}

function madeUp(schema: JsonSchema): string {
  if (schema.format === 'uuid') return newId()
  if (schema.type === 'integer' || schema.type === 'number') return '987654'
  return schema.enum ? String(schema.enum[0]) : `nothing-${newId().slice(0, 8)}`
}

/** The least that a route has to be asked for in its query. */
export function queryOf({ parameters }: Pick<Route, 'parameters'>): string {
  const needed = parameters.filter((one) => one.in === 'query' && one.required)
  const query = new URLSearchParams(needed.map(({ name, schema }) => [name, String(exampleOf(schema, false, name))]))
  return query.size === 0 ? '' : `?${query.toString()}`
}

export type Headers = Record<string, string>

export type Answer = {
  status: number
  headers: globalThis.Headers
  text: string
  /** Of the platform's or of OpenAI's error shape, or undefined. */
  error: { code: string; message: string; fields: string[] } | undefined
  requestId: string | undefined
}

/** Asks, each time from another address, so that what is limited by address is not what answers. */
export async function ask(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Headers; body?: BodyInit } = {},
): Promise<Answer> {
  const response = await SELF.fetch(`https://agentlink.test${path}`, {
    method,
    redirect: 'manual',
    headers: {
      'cf-connecting-ip': anyAddress(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, ...errorIn(text) }
}

function errorIn(text: string): Pick<Answer, 'error' | 'requestId'> {
  if (!text.startsWith('{"error":{')) return { error: undefined, requestId: undefined }
  const { error, request_id } = JSON.parse(text) as {
    error: { code?: string; message?: string; param?: string; request_id?: string; details?: { fields?: Field[] } }
    request_id?: string
  }
  const fields = (error.details?.fields ?? []).map(({ field }) => field)
  const named = error.param === undefined || error.param === null ? fields : [...fields, error.param]
  return {
    error: { code: error.code ?? '', message: error.message ?? '', fields: named },
    requestId: request_id ?? error.request_id,
  }
}
type Field = { field: string }

export const ROLES = ['creator', 'developer', ...ADMIN_ROLES] as const
export type Role = (typeof ROLES)[number]

/** Which roles a route of people is for, or null if its `x-allows` is not one of those known here. */
export function rolesOf({ allows }: Pick<Route, 'allows'>): readonly Role[] | null {
  if (allows === 'signed in') return ROLES
  if (allows === 'creator' || allows === 'developer') return [allows]
  const [, permission] = /^admin (.+)$/.exec(allows) ?? []
  if (permission === undefined) return null
  return ADMIN_ROLES.filter((role) => isAllowed(role, permission as Permission))
}

/** Somebody new of this role. */
export function newPerson(role: Role): Promise<Account> {
  return role === 'creator' || role === 'developer' ? signIn(role) : signIn('admin', role satisfies AdminRole)
}

export const asUser = ({ token }: Pick<Account, 'token'>): Headers => ({ authorization: `Bearer ${token}` })
export const withKey = ({ key }: Pick<Developer, 'key'>): Headers => ({ 'x-agentlink-key': key })
export const asOperator: Headers = { authorization: `Bearer ${String(bindings['OPERATOR_TOKEN'])}` }

/** What somebody new has to send to be let pass. Null where that is not known here. */
export async function newProof(route: Pick<Route, 'allows' | 'scheme'>): Promise<Headers | null> {
  if (route.allows === 'anyone') return {}
  if (route.scheme === 'key') return withKey(await newDeveloper())
  if (route.scheme === 'operator') return asOperator
  const role = rolesOf(route)?.[0]
  return role === undefined ? null : asUser(await newPerson(role))
}
