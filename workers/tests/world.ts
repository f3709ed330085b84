/** A world for one test: an account with a key, a creator with agents, and callers who use the real door of the Worker. */
import { env } from 'cloudflare:workers'
import { createExecutionContext, runDurableObjectAlarm, SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { createAgent, publishAgent, type Agent } from '../agents/agents.ts'
import { app } from '../app.ts'
import { signAccessToken } from '../auth/access-token.ts'
import { argon2 } from '../auth/passwords.ts'
import { hashSecret, newSecret } from '../auth/secrets.ts'
import { SESSION_SECONDS } from '../auth/sessions.ts'
import { creatorProfiles, refreshTokens, sessions, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { createKey } from '../keys/keys.ts'
import { callLogs } from '../quota/tables.ts'
import type { AgentConfigInput } from '../agents/config.ts'
import type { UserType } from '../auth/auth.ts'
import type { AdminRole } from '../auth/permissions.ts'
import type { Bindings } from '../env.ts'
import type { AccountObject } from '../quota/account.object.ts'

/** The Worker's bindings, as production code types them. */
export const bindings = env as unknown as Bindings

/** The same with clocks so long that a busy machine cannot make a call run out of time. */
export const PATIENT: Bindings = {
  ...bindings,
  FIRST_CONTENT_MS: '20000',
  JSON_TOTAL_MS: '20000',
  IDLE_MS: '20000',
  STREAM_TOTAL_MS: '60000',
  KNOWLEDGE_MS: '20000',
}

export const PROMPT =
  'You are Marlow, a careful naturalist of northern tide pools. Speak in short warm paragraphs, name each creature in English and Latin, ' +
  'and never recommend touching an animal. When somebody asks about cooking, decline and offer a walking route instead. ' +
  'End every answer with one question about what the visitor saw today.'

export const MODELS = { openai: 'gpt-4.1-mini', anthropic: 'claude-haiku-4-5', google: 'gemini-2.5-flash' } as const
export type ProviderName = keyof typeof MODELS

export async function newUser(type: 'developer' | 'creator' = 'developer'): Promise<string> {
  const id = newId()
  await db(bindings)
    .insert(users)
    .values({ id, email: `${id}@example.com`, passwordHash: 'none', userType: type })
  return id
}

export type Account = { id: string; email: string; sessionId: string; token: string }

/** Somebody who is signed in: a verified account of this type, with a session and an access token. */
export async function signIn(type: UserType = 'developer', adminRole: AdminRole = 'super_admin'): Promise<Account> {
  const id = newId()
  const sessionId = newId()
  const email = `${id}@example.com`
  const role = type === 'admin' ? { adminRole } : {}
  await db(bindings).batch([
    db(bindings)
      .insert(users)
      .values({ id, email, passwordHash: 'none', userType: type, emailVerified: true, ...role }),
    db(bindings)
      .insert(sessions)
      .values({ id: sessionId, userId: id, expiresAt: new Date(Date.now() + 86_400_000) }),
    ...(type === 'creator'
      ? [db(bindings).insert(creatorProfiles).values({ userId: id, displayName: 'Ada of the Tests' })]
      : []),
  ])
  const token = await signAccessToken(bindings, { user_id: id, user_type: type, email, sid: sessionId })
  return { id, email, sessionId, token }
}

/** The password of whoever `withPassword` was given; hashed so cheaply that no test waits for it. */
export const PASSWORD = 'a password that only its owner knows'

/** The same account, with `PASSWORD` for its password. */
export async function withPassword<Who extends { id: string }>(account: Who): Promise<Who> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const tag = argon2.run(PASSWORD, salt, { m: 8, t: 1, p: 1 }, 32)
  const text = (bytes: Uint8Array): string => bytes.toBase64({ omitPadding: true })
  const passwordHash = `$argon2id$v=19$m=8,t=1,p=1$${text(salt)}$${text(tag)}`
  await db(bindings).update(users).set({ passwordHash }).where(eq(users.id, account.id))
  return account
}

// Tests look into answers of every shape; what shape each has is checked by the route itself.
// oxlint-disable-next-line typescript/no-explicit-any
export type ApiAnswer = { status: number; headers: Headers; body: any }

/** An address that nobody else asks from, so that what is limited by address is not what answers. */
export function anyAddress(): string {
  return `10.${[...crypto.getRandomValues(new Uint8Array(3))].join('.')}`
}

/**
 * Asks the API through the Worker's door, each time from another address; `body` goes as JSON. The answer's body is parsed where
 * it is JSON, else text.
 */
export async function api(
  methodAndPath: string,
  options: { as?: Pick<Account, 'token'>; body?: unknown; headers?: Record<string, string> } = {},
): Promise<ApiAnswer> {
  const [method = 'GET', path = '/'] = methodAndPath.split(' ')
  const response = await SELF.fetch(`https://agentlink.test${path}`, {
    method,
    redirect: 'manual',
    headers: {
      'cf-connecting-ip': anyAddress(),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.as ? { authorization: `Bearer ${options.as.token}` } : {}),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  })
  const text = await response.text()
  const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json')
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}

export type Developer = { id: string; key: string; keyId: string; account: DurableObjectStub<AccountObject> }

/** A developer with a key; with `calls`, one who has paid for that many and has no promotional ones left in the way. */
export async function newDeveloper(): Promise<Developer> {
  const id = await newUser()
  const { key, id: keyId } = await createKey(bindings, id, { name: 'test' })
  return {
    id,
    key,
    keyId,
    // A stub whose object was aborted is broken for good, so each use takes a new one.
    get account() {
      return bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(id))
    },
  }
}

/** Gives the account a paid lot, which also lifts its rate limit to 1000. */
export async function pay(developer: Developer, calls: number): Promise<void> {
  await developer.account.credit({ v: 1, id: `lot-${newId()}`, kind: 'paid', calls, unitValue: 1_000_000 })
}

/** A published agent of a new creator, on a model of its own, so that its breaker is nobody else's. */
export async function newAgent(
  provider: ProviderName = 'openai',
  change: Partial<AgentConfigInput> = {},
): Promise<Agent> {
  const slug = `agent-${newId().slice(0, 12)}`
  const config = {
    system_prompt: PROMPT,
    provider,
    model: ownModel(provider),
    temperature: 0.5,
    max_tokens: 500,
    top_p: 1,
    price_per_call: '0.004',
    ...change,
  }
  const creatorId = await newUser('creator')
  const draft = await createAgent(bindings, {
    slug,
    name: 'Marlow',
    description: 'Knows tide pools.',
    category: 'education',
    creatorId,
    config,
  })
  return publishAgent(bindings, draft.id)
}

/** A model name that no other test uses, so that its breaker is nobody else's. */
export function ownModel(provider: ProviderName = 'openai'): string {
  return `${MODELS[provider]}-${newId().slice(0, 8)}`
}

export type Ask = {
  stream?: boolean
  headers?: Record<string, string>
  body?: Record<string, unknown>
  signal?: AbortSignal
  dialect?: 'agentlink' | 'openai'
  /** With long clocks: for many calls at once. They go to the app, since its door knows only the short ones. */
  patient?: boolean
  /** With other bindings than the Worker's own, past its door too. */
  env?: Bindings
}

/** Sends one chat call through the Worker's door. */
export async function ask(
  developer: Pick<Developer, 'key'>,
  agent: Pick<Agent, 'id' | 'slug'>,
  text: string,
  options: Ask = {},
): Promise<Response> {
  const {
    stream = false,
    headers = {},
    body = {},
    signal,
    dialect = 'agentlink',
    patient = false,
    env: other,
  } = options
  const isOpenAi = dialect === 'openai'
  const url = isOpenAi
    ? 'https://agentlink.test/v1/chat/completions'
    : `https://agentlink.test/proxy/v1/agents/${agent.id}/chat`
  const key: Record<string, string> = isOpenAi
    ? { authorization: `Bearer ${developer.key}` }
    : { 'x-agentlink-key': developer.key }
  const request = new Request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...key, ...headers },
    body: JSON.stringify({
      messages: [{ role: 'user', content: text }],
      ...(isOpenAi ? { model: agent.slug } : {}),
      stream,
      ...body,
    }),
    ...(signal ? { signal } : {}),
  })
  const bound = other ?? (patient ? PATIENT : undefined)
  return bound ? app.fetch(request, bound, createExecutionContext()) : SELF.fetch(request)
}

export type StreamEvent = { event: string; data: Record<string, unknown> | '[DONE]' }

/** All events of a stream, as they were written. */
export async function eventsOf(response: Response): Promise<StreamEvent[]> {
  return eventsIn(await response.text())
}

/** The events in the text of a stream. Only a line feed ends a line: U+2028 in a text does not. */
export function eventsIn(text: string): StreamEvent[] {
  return text.split('\n\n').flatMap((block) => {
    const lines = block.split('\n')
    const field = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
    const data = field('data')
    if (data === undefined) return []
    const event = field('event') ?? ''
    return [{ event, data: data === '[DONE]' ? data : (JSON.parse(data) as Record<string, unknown>) }]
  })
}

/** The text that a stream's content deltas spell. */
export function contentOf(events: StreamEvent[]): string {
  return events
    .map(({ data }) =>
      data === '[DONE]'
        ? ''
        : ((data['choices'] as { delta?: { content?: string } }[] | undefined)?.[0]?.delta?.content ?? ''),
    )
    .join('')
}

/** Makes the account send its settled calls on, and waits until the log holds `count` rows of it. */
export async function logsOf(developer: Developer, count: number): Promise<(typeof callLogs.$inferSelect)[]> {
  for (let attempt = 0; ; attempt++) {
    await runDurableObjectAlarm(developer.account)
    const rows = await db(bindings).select().from(callLogs).where(eq(callLogs.userId, developer.id))
    if (rows.length >= count || attempt > 100) return rows
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type ProviderCalls = { received: number; open: number; completed: number; aborted: number; cut: number }

/** What the provider stand-ins have seen so far. */
export async function providerCalls(): Promise<Record<ProviderName, ProviderCalls>> {
  const response = await fetch(`${env.PROVIDERS_URL}/__control/calls`)
  const { providers }: { providers: Record<ProviderName, ProviderCalls> } = await response.json()
  return providers
}

type Store = 'postgres' | 'redis' | 'mail'

/** Stops or starts a store of the test run, or does something to its chain: what, stands in workers/local/chain-door.ts. */
export async function door(
  action:
    | `/${Store}/${'pause' | 'resume'}`
    | `/chain/${'up' | 'down' | 'deaf' | 'reset'}`
    | `/chain/${'mine' | 'reorg' | 'automine' | 'cut-after' | 'cut-before'}?n=${number}`
    | '/chain/cuts',
): Promise<unknown> {
  const response = await fetch(`${env.DOORS_URL}${action}`, { method: 'POST' })
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

export type Mail = { to: string[]; subject: string; text: string }

const MAIL_MS_MAX = 10_000

/** The mails that somebody was sent, newest first, once there are at least `count`. Throws when they do not come. */
export async function mailsTo(email: string, count = 1): Promise<Mail[]> {
  for (const deadline = Date.now() + MAIL_MS_MAX; ;) {
    const mails = await sentMails(email)
    if (mails.length >= count) return mails
    if (Date.now() > deadline) throw new Error(`${mails.length} mails came, and not ${count}.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The mails that somebody was sent so far. */
export async function sentMails(email: string): Promise<Mail[]> {
  const response = await fetch(`${env.MAIL_URL}/mails?to=${encodeURIComponent(email)}`)
  return response.json()
}

export type Person = Account & { password: string; refreshToken: string }

/** Somebody who has registered, opened the mail, and is signed in. */
export async function register(type: 'developer' | 'creator' = 'developer'): Promise<Person> {
  const email = `${newId()}@example.com`
  const password = `the password of ${email}`
  const name = type === 'creator' ? { display_name: 'Ada of the Tests' } : {}
  await api('POST /api/v1/auth/register', { body: { user_type: type, email, password, ...name } })
  const { body } = await api('POST /api/v1/auth/verify-email', { body: { token: await tokenFor(email) } })
  const { access_token: token, refresh_token: refreshToken, user } = body
  const sessionId = JSON.parse(atob(String(token).split('.')[1] ?? '')).sid as string
  return { id: user.id, email, password, token, refreshToken, sessionId }
}

/** Somebody as registering leaves them, for tests that are not about that: no mail and no slow hash is waited for. */
export async function member(type: 'developer' | 'creator' = 'developer'): Promise<Person> {
  const account = await withPassword(await signIn(type))
  const refreshToken = newSecret()
  const expiresAt = new Date(Date.now() + SESSION_SECONDS * 1_000)
  await db(bindings).batch([
    db(bindings).update(sessions).set({ expiresAt }).where(eq(sessions.id, account.sessionId)),
    db(bindings)
      .insert(refreshTokens)
      .values({ hash: hashSecret(refreshToken), sessionId: account.sessionId }),
  ])
  return { ...account, password: PASSWORD, refreshToken }
}

/** The token in the newest of at least `count` mails to somebody. */
export async function tokenFor(email: string, count = 1): Promise<string> {
  const [mail] = await mailsTo(email, count)
  return /\?token=([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? ''
}
