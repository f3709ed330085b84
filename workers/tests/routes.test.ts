/** What holds for every route: it is declared, it stands in the document of its version, and what it leaves unsaid is refused alike. */
import { expect, test } from 'vitest'
import { app } from '../app.ts'
import { openApi } from '../base/openapi.ts'
import { operations } from '../base/route.ts'
import { VERSIONS } from '../base/versions.ts'
import { api } from './world.ts'

test('every route that is served is declared', () => {
  const declared = new Set(operations.map(({ method, path }) => `${method} ${path}`))
  const served = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
  expect([...new Set(served)].filter((route) => !declared.has(route) && route !== 'GET /health')).toEqual([])
})

test('every declared route is served', () => {
  const served = new Set(app.routes.map(({ method, path }) => `${method} ${path}`))
  expect(operations.map(({ method, path }) => `${method} ${path}`).filter((route) => !served.has(route))).toEqual([])
})

test('the document of a version holds each of its routes under an id of its own', async () => {
  for (const version of VERSIONS) {
    const { status, body } = await api(`GET /api/${version}/openapi.json`)
    expect(status).toBe(200)
    expect(body).toEqual(JSON.parse(JSON.stringify(openApi(version))))
    const described = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
      (methods) => Object.values(methods).map(({ operationId }) => operationId),
    )
    const expected = operations.filter((operation) => operation.version === null || operation.version === version)
    expect(described).toHaveLength(expected.length)
    expect(new Set(described).size).toBe(described.length)
  }
})

test('an unknown version says which ones are served', async () => {
  const { status, body } = await api('GET /api/v9/openapi.json')
  expect(status).toBe(404)
  expect(body.error).toMatchObject({ code: '40405', details: { served: ['v1', 'v2'] } })
})

test('a public answer is not sent again to who has it', async () => {
  const first = await api('GET /v1/models')
  expect(first.headers.get('cache-control')).toBe('public, max-age=300')
  const etag = first.headers.get('etag') ?? ''
  const again = await api('GET /v1/models', { headers: { 'if-none-match': `W/${etag}` } })
  expect(again.status).toBe(304)
  expect(again.body).toBe('')
})
