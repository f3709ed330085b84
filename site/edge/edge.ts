/**
 * What of the site is made when it is asked for: the heads of agents' pages, their pictures, the sitemap and `llms.txt`. The
 * rest are files. Runs on Pages and in the local server alike.
 */
import { agentPage, type Agent } from './agent-page.ts'
import { fromApi, type Edge } from './api.ts'
import { icon, picture } from './picture.ts'
import { sitemap } from './sitemap.ts'

const AGENT_PAGE = /^(\/zh)?\/agents\/([a-z0-9-]{1,80})\/?$/i
const PICTURE = /^\/pictures\/([a-z0-9-]{1,80})\.(svg|png)$/i
const CACHE = 'public, max-age=300, stale-while-revalidate=3600'

/** The answer to a GET; null for what is a file. */
export async function edge(path: string, at: Edge): Promise<Response | null> {
  const [, zh, slug] = AGENT_PAGE.exec(path) ?? []
  if (slug !== undefined) return page(zh === undefined ? 'en' : 'zh', slug, at)
  const [, id, kind] = PICTURE.exec(path) ?? []
  if (id !== undefined) return kind === 'png' ? file(picture(id), 'image/png') : file(icon(id), 'image/svg+xml')
  if (path === '/sitemap.xml') return file(await sitemap(at), 'application/xml; charset=utf-8')
  if (path === '/llms.txt') {
    const answer = await fromApi(at, '/llms.txt')
    return answer.ok ? file(await answer.text(), 'text/plain; charset=utf-8') : answer
  }
  return null
}

async function page(lang: 'en' | 'zh', slug: string, at: Edge): Promise<Response> {
  const [shell, answer] = await Promise.all([
    at.asset(lang === 'zh' ? '/zh/agent' : '/agent'),
    fromApi(at, `/api/v1/marketplace/agents/${slug}`).catch(() => undefined),
  ])
  const html = await shell.text()
  if (answer?.status === 404) return new Response(await (await at.asset('/404')).text(), { status: 404, headers: HTML })
  // The page asks again by itself, and says what is wrong if it still cannot be read.
  if (!answer?.ok) return new Response(html, { headers: { ...HTML, 'cache-control': 'no-store' } })
  const agent = (await answer.json()) as Agent
  return new Response(agentPage(html, agent, { lang, siteUrl: at.siteUrl }), {
    headers: { ...HTML, 'cache-control': CACHE },
  })
}

const HTML = { 'content-type': 'text/html; charset=utf-8' }

function file(body: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return new Response(body, { headers: { 'content-type': type, 'cache-control': CACHE } })
}
