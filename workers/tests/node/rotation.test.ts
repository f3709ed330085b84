/**
 * The rotations of docs/deploy.md: what was made before one is good while both values are sent, and what is made in between is good
 * after its end. The Worker's own code reads what `npm run secrets` writes.
 */
import '../../local/newer-node.ts'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { coinbaseSigner } from '../../local/coinbase/sign.ts'
import type { Signer } from '../../local/courier.ts'
import {
  ended,
  newSecrets,
  OVERLAPPING,
  rotated,
  secretsCommand,
  type SecretsFile,
} from '../../local/deploy/secrets.ts'
import { stripeSigner } from '../../local/stripe/sign.ts'
import { testBindings } from '../../local/test-bindings.ts'
import { TEST_COINBASE, TEST_STRIPE } from '../../local/test-keys.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const CLAIMS = { user_id: ID, user_type: 'developer', email: 'a@example.com', sid: ID }
const TICKET = { userId: ID, sessionId: ID, calls: true, agents: false }
const PLACE = { table: 'agents', column: 'config_encrypted', agentId: ID, version: 1 }

type Env = Record<string, unknown>
type Made = Record<string, unknown>
type Provider = { verify(env: Env, body: string, headers: Headers): Promise<{ eventId: string }> }
/** The Worker's code, as it is called here. By paths that the compiler does not follow: its types and Node's must not meet. */
type Code = {
  signAccessToken(env: Env, claims: Made): Promise<string>
  readAccessToken(env: Env, token: string): Promise<Made>
  signTicket(env: Env, asked: Made): Promise<string>
  readTicket(env: Env, ticket: string): Promise<Made>
  seal(env: Env, place: Made, text: string): Promise<Made>
  open(env: Env, place: Made, record: Made): Promise<object>
  reseal(env: Env, place: Made, record: Made): Promise<Made>
  reveal(sealed: object): string
  newSalt(env: Env, id: string): string
  secretOf(env: Env, webhookId: string, salt: string): string
  stripe: Provider
  coinbase: Provider
}
const FILES = [
  'auth/access-token',
  'notifications/ticket',
  'agents/vault',
  'webhooks/sign',
  'payments/stripe',
  'payments/coinbase',
]

let code: Code
let rest: Env
let secrets: SecretsFile
beforeAll(async () => {
  const files = FILES.map((file) => join(import.meta.dirname, '..', '..', `${file}.ts`))
  code = Object.assign({}, ...(await Promise.all(files.map((file) => import(file))))) as Code
  // Doors that nobody goes through here.
  rest = testBindings(new Proxy({}, { get: (_, name) => (name === 'chain' ? {} : 'https://door.test') }) as never)
})
beforeEach(() => {
  secrets = {
    ...newSecrets(),
    STRIPE_WEBHOOK_SECRET: TEST_STRIPE.webhookSecrets.previous,
    COINBASE_WEBHOOK_SECRET: TEST_COINBASE.webhookSecrets.previous,
  }
})

/** The Worker's environment once these secrets have been sent: null deletes. */
function sent(secrets: SecretsFile): Env {
  const { STRIPE_WEBHOOK_SECRET_PREVIOUS: _, COINBASE_WEBHOOK_SECRET_PREVIOUS: __, ...others } = rest
  return Object.fromEntries(Object.entries({ ...others, ...secrets }).filter(([, value]) => value !== null))
}

/** The environments before, during and after a rotation. */
function rotation(name: string, given?: string) {
  const during = rotated(secrets, name, given)
  return [secrets, during, ended(during, name)].map(sent) as [Env, Env, Env]
}

test('JWT_SECRET: who is signed in stays so, and what is signed meanwhile is read after the end', async () => {
  const [before, during, after] = rotation('JWT_SECRET')
  const [token, ticket] = [await code.signAccessToken(before, CLAIMS), await code.signTicket(before, TICKET)]
  expect(await code.readAccessToken(during, token)).toEqual(CLAIMS)
  expect(await code.readTicket(during, ticket)).toMatchObject({ sub: ID })
  await expect(code.readAccessToken(after, token)).rejects.toMatchObject({ code: '40101' })
  await expect(code.readTicket(after, ticket)).rejects.toMatchObject({ code: '40101' })
  expect(await code.readAccessToken(after, await code.signAccessToken(during, CLAIMS))).toEqual(CLAIMS)
  expect(await code.readTicket(after, await code.signTicket(during, TICKET))).toMatchObject({ sub: ID })
})

test('ENCRYPTION_KEY: a prompt opens all the while, and after the end if it was re-encrypted', async () => {
  const [before, during, after] = rotation('ENCRYPTION_KEY')
  const old = await code.seal(before, PLACE, 'You are a lighthouse.')
  expect(code.reveal(await code.open(during, PLACE, old))).toBe('You are a lighthouse.')
  await expect(code.open(after, PLACE, old)).rejects.toThrow('not at hand')
  const moved = await code.reseal(during, PLACE, old)
  expect(code.reveal(await code.open(after, PLACE, moved))).toBe('You are a lighthouse.')
  expect(code.reveal(await code.open(after, PLACE, await code.seal(during, PLACE, 'New')))).toBe('New')
})

test('WEBHOOK_KEY: no receiver’s secret changes, until its owner rotates it', () => {
  const [before, during, after] = rotation('WEBHOOK_KEY')
  const salt = code.newSalt(before, ID)
  expect(code.secretOf(during, ID, salt)).toBe(code.secretOf(before, ID, salt))
  expect(() => code.secretOf(after, ID, salt)).toThrow('not at hand')
  const newer = code.newSalt(during, ID)
  expect(code.secretOf(after, ID, newer)).toBe(code.secretOf(during, ID, newer))
})

test.each([
  ['STRIPE_WEBHOOK_SECRET', 'stripe', stripeSigner, TEST_STRIPE.webhookSecrets],
  ['COINBASE_WEBHOOK_SECRET', 'coinbase', coinbaseSigner, TEST_COINBASE.webhookSecrets],
] as const)(
  '%s: events signed with either are believed until the end',
  async (name, provider, signerOf, { previous: old, current }) => {
    const [before, during, after] = rotation(name, current)
    const body = JSON.stringify({ id: 'event-1', type: 'x', livemode: false, data: { object: {} } })
    const believed = async (env: Env, secret: string) => {
      const letter = { event: 'event-1', type: 'x' } as Parameters<Signer>[0]['letter']
      const headers = signerOf({ current: secret })({ letter, body, atMs: Date.now(), bend: {} })
      return code[provider].verify(env, body, new Headers(headers)).then(
        ({ eventId }) => eventId === 'event-1',
        (thrown: { code?: string }) => thrown.code,
      )
    }
    expect([await believed(before, old), await believed(during, old), await believed(during, current)]).toEqual([
      true,
      true,
      true,
    ])
    expect(await believed(after, current)).toBe(true)
    const refused = await believed(after, old)
    expect(refused).toBe(await believed(before, current))
    expect(refused).not.toBe(true)
  },
)

test('a second rotation waits for the end of the first: what only the oldest can read would be lost', () => {
  for (const name of OVERLAPPING) {
    const during = rotated(secrets, name, 'the-next-one')
    expect(() => rotated(during, name, 'the-one-after')).toThrow('end it first')
    const after = ended(during, name)
    expect(() => ended(after, name)).toThrow('No rotation')
    expect(rotated(after, name, 'the-one-after')[`${name}_PREVIOUS`]).toBe('the-next-one')
  }
  expect(() => rotated(secrets, 'STRIPE_WEBHOOK_SECRET')).toThrow('made elsewhere')
  expect(() => rotated(secrets, 'MAIL_API_KEY', 'x')).toThrow('There is no MAIL_API_KEY')
  expect(rotated(secrets, 'OPERATOR_TOKEN')).not.toHaveProperty('OPERATOR_TOKEN_PREVIOUS')
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('as a command it writes a file that nobody else can read, says no secret, and overwrites none', async () => {
  const path = join(folder, 'staging.json')
  const run = (args: string[], input = '') =>
    secretsCommand(args, () => Promise.resolve(input)).catch((thrown: Error) => thrown.message)
  const read = async () => JSON.parse(await readFile(path, 'utf8')) as Record<string, string>
  const words = [await run(['new', path])]
  const first = await read()
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  words.push(await run(['new', path]), await run(['set', path, 'STRIPE_WEBHOOK_SECRET'], 'whsec_first\n'))
  words.push(
    await run(['rotate', path, 'STRIPE_WEBHOOK_SECRET'], 'whsec_second\n'),
    await run(['rotate', path, 'JWT_SECRET']),
  )
  const second = await read()
  expect(second).toMatchObject({
    ENCRYPTION_KEY: first['ENCRYPTION_KEY'],
    JWT_SECRET_PREVIOUS: first['JWT_SECRET'],
    STRIPE_WEBHOOK_SECRET: 'whsec_second',
    STRIPE_WEBHOOK_SECRET_PREVIOUS: 'whsec_first',
  })
  words.push(
    await run(['end', path, 'JWT_SECRET']),
    await run(['rotate', path, 'STRIPE_WEBHOOK_SECRET'], 'whsec_third'),
  )
  words.push(await run(['set', path, 'MAIL_API_KEY'], ' \n'), await run(['rotate', path]))
  expect(words[1]).toContain('EEXIST')
  expect(words.slice(-3)).toEqual([
    expect.stringContaining('end it first'),
    'Give the value of MAIL_API_KEY on standard input.',
    expect.stringContaining('Usage:'),
  ])
  expect(await read()).toEqual({ ...second, JWT_SECRET_PREVIOUS: null })
  const values = Object.values({ ...first, ...second })
  expect(words.filter((line) => values.some((value) => line.includes(value)))).toEqual([])
  const address = await run(['address', path, 'MINT_SIGNER_KEY'])
  expect(address).toBe(privateKeyToAddress(first['MINT_SIGNER_KEY'] as `0x${string}`))
})
