/** Pages asks here for the paths of `_routes.json`; all others are files. What is made is kept for five minutes. */
import { edge } from '../edge/edge.ts'

type Context = {
  request: Request
  env: { API_URL?: string; ASSETS: { fetch: (request: Request | URL) => Promise<Response> } }
  waitUntil: (work: Promise<unknown>) => void
  next: () => Promise<Response>
}

export async function onRequestGet({ request, env, waitUntil, next }: Context): Promise<Response> {
  const url = new URL(request.url)
  const cache = (caches as unknown as { default: Cache }).default
  const kept = await cache.match(request)
  if (kept) return kept
  const made = await edge(url.pathname, {
    apiUrl: env.API_URL ?? 'https://api.agentlink.io',
    siteUrl: url.origin,
    asset: (path) => env.ASSETS.fetch(new URL(path, url)),
    fetch,
  })
  if (!made) return next()
  if (made.ok && made.headers.get('cache-control') !== 'no-store') waitUntil(cache.put(request, made.clone()))
  return made
}
