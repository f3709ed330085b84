import { expect, test } from 'vitest'
import { api } from '../tests/world.ts'
import { referencePage } from './reference.ts'
import { exampleOf, fieldsOf } from './json-schema.ts'
import { VERSIONS } from './versions.ts'

type Document = { paths: Record<string, Record<string, { operationId: string; summary: string }>> }

test('the page of a version tells of each of its routes, and asks nothing of anybody else', async () => {
  for (const version of VERSIONS) {
    const { body: document } = await api(`GET /api/${version}/openapi.json`)
    const { status, headers, body: page } = await api(`GET /api/${version}/reference`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    const routes = Object.values((document as Document).paths).flatMap((methods) => Object.values(methods))
    for (const { operationId } of routes) expect(page).toContain(`<article class="op" id="${operationId}"`)
    expect(page).toContain(`${routes.length} routes, one door`)
    // What one route adds to the page; it is read on phones too.
    expect(page.length / routes.length).toBeLessThan(4_500)
    for (const [link] of page.matchAll(/href="#error-\w+"/g)) expect(page).toContain(link.replace('href="#', 'id="'))
    expect(page.match(/(?:src|action)="|<link|@import|url\(|\son\w+="|style="/g)).toBeNull()
  }
})

test('the page’s policy knows its style and its script by their hashes, and allows nothing else', async () => {
  const { headers, body: page } = await api('GET /api/v1/reference')
  const policy = headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^ ']+'; script-src 'sha256-[^ ']+';/)
  for (const name of ['style', 'script']) {
    const [, text = ''] = new RegExp(`<${name}>([^]*?)</${name}>`).exec(page) ?? []
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toBase64()
    expect(policy).toContain(`${name}-src 'sha256-${hash}'`)
    expect(page.split(`<${name}`)).toHaveLength(2)
  }
})

test('who has the page already is not sent it again', async () => {
  const { headers } = await api('GET /api/v1/reference')
  const again = await api('GET /api/v1/reference', { headers: { 'if-none-match': headers.get('etag') ?? '' } })
  expect([again.status, again.body]).toEqual([304, ''])
})

test('no word of the document is taken for markup', () => {
  const evil = `"><script>alert('x')</script>&`
  const schema = {
    type: 'object',
    description: evil,
    properties: { [evil]: { type: 'string', description: `\`${evil}\` **${evil}**`, enum: [evil], default: evil } },
  }
  const operation = {
    operationId: evil,
    tags: [evil],
    summary: evil,
    description: `${evil}\n\n\`${evil}\``,
    deprecated: true,
    'x-sunset': evil,
    'x-successor': evil,
    'x-allows': evil,
    security: [{ [evil]: [] }],
    parameters: [{ name: evil, in: 'query', required: true, description: evil, schema }],
    requestBody: { content: { 'application/json': { schema } } },
    responses: {
      200: { description: evil, content: { 'application/json': { schema } } },
      400: { description: evil, content: { 'application/json': { examples: { [evil]: { $ref: evil } } } } },
    },
  }
  const page = referencePage({
    info: { title: evil, version: evil, description: evil },
    tags: [{ name: evil, description: evil }],
    paths: { [`/${evil}`]: { get: operation } },
    components: {
      schemas: { Error: schema },
      securitySchemes: { [evil]: { description: evil } },
      examples: { [evil]: { summary: evil } },
    },
  })
  expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;')
  expect(page.split('<script')).toHaveLength(2)
  expect(page).not.toContain(`"><script>alert`)
})

test('a schema is read down to its last field, and its example fits it', () => {
  const schema = {
    type: 'object',
    required: ['id', 'tags'],
    properties: {
      id: { type: 'string', format: 'uuid' },
      tags: { type: 'array', minItems: 1, items: { type: 'object', properties: { name: { type: 'string' } } } },
      kind: { anyOf: [{ type: 'string', enum: ['a', 'b'] }, { type: 'null' }], default: null },
    },
  }
  expect(fieldsOf(schema).map(({ name, depth, type, isRequired }) => [name, depth, type, isRequired])).toEqual([
    ['id', 0, 'uuid', true],
    ['tags', 0, 'list of object', true],
    ['name', 1, 'string', false],
    ['kind', 0, 'string or null', false],
  ])
  expect(exampleOf(schema)).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), tags: [{}] })
})
