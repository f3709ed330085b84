/** What the API says of itself: the OpenAPI document for programs, and the same as a page for people. */
import { Hono } from 'hono'
import { openApi } from './openapi.ts'
import { referencePage, referencePolicy } from './reference.ts'
import { anyone, publicText, routesOf } from './route.ts'
import { VERSIONS } from './versions.ts'
import type { AppContext } from '../env.ts'

/** Declared by a call, so that it comes after every room that the page tells of. */
export function referenceRoutes(): Hono<AppContext> {
  const reference = new Hono<AppContext>()
  const route = routesOf(reference, 'Reference', 'What the API says of itself.')
  for (const version of VERSIONS) {
    route(
      `GET /api/${version}/openapi.json`,
      {
        summary: 'Every route of this version, as OpenAPI 3.1',
        who: anyone,
        limit: { name: 'openapi', perMinute: 60 },
        produces: 'application/json',
        until: version,
      },
      ({ c }) => publicText(c, JSON.stringify(openApi(version)), 'application/json; charset=utf-8'),
    )
    route(
      `GET /api/${version}/reference`,
      {
        summary: 'Every route of this version, as a page to read',
        who: anyone,
        limit: { name: 'reference', perMinute: 60 },
        produces: 'text/html',
        until: version,
      },
      async ({ c }) => {
        c.header('content-security-policy', await referencePolicy())
        return publicText(c, referencePage(openApi(version)), 'text/html; charset=utf-8')
      },
    )
  }
  return reference
}
