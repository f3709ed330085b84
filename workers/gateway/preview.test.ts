import { SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { archiveAgent, findAgent, publishAgent } from '../agents/agents.ts'
import { users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { callLogs } from '../quota/tables.ts'
import { fault } from '../tests/faults.ts'
import {
  api,
  ask,
  bindings,
  contentOf,
  eventsIn,
  logsOf,
  newDeveloper,
  PROMPT,
  signIn,
  type Account,
} from '../tests/world.ts'
import { PREVIEWS_A_DAY } from './preview.ts'

const CONFIG = {
  system_prompt: PROMPT,
  model: 'gpt-4.1-mini',
  provider: 'openai',
  temperature: 0.3,
  max_tokens: 400,
  top_p: 1,
  price_per_call: '2.5',
}
const NEW = { name: 'Marlow', description: 'Knows everything about tide pools.', category: 'education', config: CONFIG }

let ada: Account
let id: string
beforeAll(async () => {
  ada = await signIn('creator')
})
beforeEach(async () => {
  id = await make(ada)
})

async function make(as: Account): Promise<string> {
  const { body } = await api('POST /api/v1/agents', { as, body: NEW })
  return body.id
}

async function preview(text: string, body: object = {}, as: Pick<Account, 'token'> = ada): Promise<Response> {
  return SELF.fetch(`https://agentlink.test/api/v1/agents/${id}/preview`, {
    method: 'POST',
    headers: { authorization: `Bearer ${as.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: text }], ...body }),
  })
}

const codeOf = async (response: Response): Promise<string> => {
  const { error }: { error: { code: string } } = await response.json()
  return `${response.status} ${error.code}`
}

/** Makes the provider stand-in say this. */
const say = (text: string): string => fault({ say: text })

test('a draft answers its creator as a call would, whole or as a stream', async () => {
  const whole = await preview(`Hello ${say('A limpet, Patella vulgata.')}`)
  expect([whole.status, whole.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const body: Record<string, unknown> = await whole.json()
  expect(body).toMatchObject({
    object: 'chat.completion',
    choices: [{ message: { role: 'assistant', content: 'A limpet, Patella vulgata.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: expect.any(Number) },
  })
  const streamed = await preview(`Hello ${say('A limpet, Patella vulgata.')}`, { stream: true })
  expect(streamed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const events = eventsIn(await streamed.text())
  expect(contentOf(events)).toBe('A limpet, Patella vulgata.')
  expect(events.at(-1)?.data).toBe('[DONE]')
})

test('what is tried is not saved, and the provider gets the configuration that is tried', async () => {
  const asked = async (config: object): Promise<string> => {
    const response = await preview(`Hello ${fault({ echoRequest: true })}`, { config })
    const { choices }: { choices: { message: { content: string } }[] } = await response.json()
    return choices[0]?.message.content ?? ''
  }
  const request = JSON.parse(
    await asked({ model: 'gpt-4o-mini', max_tokens: 9_000, system_prompt: 'X' }).catch(() => '{}'),
  )
  expect(request).toMatchObject({ model: 'gpt-4o-mini', temperature: 0.3 })
  expect(JSON.stringify(request)).toContain('4096')
  expect(await findAgent(bindings, id)).toMatchObject({ version: 1, model: 'gpt-4.1-mini', status: 'draft' })
})

test('the guard watches as over every call, also over a prompt that is only tried', async () => {
  const secret =
    'You are Quill, who writes the minutes of a small choir, in seven sentences and never a rhyme among them.'
  for (const stream of [false, true])
    for (const [prompt, config] of [
      [PROMPT, {}],
      [secret, { system_prompt: secret }],
    ] as const) {
      const text = await (await preview(fault({ echoSystem: true }), { stream, config })).text()
      expect(text).toContain('40304')
      expect(text).not.toContain(prompt.slice(0, 50))
      expect(contentOf(eventsIn(text)).length).toBeLessThan(50)
    }
})

test('nobody pays, nothing is logged, and no unit is drawn', async () => {
  for (let i = 0; i < 3; i++) expect((await preview(`Hello ${i}`)).status).toBe(200)
  expect((await preview(fault({ status: 500 }))).status).toBe(502)
  const agent = await publishAgent(bindings, id)
  const developer = await newDeveloper()
  await developer.account.deposit({ v: 1, id: newId(), amount: 1_000_000_000 })
  expect((await ask(developer, agent, 'Hello')).status).toBe(200)
  await logsOf(developer, 1)
  const rows = await db(bindings).select().from(callLogs).where(eq(callLogs.agentId, id))
  expect(rows.map(({ userId }) => userId)).toEqual([developer.id])
  const account = bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(ada.id))
  expect(await account.quota()).toMatchObject({ used: 0, held: 0, unsent: 0 })
})

test('failures have the errors of a call, and a stream that has begun ends in one', async () => {
  expect(await codeOf(await preview(fault({ status: 500 })))).toBe('502 50201')
  expect(await codeOf(await preview(fault({ status: 429 })))).toBe('503 50303')
  expect(await codeOf(await preview(fault({ hangBeforeHeaders: true })))).toBe('504 50401')
  const broken = eventsIn(await (await preview(fault({ events: 6, closeAfterEvents: 3 }), { stream: true })).text())
  expect(broken.at(-1)).toMatchObject({ event: 'error', data: { error: { code: '50202' } } })
})

test('only the owner tries an agent, in whatever status but archived', async () => {
  const eve = await signIn('creator')
  const theirs = await preview('Hello', {}, eve)
  expect(theirs.status).toBe(404)
  const missing = await api(`POST /api/v1/agents/${newId()}/preview`, {
    as: eve,
    body: { messages: [{ role: 'user', content: 'Hi' }] },
  })
  const { error }: { error: object } = await theirs.json()
  expect(error).toEqual(missing.body.error)
  expect((await preview('Hello', {}, await signIn('developer'))).status).toBe(403)
  expect((await preview('Hello', {}, { token: 'none' })).status).toBe(401)
  await publishAgent(bindings, id)
  expect((await preview('Hello')).status).toBe(200)
  await archiveAgent(bindings, id)
  expect(await codeOf(await preview('Hello'))).toBe('409 40903')
})

test('a creator whose e-mail is not verified tries nothing', async () => {
  const unverified = await signIn('creator')
  id = await make(unverified)
  await db(bindings).update(users).set({ emailVerified: false }).where(eq(users.id, unverified.id))
  // Who somebody is may be known for a second.
  await expect.poll(async () => (await preview('Hello', {}, unverified)).status, { timeout: 3_000 }).toBe(403)
})

test('what is malformed, too long or not fit to be saved is refused by name, before it is counted', async () => {
  const fields = async (body: object): Promise<string[]> => {
    const answer = await api(`POST /api/v1/agents/${id}/preview`, { as: ada, body })
    expect(answer.status).toBe(400)
    return answer.body.error.details.fields.map(({ field }: { field: string }) => field)
  }
  const messages = [{ role: 'user', content: 'Hi' }]
  expect(await fields({})).toEqual(['messages'])
  expect(await fields({ messages, n: 2, config: { temperature: 9 } })).toEqual(
    expect.arrayContaining(['n', 'config.temperature']),
  )
  expect(await fields({ messages: [{ role: 'system', content: 'x' }] })).toEqual(['messages.0.role'])
  expect(await fields({ messages, config: { model: 'gpt-2' } })).toEqual(['config.model'])
  expect(await fields({ messages, config: { system_prompt: 'key AKIAIOSFODNN7EXAMPLE' } })).toEqual([
    'config.system_prompt',
  ])
  expect(await fields({ messages: [{ role: 'user', content: 'x'.repeat(32_001) }] })).toEqual(['messages'])
  expect(
    (await api(`POST /api/v1/agents/${id}/preview`, { as: ada, body: { messages, pad: 'x'.repeat(1_048_576) } }))
      .status,
  ).toBe(413)
})

test('there are so many a day, counted by creator', async () => {
  const eager = await signIn('creator')
  id = await make(eager)
  const statuses: number[] = []
  for (let i = 0; i < PREVIEWS_A_DAY; i += 10)
    statuses.push(
      ...(await Promise.all(Array.from({ length: 10 }, async () => (await preview(say('Yes.'), {}, eager)).status))),
    )
  expect(new Set(statuses)).toEqual(new Set([200]))
  const refused = await preview('Once more', {}, eager)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await codeOf(refused)).toBe('429 42902')
  id = await make(ada)
  expect((await preview('Hello')).status).toBe(200)
})
