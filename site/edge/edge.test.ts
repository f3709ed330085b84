import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Edge } from './api.ts'
import { edge } from './edge.ts'

const SHELL =
  '<head><title>Agent</title><meta name="robots" content="noindex"><link rel="icon" href="/favicon.svg"></head><main><!--agent--></main>'
const HOSTILE = '</script><script>alert(1)</script>" onload="alert(2)'
const AGENT = {
  id: '44eee839-d6b9-818d-bb2a-974aabd6b592',
  slug: 'editor',
  name: 'Editor',
  description: 'Edits $& and $1.',
  category: 'writing',
  price_per_call: '0.02',
  published_at: '2026-11-25T00:00:00.000Z',
  creator: { display_name: 'Ana' },
  rating: { average: 4.5, count: 2 },
}

function at(answers: Record<string, () => Response>): Edge {
  return {
    apiUrl: 'https://api.test',
    siteUrl: 'https://site.test',
    asset: (path) => Promise.resolve(new Response(path === '/404' ? 'lost' : `${path}${SHELL}`)),
    fetch: (url) => {
      const answer = answers[url.replace('https://api.test', '')]
      return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('unreachable'))
    },
  }
}
const asked = async (path: string, agent: object = AGENT) => {
  const answer = await edge(path, at({ '/api/v1/marketplace/agents/editor': () => Response.json(agent) }))
  return { headers: answer?.headers, status: answer?.status, text: (await answer?.text()) ?? '' }
}

test('a page of an agent has what search engines and previews read', async () => {
  const { headers, text } = await asked('/agents/editor')
  expect(headers?.get('cache-control')).toContain('max-age=300')
  expect(text).toMatch(/^\/agent</)
  expect(text).toContain('<title>Editor · AgentLink</title>')
  expect(text).toContain('<link rel="canonical" href="https://site.test/agents/editor">')
  expect(text).toContain(`content="https://site.test/pictures/${AGENT.id}.png"`)
  expect(text).toContain('<h1>Editor</h1><p>Edits $&#38; and $1.</p>')
  expect(text).not.toContain('noindex')
  const [, facts = ''] = /ld\+json">(.*?)<\/script>/.exec(text) ?? []
  expect(JSON.parse(facts)).toMatchObject({
    '@type': 'Product',
    offers: { price: '0.02', priceCurrency: 'USD' },
    aggregateRating: { ratingValue: 4.5, reviewCount: 2 },
  })
})

test('the Chinese page is the Chinese shell', async () => {
  const { text } = await asked('/zh/agents/editor')
  expect(text).toMatch(/^\/zh\/agent</)
  expect(text).toContain('<link rel="canonical" href="https://site.test/zh/agents/editor">')
})

test('what a creator writes stays text', async () => {
  const { text } = await asked('/agents/editor', {
    ...AGENT,
    name: HOSTILE,
    description: HOSTILE,
    creator: { display_name: HOSTILE },
  })
  expect(text).not.toContain('<script>alert')
  expect(text.replaceAll(/<script type="application.*?<\/script>/g, '')).not.toContain('" onload=')
  const [, facts = ''] = /ld\+json">(.*?)<\/script>/.exec(text) ?? []
  expect(JSON.parse(facts)).toMatchObject({ name: HOSTILE })
})

test('an agent that is not there is not found', async () => {
  const gone = at({ '/api/v1/marketplace/agents/editor': () => new Response('{}', { status: 404 }) })
  const answer = await edge('/agents/editor', gone)
  expect(answer?.status).toBe(404)
  expect(await answer?.text()).toBe('lost')
})

test('without the API the shell is sent, and not kept', async () => {
  const answer = await edge('/agents/editor', at({}))
  expect(answer?.headers.get('cache-control')).toBe('no-store')
  expect(await answer?.text()).toContain('noindex')
})

test('the sitemap has every agent in both languages', async () => {
  const map = at({
    '/catalog.json': () => Response.json({ agents: [{ slug: 'one' }], next: 'one' }),
    '/catalog.json?after=one': () => Response.json({ agents: [{ slug: 'two' }], next: null }),
  })
  const text = (await (await edge('/sitemap.xml', map))?.text()) ?? ''
  for (const path of ['/', '/zh', '/zh/pricing', '/agents/one', '/zh/agents/two'])
    expect(text).toContain(`<loc>https://site.test${path}</loc>`)
})

test('the picture is a PNG of the right size whose rows can be read', async () => {
  const answer = await edge(`/pictures/${AGENT.id}.png`, at({}))
  const bytes = Buffer.from((await answer?.arrayBuffer()) ?? new ArrayBuffer())
  expect(answer?.headers.get('content-type')).toBe('image/png')
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630])
  const at0 = bytes.indexOf('IDAT')
  const rows = inflateSync(bytes.subarray(at0 + 4, at0 + 4 + bytes.readUInt32BE(at0 - 4)))
  expect(rows.length).toBe(1201 * 630)
  expect(new Set(rows).size).toBeGreaterThan(8)
})

test('everything else is a file', async () => {
  for (const path of ['/', '/agents', '/agents/a/b', '/pictures/x.gif', '/pricing'])
    expect(await edge(path, at({}))).toBeNull()
})
