/** The sitemap: the pages that are files, and one for each published agent, in both languages. */
import { fromApi, type Edge } from './api.ts'

const PAGES = [
  '/',
  '/marketplace',
  '/playground',
  '/pricing',
  '/docs',
  '/docs/creators',
  '/docs/concepts',
  '/docs/errors',
  '/docs/webhooks',
  '/docs/promise',
  '/about',
  '/status',
]
/** A sitemap may hold 50,000 addresses. */
const AGENTS_MAX = 20_000

export async function sitemap(at: Edge): Promise<string> {
  const slugs = await slugsOf(at)
  const paths = [...PAGES, ...slugs.map((slug) => `/agents/${slug}`)]
  const entries = paths.map((path) => {
    const en = at.siteUrl + path
    const zh = `${at.siteUrl}/zh${path === '/' ? '' : path}`
    const links = `<xhtml:link rel="alternate" hreflang="en" href="${en}"/><xhtml:link rel="alternate" hreflang="zh-CN" href="${zh}"/>`
    return `<url><loc>${en}</loc>${links}</url>\n<url><loc>${zh}</loc>${links}</url>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
${entries.join('\n')}
</urlset>
`
}

async function slugsOf(at: Edge): Promise<string[]> {
  const slugs: string[] = []
  let after: string | null = ''
  while (after !== null && slugs.length < AGENTS_MAX) {
    const answer = await fromApi(at, `/catalog.json${after === '' ? '' : `?after=${encodeURIComponent(after)}`}`).catch(
      () => undefined,
    )
    if (!answer?.ok) break
    const { agents, next } = (await answer.json()) as { agents: { slug: string }[]; next: string | null }
    slugs.push(...agents.map(({ slug }) => slug))
    after = next
  }
  return slugs
}
