import type { APIRoute } from 'astro'

/** Consoles hold nothing for a search engine. */
export const GET: APIRoute = ({ site }) =>
  new Response(`User-agent: *
Disallow: /developer
Disallow: /creator
Disallow: /admin
Disallow: /settings
Disallow: /zh/developer
Disallow: /zh/creator
Disallow: /zh/admin
Disallow: /zh/settings

Sitemap: ${new URL('/sitemap.xml', site)}
`)
