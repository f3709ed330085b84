/**
 * What bad input gets, on every route of the OpenAPI documents: an error of the caller in the one shape that errors have, which
 * names what is wrong and quotes nothing, and never a 5xx.
 */
import { SELF } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import { exampleOf, takesNull, type JsonSchema } from '../base/json-schema.ts'
import { VERSIONS } from '../base/versions.ts'
import { reachable } from './things.ts'
import { ask, at, idsIn, newProof, pathTo, queryOf, routes, type Answer, type Headers, type Route } from './document.ts'

const BODY_MAX_BYTES = 1_048_576
const DEEP = 100_000
const NOT_SAID =
  /\bat \S+ \(|\.ts:\d|\.js:\d|\bselect\b.+\bfrom\b|insert into|syntax error|duplicate key|\$\d|drizzle|neon|\bzod\b/i

/** One for each kind of caller, since it is refused input that is tested here and nothing comes of it. */
const proofs = new Map<string, Headers>()
beforeAll(async () => {
  for (const route of routes) {
    if (proofs.has(kindOf(route))) continue
    const proof = await newProof(route)
    if (proof) proofs.set(kindOf(route), proof)
  }
})

const kindOf = ({ allows, scheme }: Route): string => `${scheme} ${allows}`

type Case = { body: BodyInit; headers?: Headers; codes?: string[]; field?: string }

function send(route: Route, { body, headers = {} }: Case): Promise<Answer> {
  return ask(route.method, pathTo(route) + queryOf(route), {
    headers: { ...proofs.get(kindOf(route)), ...headers },
    body,
  })
}

/** What is wrong with an answer to bad input, or nothing. */
function faultOf({ status, text, error, requestId, headers }: Answer, { codes, field }: Partial<Case> = {}): string {
  if (status < 400 || status >= 500) return `answers ${status} ${text.slice(0, 200)}`
  if (!error || !/^\d{5}$/.test(error.code) || error.message === '' || !requestId)
    return `has not the shape of errors: ${text.slice(0, 200)}`
  if (requestId !== headers.get('x-request-id')) return 'names another request than its header'
  if (NOT_SAID.test(text)) return `says too much: ${text.slice(0, 300)}`
  if (text.length > 8_000) return `is ${text.length} characters long`
  if (codes && !codes.includes(error.code))
    return `answers ${error.code}, not ${codes.join(' or ')}: ${text.slice(0, 300)}`
  if (field !== undefined && !error.fields.some((named) => isAbout(named, field)))
    return `does not name ${field}: ${text.slice(0, 300)}`
  return ''
}

/** A wrong part of a field stands for the field, and a wrong whole for its part. */
function isAbout(named: string, field: string): boolean {
  return named === field || named.startsWith(`${field}.`) || field.startsWith(`${named}.`)
}

const withBody = routes.filter(({ body }) => body !== undefined)

describe.each(withBody.map((route) => [at(route), route] as const))('%s', (_, route) => {
  const schema = route.body ?? {}
  const good = exampleOf(schema) as Record<string, unknown>
  const text = JSON.stringify(good)
  const json = (value: unknown): Case => ({ body: JSON.stringify(value) })
  const names = Object.keys(schema.properties ?? { any: {} })
  // An object that knows none of its fields ignores them all, and then nothing is wrong with it.
  const flat = names.find(
    (name) => !typesOf(schema.properties?.[name] ?? {}).some((type) => /object|anything/.test(type)),
  )
  const inField = (raw: string): string => `{${names.map((name) => `${JSON.stringify(name)}:${raw}`).join(',')}}`

  const CASES: Record<string, Case> = {
    ...(route.isBodyRequired ? { 'an empty body': { body: '', codes: ['40001'] } } : {}),
    'white space': { body: '  \n', codes: ['40001'] },
    'no JSON': { body: '{"name": nonsense', codes: ['40001'] },
    'two JSON values': { body: `${text}${text}`, codes: ['40001'] },
    'another content type': { body: text, headers: { 'content-type': 'text/plain' }, codes: ['41501'] },
    'a form': { body: 'name=Ada', headers: { 'content-type': 'application/x-www-form-urlencoded' }, codes: ['41501'] },
    'another charset': {
      body: text,
      headers: { 'content-type': 'application/json; charset=utf-16' },
      codes: ['41501'],
    },
    'a content encoding': { body: text, headers: { 'content-encoding': 'gzip' }, codes: ['41501'] },
    'a megabyte and one': { body: `${text}${' '.repeat(BODY_MAX_BYTES + 1 - text.length)}`, codes: ['41301'] },
    'JSON of 100,000 levels': { body: '['.repeat(DEEP) + ']'.repeat(DEEP), codes: ['40001', '40002'] },
    ...(flat === undefined
      ? {}
      : {
          'an object of 100,000 levels in a field': {
            body: `{${JSON.stringify(flat)}:${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`,
            codes: ['40001', '40002'],
          },
        }),
    'fields of 10,000 levels': { body: inField('['.repeat(10_000) + ']'.repeat(10_000)), codes: ['40001', '40002'] },
    'invalid UTF-8': { body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), codes: ['40001'] },
    'an overlong UTF-8 form': {
      body: new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
      codes: ['40001'],
    },
    'a list': json([good]),
    'a number': json(1),
    'a string': json('text'),
    null: json(null),
    NaN: { body: inField('NaN'), codes: ['40001'] },
    '1e400 in every field': { body: inField('1e400'), codes: ['40002'] },
    'an object that claims to be text': { body: inField('{"toString":1,"length":5}'), codes: ['40002'] },
  }

  test('bodies that are none of what it takes', async () => {
    const wrong: string[] = []
    for (const [name, one] of Object.entries(CASES)) {
      const fault = faultOf(await send(route, one), one)
      if (fault !== '') wrong.push(`${name}: ${fault}`)
    }
    expect(wrong).toEqual([])
  })

  test('every field of another type, and null where it is not taken, by name', async () => {
    const wrong: string[] = []
    for (const { path, value } of wrongValues(schema)) {
      const body = JSON.stringify(put(good, path, value))
      const field = path.join('.')
      const fault = faultOf(await send(route, { body }), { codes: ['40001', '40002'], field })
      if (fault !== '') wrong.push(`${field}=${JSON.stringify(value)}: ${fault}`)
    }
    expect(wrong).toEqual([])
  })

  test('names of the language’s own, duplicate keys and lone surrogates end in no 5xx and change nobody else', async () => {
    const rest = text.slice(1)
    const bodies = [
      `{"__proto__":{"isAdmin":true,"user_type":"admin"}${rest === '}' ? '}' : `,${rest}`}`,
      `{"constructor":{"prototype":{"isAdmin":true}}${rest === '}' ? '}' : `,${rest}`}`,
      `{"__proto__":null}`,
      `${text.slice(0, -1)}${rest === '}' ? '' : ','}${rest}`,
      inField('"\\ud800"'),
      inField('"a\\u0000b"'),
      inField('"\\udfff\\ud800"'),
    ]
    for (const body of bodies) {
      const { status, text } = await send(route, { body })
      expect(status, `${body.slice(0, 200)} → ${text.slice(0, 300)}`).toBeLessThan(500)
      expect(text).not.toMatch(NOT_SAID)
    }
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })
})

describe('queries', () => {
  const withQuery = routes.filter(({ parameters }) => parameters.some((one) => one.in === 'query'))

  test.each(withQuery.map((route) => [at(route), route] as const))(
    '%s refuses every parameter by name when it is repeated or not what it should be',
    async (_, route) => {
      const wrong: string[] = []
      // Of a thing that there is, or what is wrong with the query would never be looked at.
      const { ids, headers } = (await reachable(route)) ?? { ids: {}, headers: proofs.get(kindOf(route)) ?? {} }
      const parameters = route.parameters.filter((one) => one.in === 'query')
      for (const { name, schema } of parameters) {
        const others = queryOf({ parameters: parameters.filter((one) => one.name !== name) })
        const path = `${pathTo(route, ids)}${others === '' ? '?' : `${others}&`}`
        for (const query of [...badValues(name, schema).map((value) => `${name}=${value}`), `${name}=1&${name}=1`]) {
          // Whoever brings a ticket in the query is refused before the rest of it is read.
          const isProof = route.scheme === 'none' && route.allows !== 'anyone'
          const fault = faultOf(
            await ask(route.method, path + query, { headers }),
            isProof ? {} : { codes: ['40002'], field: name },
          )
          if (fault !== '') wrong.push(`${query.slice(0, 60)}: ${fault}`)
        }
      }
      expect(wrong).toEqual([])
    },
  )

  test('what is not asked for in a query is ignored, however long or strange', async () => {
    const wrong: string[] = []
    for (const route of routes.filter(({ method, allows }) => method === 'GET' && allows === 'anyone'))
      for (const query of [
        '?__proto__=1&constructor=2',
        `?${'x'.repeat(8_000)}=1`,
        '?%00=%00',
        '?%ff=%c3%28',
        '?a[b]=1&[]=2',
      ]) {
        const { status, text } = await ask('GET', `${pathTo(route)}${query}`)
        if (status >= 500) wrong.push(`${at(route)}${query.slice(0, 40)} → ${status} ${text.slice(0, 200)}`)
      }
    expect(wrong).toEqual([])
  })
})

describe('ids in paths', () => {
  const STRANGE = [
    'x',
    '0',
    '-1',
    '00000000-0000-0000-0000-00000000000g',
    'a'.repeat(10_240),
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%00',
    'a%00b',
    'x.',
    '%20',
    '%ff',
    '%c3%28',
    '%E0%A4%A',
    "'%20or%201=1--",
    '%22;--',
    'null',
    'undefined',
    '__proto__',
    '%F0%9F%92%A9',
    '%ud800',
    '1e400',
    '%2F',
    '*',
  ]

  test('whatever stands there, it is an error of the caller', async () => {
    const wrong: string[] = []
    for (const route of routes)
      for (const { name } of idsIn(route))
        for (const value of STRANGE) {
          const path = pathTo({ ...route, path: route.path.replace(`{${name}}`, value) }) + queryOf(route)
          const body = route.body && JSON.stringify(exampleOf(route.body))
          const headers = proofs.get(kindOf(route)) ?? {}
          const answer = await ask(route.method, path, { headers, ...(body === undefined ? {} : { body }) })
          const fault = faultOf(answer)
          if (fault !== '') wrong.push(`${route.method} ${path.slice(0, 120)}: ${fault}`)
        }
    expect(wrong).toEqual([])
  })

  test('a path with something before, behind or between its parts is another path', async () => {
    const wrong: string[] = []
    for (const route of routes) {
      const path = pathTo(route)
      for (const other of [
        `/${path}`,
        `${path}/`,
        `${path}//`,
        path.replace(/\/(?=[^/]+$)/, '//'),
        `${path}%2f`,
        `${path}%00`,
      ]) {
        const answer = await ask(route.method, other, { headers: proofs.get(kindOf(route)) ?? {} })
        const fault = faultOf(answer)
        if (fault !== '') wrong.push(`${route.method} ${other}: ${fault}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

describe('methods and headers', () => {
  const paths = [...new Set(routes.map(({ path }) => path))]
  const methodsOf = (path: string): string[] =>
    routes.filter((route) => route.path === path).map(({ method }) => method)

  test('a path that exists answers another method with 405 and says which ones there are', async () => {
    const wrong: string[] = []
    for (const path of paths) {
      const route = routes.find((one) => one.path === path)
      const served = methodsOf(path).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter(
        (one) => !served.includes(one),
      )) {
        // A route with a name in the same place may serve this path too.
        if (!route || isServedElsewhere(path, method)) continue
        const { status, error, headers } = await ask(method, pathTo(route))
        const allowed = headers.get('allow')?.split(', ') ?? []
        const isRight = status === 405 && error?.code === '40501' && served.every((one) => allowed.includes(one))
        if (!isRight || allowed.includes(method)) wrong.push(`${method} ${path} → ${status} ${headers.get('allow')}`)
      }
    }
    expect(wrong).toEqual([])
  })

  function isServedElsewhere(path: string, method: string): boolean {
    return routes.some(
      (other) => other.method === method && new RegExp(`^${other.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
  }

  test('HEAD answers as GET does, without a body', async () => {
    for (const route of routes.filter(
      ({ method, allows, path }) => method === 'GET' && allows === 'anyone' && !path.includes('{'),
    )) {
      const [get, head] = [
        await ask('GET', route.path + queryOf(route)),
        await ask('HEAD', route.path + queryOf(route)),
      ]
      expect([head.status, head.text, head.headers.get('content-type')]).toEqual([
        get.status,
        '',
        get.headers.get('content-type'),
      ])
    }
  })

  test('a header or a parameter that names another method changes nothing', async () => {
    for (const route of routes.filter(({ method, scheme }) => method === 'DELETE' && scheme === 'session')) {
      const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE', 'x-http-method': 'DELETE' }
      if (isServedElsewhere(route.path, 'POST')) continue
      expect((await ask('POST', `${pathTo(route)}?_method=DELETE`, { headers })).status).toBe(405)
    }
    const { status } = await ask('GET', '/api/v1/openapi.json', { headers: { 'x-http-method-override': 'DELETE' } })
    expect(status).toBe(200)
  })

  test.each(['a%0d%0aSet-Cookie: a=b', 'a b', 'a;b', '<script>', 'x'.repeat(37), 'ä', ''])(
    'the request id %j is not taken over',
    async (sent) => {
      const { headers, status } = await ask('GET', '/api/v1/openapi.json', { headers: { 'x-request-id': sent } })
      expect(status).toBe(200)
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
      expect(headers.get('set-cookie')).toBeNull()
    },
  )

  test('a line break cannot be sent in a header at all', () => {
    expect(() => new Headers({ 'x-request-id': 'a\r\nset-cookie: b=c' })).toThrow()
  })
})

describe('browsers of other sites', () => {
  const path = `/api/${VERSIONS[0]}/openapi.json`
  const cors = async (method: string, origin: string): Promise<Record<string, string | null>> => {
    const response = await SELF.fetch(`https://agentlink.test${path}`, {
      method,
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })
    await response.body?.cancel()
    const { headers } = response
    return {
      origin: headers.get('access-control-allow-origin'),
      credentials: headers.get('access-control-allow-credentials'),
    }
  }

  test.each([
    'null',
    'https://agentlink.io.evil.test',
    'https://evilagentlink.io',
    'https://evil.test/https://agentlink.io',
    'http://agentlink.io',
    'https://agentlink.io:8443',
    'https://AGENTLINK.io.',
    'https://app.agentlink.io@evil.test',
    '*',
    'file://',
  ])('%s is not told that it may read anything', async (origin) => {
    for (const method of ['GET', 'OPTIONS']) expect((await cors(method, origin)).origin).toBeNull()
  })

  test('our own sites may, with credentials, and are named one by one', async () => {
    for (const origin of ['https://agentlink.io', 'https://app.agentlink.io'])
      for (const method of ['GET', 'OPTIONS'])
        expect(await cors(method, origin)).toEqual({ origin, credentials: 'true' })
  })
})

/** A wrong value for every field, however deep, in a body that is otherwise good. */
function wrongValues(schema: JsonSchema, path: string[] = []): { path: string[]; value: unknown }[] {
  if (path.length > 4) return []
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = [...path, name]
    const own = isAnything(field) ? [] : [...notOf(field), ...(takesNull(field) ? [] : [null])]
    const inner = field.properties ? wrongValues(field, here) : []
    return [...own.map((value) => ({ path: here, value })), ...inner]
  })
}

function isAnything({ type, anyOf, oneOf, enum: values, ...rest }: JsonSchema): boolean {
  return type === undefined && !anyOf && !oneOf && !values && !('const' in rest)
}

/** Values of types that a field does not take. */
function notOf(schema: JsonSchema): unknown[] {
  const types = new Set(typesOf(schema))
  const values: [string, unknown][] = [
    ['string', 'no such value, surely'],
    ['number', 12.5],
    ['boolean', true],
    ['array', [[[]]]],
    ['object', { unheard: { of: 1 } }],
  ]
  const others = values.filter(([type]) => !types.has(type) && !types.has('anything')).map(([, value]) => value)
  const isOfFew = types.has('string') && schema.enum !== undefined
  return isOfFew ? [...others, 'no such value, surely'] : others
}

function typesOf({ type, anyOf, oneOf, enum: values, ...rest }: JsonSchema): string[] {
  if (values || 'const' in rest) return [...new Set((values ?? [rest.const]).map((value) => typeof value))]
  const variants = anyOf ?? oneOf
  if (variants) return variants.flatMap(typesOf)
  return type === undefined ? ['anything'] : [type].flat().map((one) => (one === 'integer' ? 'number' : one))
}

function put(body: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): Record<string, unknown> {
  if (rest.length === 0) return { ...body, [name]: value }
  const inner = body[name]
  const before = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {}
  return { ...body, [name]: put(before, rest, value) }
}

/** What is no value of a parameter, as it would stand in a query. */
function badValues(name: string, schema: JsonSchema): string[] {
  const { minimum, maximum, format, enum: values, maxLength } = schema
  const isNumber = ['integer', 'number'].includes(String(schema.type))
  return [
    ...(isNumber ? ['abc', '1e400', 'NaN', '0x'] : []),
    ...(schema.type === 'integer' ? ['1.5'] : []),
    ...(isNumber && minimum !== undefined ? [String(minimum - 1)] : []),
    ...(isNumber && maximum !== undefined && maximum < 1e9 ? [String(maximum + 1)] : []),
    ...(format === 'uuid' || format === 'date' || format === 'date-time' || values ? ['nonsense', '%00'] : []),
    ...(maxLength !== undefined ? ['x'.repeat(maxLength + 1)] : []),
    ...(name === 'cursor'
      ? ['nonsense', '%00', 'W10', 'e30', 'bnVsbA', 'WzEsMiwzLDQsNSw2LDdd', 'WyJ4IiwieSJd', '../../x']
      : []),
  ]
}
