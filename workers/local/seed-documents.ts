/**
 * Hands in the documents of the seeded market, each by its agent's creator and through the API, as its creator would: what is there
 * already is the same file. The stack does not wait for it; whoever asks in the first seconds is answered without them.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { market } from './market.ts'
import type { Seeded } from './seed.ts'

/** Rejects with the API's own words, or when `signal` is aborted. */
export async function seedDocuments(
  api: string,
  { creators, agents }: Pick<Seeded, 'creators' | 'agents'>,
  signal: AbortSignal,
): Promise<void> {
  for (const { slug, creator, documents = [] } of market.agents) {
    const account = creators[creator]
    const agent = agents.find((one) => one.slug === slug)
    if (documents.length === 0 || !account || !agent) continue
    const { access_token } = (await post(`${api}/api/v1/auth/login`, {
      body: JSON.stringify(account),
      headers: { 'content-type': 'application/json' },
      signal,
    })) as { access_token: string }
    for (const filename of documents)
      await post(`${api}/api/v1/agents/${agent.id}/knowledge?filename=${encodeURIComponent(filename)}`, {
        body: await readFile(join(import.meta.dirname, 'market', filename)),
        headers: { authorization: `Bearer ${access_token}` },
        signal,
      })
  }
}

async function post(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', ...init })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as unknown
}
