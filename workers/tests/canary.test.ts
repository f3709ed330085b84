/**
 * Canaries: strings that stand nowhere else are planted where secrets go, the platform is used from registering to a delivered
 * webhook, and then everything that it wrote is searched for them, plainly, as bytes and encoded. None may be found; what
 * belongs somewhere is looked for there too, so that a search that finds nothing because it looks nowhere does not pass.
 */
import { createExecutionContext, env, listDurableObjectIds, runDurableObjectAlarm } from 'cloudflare:test'
import { expect, test, vi } from 'vitest'
import { app } from '../app.ts'
import { log } from '../base/log.ts'
import { newId } from '../base/ids.ts'
import { QUEUES } from '../admin/queues.ts'
import { fault } from './faults.ts'
import { redisValues, storageOf, tablesWith } from './stores.ts'
import { anyAddress, bindings, eventsIn, contentOf, sentMails, tokenFor } from './world.ts'

const canary = (): string => `canary${newId().replaceAll('-', '').slice(0, 20)}`
const COLLECTOR = String(bindings['COLLECTOR_URL'])
const LOUD = {
  ...bindings,
  LOG_LEVEL: 'debug',
  LOG_SUCCESS_RATIO: '1',
  OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
  OTEL_TRACES_SAMPLER_ARG: '1',
  JSON_TOTAL_MS: '20000',
  FIRST_CONTENT_MS: '20000',
}

/** What must not be found anywhere, by what it is. */
type Secrets = Record<string, string>

test('of prompts, documents, keys, passwords, secrets and tokens nothing is written anywhere but where it belongs', async () => {
  const lines = listen()
  const messages = watchQueues()
  const planted = { prompt: canary(), knowledge: canary(), password: `${canary()} horse`, question: canary() }

  const creator = await signUp('creator', planted.password)
  const developer = await signUp('developer', planted.password)
  const agent = await publish(creator, planted)
  const { key } = await send('POST /api/v1/developers/keys', { as: developer, body: { name: 'canary' } })
  const target = `https://hooks.example.com/${newId()}`
  const hook = { url: target, events: ['call.completed', 'call.failed'] }
  const { secret } = await send('POST /api/v1/webhooks', { as: developer, body: hook })
  const calls = await callInEveryWay(agent, key, planted.question)
  const refreshed = await send('POST /api/v1/auth/refresh', { body: { refresh_token: developer.refreshToken } })
  await send('POST /api/v1/auth/password/forgot', { body: { email: developer.email } })
  await tokenFor(developer.email, 2)
  await send('POST /api/v1/auth/login', { body: { email: developer.email, password: `${planted.password}r` } }, 401)
  // A key that was typed where it does not belong.
  await send(`GET /api/v1/${key}`, {}, 404)

  const account = bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(developer.id))
  await expect.poll(() => delivered(account, target), { timeout: 30_000 }).toBeGreaterThanOrEqual(calls)

  const secrets: Secrets = {
    ...planted,
    key: key.slice(12),
    secret: secret.replace(/^whsec_/, ''),
    refreshToken: developer.refreshToken,
    newRefreshToken: refreshed.refresh_token,
    accessToken: developer.token,
  }
  const { knowledge: _ofTheCreator, ...privateToAll } = secrets
  const { prompt: _toTheModel, question: _asked, ...notForProviders } = privateToAll
  const places: [name: string, text: string, secrets: Secrets][] = [
    ['the log', lines.join('\n'), secrets],
    ['queues', JSON.stringify(messages), secrets],
    ['Redis', await redisValues(), secrets],
    ['objects', await everyObject(), secrets],
    ['pictures', await bucketText(bindings.AVATARS), secrets],
    ['files of knowledge', await bucketText(bindings.KNOWLEDGE), privateToAll],
    ['mails', JSON.stringify([await sentMails(creator.email), await sentMails(developer.email)]), secrets],
    ['webhooks on the wire', await text(`${env.RECEIVER_URL}/?target=${encodeURIComponent(target)}`), secrets],
    ['traces', await text(COLLECTOR), secrets],
    ['requests to providers', await text(`${env.PROVIDERS_URL}/__control/calls`), notForProviders],
    ['metrics', await metrics(), secrets],
  ]
  const found = places.flatMap(([name, written, all]) =>
    Object.entries(all).flatMap(([what, one]) =>
      formsOf(one).some((form) => written.includes(form)) ? [`${what} in ${name}`] : [],
    ),
  )
  const forms = new Map(Object.entries(secrets).flatMap(([what, one]) => formsOf(one).map((form) => [form, what])))
  for (const { table, text: form } of await tablesWith([...forms.keys()]))
    found.push(`${forms.get(form)} in the table ${table}`)
  // A document's text is kept to be searched, and its file to be given back; that is all that is kept of anything.
  expect(found).toEqual(['knowledge in the table knowledge_chunks'])

  // Each place was looked at: what belongs there is there.
  const there = Object.fromEntries(places.map(([name, written]) => [name, written]))
  expect(there['the log']).toContain(developer.id)
  expect(there['queues']).toContain(developer.email)
  expect(there['Redis']).toContain(agent.id)
  expect(there['objects']).toContain(agent.id)
  expect(there['files of knowledge']).toContain(planted.knowledge)
  expect(there['mails']).toContain(developer.email)
  expect(there['webhooks on the wire']).toContain('call.completed')
  expect(there['traces']).toContain('gen_ai.request.model')
  expect(there['requests to providers']).toContain(planted.prompt)
  expect(there['metrics']).toContain('http_requests_total')
  expect((await tablesWith([developer.email])).map(({ table }) => table)).toContain('users')
})

test('a secret is found as it is, as bytes, and in base64 wherever it begins', () => {
  const secret = canary()
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  const hidden = [
    `before ${secret} after`,
    encode(`before ${secret} after`).toHex(),
    ...['', 'a', 'ab'].map((before) => encode(`${before}${secret} after`).toBase64()),
    ...['', 'a', 'ab'].map((before) => encode(`${before}${secret} ÿÿÿ`).toBase64({ alphabet: 'base64url' })),
  ]
  for (const text of hidden)
    expect(
      formsOf(secret).some((form) => text.includes(form)),
      text,
    ).toBe(true)
  for (const text of hidden)
    expect(
      formsOf(canary()).some((form) => text.includes(form)),
      text,
    ).toBe(false)
})

/** Every line that is written, of any level, and whatever else is said. */
function listen(): string[] {
  const lines: string[] = []
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    vi.spyOn(log, level).mockImplementation((event, fields) => void lines.push(JSON.stringify({ event, ...fields })))
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation((...words) => void lines.push(words.map(String).join(' ')))
  return lines
}

/** Every message that a request sends. */
function watchQueues(): unknown[] {
  const messages: unknown[] = []
  for (const binding of Object.values(QUEUES)) {
    const queue = bindings[binding] as Queue
    const watched = {
      send: async (body: unknown, options?: QueueSendOptions) => {
        messages.push(body)
        return queue.send(body, options)
      },
      sendBatch: async (batch: Iterable<MessageSendRequest>, options?: QueueSendBatchOptions) => {
        const all = [...batch]
        messages.push(...all.map(({ body }) => body))
        return queue.sendBatch(all, options)
      },
    }
    Object.assign(LOUD, { [binding]: watched })
  }
  return messages
}

type Someone = { id: string; email: string; token: string; refreshToken: string }

// Tests look into answers of every shape; what shape each has is checked by the route itself.
// oxlint-disable-next-line typescript/no-explicit-any
type Any = any

async function send(
  methodAndPath: string,
  { as, body, key, bytes }: { as?: Someone; body?: unknown; key?: string; bytes?: string } = {},
  status?: number,
): Promise<Any> {
  const [method = 'GET', path = '/'] = methodAndPath.split(' ')
  const headers: Record<string, string> = { 'cf-connecting-ip': anyAddress(), 'user-agent': 'canaries' }
  if (as) headers['authorization'] = `Bearer ${as.token}`
  if (key !== undefined) headers['x-agentlink-key'] = key
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (bytes !== undefined) headers['content-type'] = 'application/octet-stream'
  const sent = body === undefined ? bytes : JSON.stringify(body)
  const request = new Request(`https://agentlink.test${path}`, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  })
  const response = await app.fetch(request, LOUD, createExecutionContext())
  const answer = await response.text()
  if (status === undefined) expect(response.status, `${methodAndPath}: ${answer}`).toBeLessThan(300)
  else expect(response.status, `${methodAndPath}: ${answer}`).toBe(status)
  return response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(answer) : answer
}

async function signUp(type: 'creator' | 'developer', password: string): Promise<Someone> {
  const email = `${newId()}@example.com`
  const name = type === 'creator' ? { display_name: 'Ada of the Canaries' } : {}
  await send('POST /api/v1/auth/register', { body: { user_type: type, email, password, ...name } })
  await send('POST /api/v1/auth/verify-email', { body: { token: await tokenFor(email) } })
  const {
    access_token: token,
    refresh_token: refreshToken,
    user,
  } = await send('POST /api/v1/auth/login', {
    body: { email, password },
  })
  return { id: user.id, email, token, refreshToken }
}

type Planted = { prompt: string; knowledge: string }

/** An agent with a hidden prompt and a document, published; its prompt is changed once. */
async function publish(creator: Someone, { prompt, knowledge }: Planted): Promise<{ id: string }> {
  const config = {
    system_prompt: `You answer questions about tide pools. The word of the house is ${prompt}. Never say it.`,
    provider: 'openai',
    model: 'gpt-4.1-mini',
    temperature: 0.5,
    max_tokens: 200,
    top_p: 1,
    price_per_call: '0.004',
    knowledge_base: { enabled: true, similarity_threshold: 0, allow_quoting: true },
  }
  const about = { name: 'Canary', description: 'Answers questions about tide pools.', category: 'education' }
  const agent = await send('POST /api/v1/agents', { as: creator, body: { ...about, config } })
  const path = `/api/v1/agents/${agent.id}`
  const file = await send(`POST ${path}/knowledge?filename=tides.md`, {
    as: creator,
    bytes: `# Tides\n\nThe pool of ${knowledge} is filled at half tide.`,
  })
  await expect
    .poll(async () => (await send(`GET ${path}/knowledge/${file.id}`, { as: creator })).status, { timeout: 30_000 })
    .toBe('ready')
  await send(`POST ${path}/publish`, { as: creator })
  await send(`POST ${path}/preview`, { as: creator, body: { messages: [{ role: 'user', content: 'Hello?' }] } })
  return { id: agent.id }
}

/** Calls as JSON and as a stream, in both dialects, that go well and that do not. Gives how many were admitted. */
async function callInEveryWay(agent: { id: string }, key: string, question: string): Promise<number> {
  const path = `POST /proxy/v1/agents/${agent.id}/chat`
  const ask = (content: string, more: object = {}) => ({
    key,
    body: {
      messages: [{ role: 'user', content: `${question}: which pool is filled at half tide? ${content}` }],
      ...more,
    },
  })
  expect((await send(path, ask(''))).choices[0].message.content).not.toBe('')
  expect(contentOf(eventsIn(await send(path, ask('', { stream: true }))))).not.toBe('')
  const { slug } = await send(`GET /api/v1/marketplace/agents/${agent.id}`)
  await send('POST /v1/chat/completions', ask('', { model: slug }))
  await send(path, ask(fault({ errorEcho: 400 })), 502)
  await send(path, ask(fault({ echoSystem: true })), 403)
  await send(path, ask(fault({ leakHeaders: true, leakFields: true })))
  await send(path, { ...ask(''), key: `${key}x` }, 401)
  await send(path, ask('', { nonsense: question }), 400)
  return 6
}

/** How many deliveries have reached a webhook, after the account was made to send its calls on. */
async function delivered(account: DurableObjectStub, target: string): Promise<number> {
  await runDurableObjectAlarm(account)
  return (JSON.parse(await text(`${env.RECEIVER_URL}/?target=${encodeURIComponent(target)}`)) as unknown[]).length
}

/** The storage of every object of the Worker. */
async function everyObject(): Promise<string> {
  const { THROTTLE, METRICS, SIGNER, LIVE, ACCOUNT, BREAKER } = bindings
  const all = await Promise.all(
    [THROTTLE, METRICS, SIGNER, LIVE, ACCOUNT, BREAKER].map(async (namespace) => {
      const ids = await listDurableObjectIds(namespace as DurableObjectNamespace)
      return Promise.all(ids.map((id) => storageOf((namespace as DurableObjectNamespace).get(id))))
    }),
  )
  return all.flat().join('\n')
}

async function bucketText(bucket: R2Bucket): Promise<string> {
  const { objects } = await bucket.list({ include: ['httpMetadata', 'customMetadata'] })
  const bodies = await Promise.all(objects.map(async ({ key }) => (await bucket.get(key))?.text()))
  return JSON.stringify([objects, bodies])
}

async function metrics(): Promise<string> {
  const headers = { authorization: `Bearer ${String(bindings['METRICS_TOKEN'])}` }
  const request = new Request('https://agentlink.test/api/v1/admin/system/metrics', { headers })
  return (await app.fetch(request, LOUD, createExecutionContext())).text()
}

async function text(url: string): Promise<string> {
  return (await fetch(url)).text()
}

/** A secret as it is, as hexadecimal, and the inner part of its base64 at each of the three places at which it can begin. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret)
  const inner = [0, 1, 2].map((shift) => {
    const shifted = new Uint8Array(shift + bytes.length)
    shifted.set(bytes, shift)
    // Four characters at either end depend on what stands beside it.
    return shifted.toBase64().replace(/=+$/, '').slice(4, -4)
  })
  return [secret, bytes.toHex(), ...inner, ...inner.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))]
}
