/** An agent's page as search engines and link previews see it: the shell with a head, the facts, and what the page shows first. */

export type Agent = {
  id: string
  slug: string
  name: string
  description: string
  category: string | null
  price_per_call: string
  published_at: string
  creator: { display_name: string }
  rating: { average: number; count: number }
}

const SHELL_HEAD = '<meta name="robots" content="noindex">'
const SHELL_BODY = '<!--agent-->'
const DESCRIPTION_CHARS_MAX = 160

/** `shell` filled with an agent. Every word of the creator's is escaped. */
export function agentPage(
  shell: string,
  agent: Agent,
  { lang, siteUrl }: { lang: 'en' | 'zh'; siteUrl: string },
): string {
  const path = `/agents/${agent.slug}`
  const url = { en: siteUrl + path, zh: `${siteUrl}/zh${path}` }
  const description = agent.description.slice(0, DESCRIPTION_CHARS_MAX)
  const title = `${agent.name} · AgentLink`
  const head = [
    `<meta name="description" content="${escaped(description)}">`,
    `<link rel="canonical" href="${escaped(url[lang])}">`,
    `<link rel="alternate" hreflang="en" href="${escaped(url.en)}">`,
    `<link rel="alternate" hreflang="zh-CN" href="${escaped(url.zh)}">`,
    `<meta property="og:type" content="product">`,
    `<meta property="og:title" content="${escaped(agent.name)}">`,
    `<meta property="og:description" content="${escaped(description)}">`,
    `<meta property="og:url" content="${escaped(url[lang])}">`,
    `<meta property="og:image" content="${escaped(`${siteUrl}/pictures/${agent.id}.png`)}">`,
    `<meta property="og:image:width" content="1200"><meta property="og:image:height" content="630">`,
    `<meta name="twitter:card" content="summary_large_image">`,
    `<script type="application/ld+json">${inScript(facts(agent, url[lang]))}</script>`,
    `<script type="application/json" id="agent-data">${inScript(agent)}</script>`,
  ].join('\n')
  const body = `<h1>${escaped(agent.name)}</h1><p>${escaped(agent.description)}</p>`
  return shell
    .replace(/<title>[^<]*<\/title>/, () => `<title>${escaped(title)}</title>`)
    .replace(SHELL_HEAD, () => head)
    .replace('href="/favicon.svg"', () => `href="/pictures/${escaped(agent.id)}.svg"`)
    .replace(SHELL_BODY, () => body)
}

function facts(agent: Agent, url: string): object {
  return {
    '@context': 'https://schema.org',
    '@type': 'Product',
    name: agent.name,
    description: agent.description,
    url,
    sku: agent.id,
    ...(agent.category === null ? {} : { category: agent.category }),
    brand: { '@type': 'Brand', name: agent.creator.display_name },
    releaseDate: agent.published_at,
    offers: {
      '@type': 'Offer',
      price: agent.price_per_call,
      priceCurrency: 'USD',
      availability: 'https://schema.org/InStock',
      url,
    },
    ...(agent.rating.count === 0
      ? {}
      : {
          aggregateRating: {
            '@type': 'AggregateRating',
            ratingValue: agent.rating.average,
            reviewCount: agent.rating.count,
          },
        }),
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** JSON that cannot end the script it stands in. */
function inScript(value: object): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}
