/** Text that would act if it were ever taken for markup or script, put into everything that people may write. */
import { randomUUID } from 'node:crypto'
import type { Stack } from './stack.ts'
import { apiAs, eventually, tokenOf } from './api.ts'

/** What a probe sets on the window when it acts; it opens a dialog too. */
export const PROBE = 'probeActed'
const ACT = `globalThis.${PROBE}=1;alert(1)`
const MARKUP = `<img src=x onerror="${ACT}"><script>${ACT}</script><svg onload="${ACT}">`
const MARKDOWN = `[press](javascript:${encodeURIComponent(ACT)}) ![x](x"onerror="${ACT}) </textarea></script>`
const ESCAPES = `"'><b onmouseover=${ACT} style="position:fixed;inset:0">\${${ACT}} {{constructor.constructor('${ACT}')()}}`

/** A message that the providers' stand-in answers with a probe. */
export const ASKS_FOR_PROBE = `Say it. [[fault:say=${Buffer.from(`It says ${MARKUP}\n${MARKDOWN}`).toString('base64url')}]]`
/** What of every probe can be read where it shows as the text that it is. */
export const READABLE = '<img src=x'

/** A probe for a short field, begun so that a person could have written it. */
const short = (what: string): string => `${what} ${MARKUP}`.slice(0, 100)
const long = (what: string): string => `${what}\n${MARKUP}\n${MARKDOWN}\n${ESCAPES}`

/** Calls that one must have made to speak of an agent. */
const CALLS = 10

export type Probed = { agentId: string; slug: string; reviewId: string }

type Call = Awaited<ReturnType<typeof apiAs>>

/** Fills a stack with probes: names, descriptions, a document, a review with a reply and reports, a key, a webhook, reasons. */
export async function fillWithProbes(stack: Stack): Promise<Probed> {
  const [creator, developer, admin] = await Promise.all([
    apiAs(stack, stack.demo.creator),
    apiAs(stack, stack.demo.developer),
    apiAs(stack, stack.demo.admin),
  ])
  await Promise.all([
    creator('PUT', '/api/v1/creators/me', { display_name: short('Ines'), bio: long('I write.') }),
    developer('PUT', '/api/v1/developers/me', { display_name: short('Dev'), company: short('Company') }),
    developer('POST', '/api/v1/developers/keys', { name: short('Key') }),
    developer('POST', '/api/v1/webhooks', {
      url: `https://port-9000.example.com/hook?x=${encodeURIComponent(MARKUP)}`,
      events: ['call.completed'],
      description: `Hook ${MARKUP}`.slice(0, 200),
    }),
  ])
  const { id: agentId, slug } = await anAgent(creator)
  await aDocument(stack, agentId)
  await admin('PUT', '/api/v1/admin/flags/enable_rag', {
    enabled: true,
    reason: `Flag ${long('It is on.')}`.slice(0, 500),
  })
  const reviewId = await aReview(stack, { developer, agentId })
  await admin('POST', `/api/v1/admin/moderation/reviews/${reviewId}/approve`, {
    reason: long('Read it.').slice(0, 500),
  })
  await creator('POST', `/api/v1/reviews/${reviewId}/reply`, { content: long('Thank you.').slice(0, 1_000) })
  // A report brings it back to the queue, where an admin reads all of it.
  await Promise.all(
    (await reporters(stack)).map(async (reporter) =>
      reporter('POST', `/api/v1/reviews/${reviewId}/report`, { reason: long('Look.').slice(0, 500) }),
    ),
  )
  return { agentId, slug, reviewId }
}

async function anAgent(creator: Call): Promise<{ id: string; slug: string }> {
  const slug = `probe-${randomUUID().slice(0, 8)}`
  const { id } = (await creator('POST', '/api/v1/agents', {
    name: short('Probe'),
    description: long('It says what it is told.'),
    category: 'writing',
    slug,
    config: {
      system_prompt: long('Answer in one word.'),
      model: 'gpt-4.1-mini',
      provider: 'openai',
      temperature: 1,
      max_tokens: 100,
      top_p: 1,
      price_per_call: '0.01',
    },
  })) as { id: string }
  await creator('POST', `/api/v1/agents/${id}/publish`)
  return { id, slug }
}

async function aDocument({ api, demo }: Stack, agentId: string): Promise<void> {
  const token = await tokenOf({ api }, demo.creator)
  // Of a file's name the API takes away what no file system takes; of its text, the tags.
  const name = encodeURIComponent(`Document <img src=x onerror=${ACT}>.md`)
  const response = await fetch(`${api}/api/v1/agents/${agentId}/knowledge?filename=${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/markdown' },
    body: `# Lamps\n\nThe lamps on the pier are lit at dusk. ${MARKUP.replaceAll('<', String.raw`\<`)}\n`,
  })
  if (!response.ok) throw new Error(`A document was answered ${response.status}: ${await response.text()}`)
}

async function aReview(stack: Stack, { developer, agentId }: { developer: Call; agentId: string }): Promise<string> {
  for (let call = 0; call < CALLS; call += 1) {
    const response = await fetch(`${stack.api}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.demo.developer.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: agentId, messages: [{ role: 'user', content: long('Who are you?') }] }),
    })
    if (!response.ok) throw new Error(`A call answered ${response.status}: ${await response.text()}`)
    await response.text()
  }
  const write = async (): Promise<{ id: string } | undefined> =>
    developer('POST', `/api/v1/reviews/agents/${agentId}`, {
      rating: 2,
      content: long('It is fine.').slice(0, 1_000),
    }).then(
      (answer) => answer as { id: string },
      // The calls are not in the log yet.
      () => undefined,
    )
  const review = await eventually(write, (one) => one !== undefined, 30_000)
  if (!review) throw new Error('There is no review.')
  return review.id
}

/** Three of them bring a review to the moderators. */
function reporters(stack: Stack): Promise<Call[]> {
  const { password } = stack.demo.developer
  return Promise.all(
    ['newcomer@agentlink.test', 'solveig@creators.agentlink.test', 'tomasz@creators.agentlink.test'].map((email) =>
      apiAs(stack, { email, password }),
    ),
  )
}
