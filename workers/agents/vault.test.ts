import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AgentConfig } from './config.ts'
import {
  open,
  openConfig,
  reseal,
  reveal,
  seal,
  sealConfig,
  Sealed,
  VaultError,
  type Place,
  type SealedRecord,
} from './vault.ts'

const keyText = (id: string, byte: number): string => `${id}:${btoa(String.fromCharCode(byte).repeat(32))}`
const ENV = { ENCRYPTION_KEY: keyText('k2', 2), ENCRYPTION_KEY_PREVIOUS: keyText('k1', 1) }
const OLD_ENV = { ENCRYPTION_KEY: keyText('k1', 1) }
const PLACE: Place = {
  table: 'agents',
  column: 'config_encrypted',
  agentId: '0190a5c2-0000-7000-8000-000000000001',
  version: 3,
}
const SECRET = 'You are Ledger, a patient bookkeeper. Never round.'

test('property 19: what is encrypted decrypts to the same text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 9_000 }), async (text) => {
      expect(reveal(await open(ENV, PLACE, await seal(ENV, PLACE, text)))).toBe(text)
    }),
  )
})

test('the same text never gives the same ciphertext, and no ciphertext holds the text', async () => {
  const records = await Promise.all(Array.from({ length: 100 }, () => seal(ENV, PLACE, SECRET)))
  expect(new Set(records.map(({ iv }) => iv.join())).size).toBe(100)
  expect(new Set(records.map(({ ciphertext }) => ciphertext.join())).size).toBe(100)
  for (const { ciphertext, iv, keyId } of records) {
    expect(new TextDecoder().decode(ciphertext)).not.toContain('Ledger')
    expect([iv.length, keyId]).toEqual([12, 'k2'])
  }
})

test('a ciphertext with any one bit of any byte flipped does not open', async () => {
  const record = await seal(ENV, PLACE, SECRET)
  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))
  for (let at = 0; at < record.ciphertext.length; at++)
    await expect(open(ENV, PLACE, { ...record, ciphertext: flipped(record.ciphertext, at) })).rejects.toThrow(
      VaultError,
    )
  for (let at = 0; at < record.iv.length; at++)
    await expect(open(ENV, PLACE, { ...record, iv: flipped(record.iv, at) })).rejects.toThrow(VaultError)
})

test('a ciphertext opens in no other table, agent or version', async () => {
  const record = await seal(ENV, PLACE, SECRET)
  const others: Place[] = [
    { ...PLACE, table: 'agent_versions' },
    { ...PLACE, version: 2 },
    { ...PLACE, agentId: PLACE.agentId.replace(/1$/, '2') },
    // Column has one value only, until a second column is sealed.
    { ...PLACE, column: 'another' as Place['column'] },
  ]
  for (const place of others) await expect(open(ENV, place, record)).rejects.toThrow(VaultError)
})

test('a truncated or empty ciphertext does not open', async () => {
  const record = await seal(ENV, PLACE, SECRET)
  const broken: SealedRecord[] = [
    { ...record, ciphertext: record.ciphertext.slice(0, -1) },
    { ...record, ciphertext: new Uint8Array(0) },
    { ...record, iv: record.iv.slice(1) },
    { ...record, iv: new Uint8Array(16) },
  ]
  for (const one of broken) await expect(open(ENV, PLACE, one)).rejects.toThrow(VaultError)
})

test('two keys can be read at once; what is written is written with the current one', async () => {
  const old = await seal(OLD_ENV, PLACE, SECRET)
  expect(reveal(await open(ENV, PLACE, old))).toBe(SECRET)
  const moved = await reseal(ENV, PLACE, old)
  expect(moved.keyId).toBe('k2')
  expect(reveal(await open({ ENCRYPTION_KEY: ENV.ENCRYPTION_KEY }, PLACE, moved))).toBe(SECRET)
})

test('a key id that is not at hand fails closed, and so do other bytes under a known id', async () => {
  const record = await seal(ENV, PLACE, SECRET)
  await expect(open(OLD_ENV, PLACE, record)).rejects.toThrow('not at hand')
  await expect(open({ ENCRYPTION_KEY: keyText('k2', 9) }, PLACE, record)).rejects.toThrow(VaultError)
})

test('a missing or malformed key refuses to write, names the variable and quotes nothing of it', async () => {
  const short = btoa('only sixteen byt')
  for (const value of [undefined, '', 'k1', `k1:${short}`, short, `k 1:${btoa('x'.repeat(32))}`, 'k1:?', 42]) {
    const refusal = expect(seal({ ENCRYPTION_KEY: value }, PLACE, SECRET)).rejects
    await refusal.toThrow('ENCRYPTION_KEY must be written keyId:base64')
    await refusal.not.toThrow(short)
  }
  const record = await seal(OLD_ENV, PLACE, SECRET)
  const env = { ...ENV, ENCRYPTION_KEY_PREVIOUS: 'nonsense' }
  await expect(open(env, PLACE, record)).rejects.toThrow('ENCRYPTION_KEY_PREVIOUS must be written')
})

test('a sealed text can be read by no conversion, copy, listing or log', () => {
  const sealed = new Sealed(SECRET)
  const careless: { text: string } = { text: sealed as unknown as string }
  expect(() => String(sealed)).toThrow(TypeError)
  expect(() => `the prompt is ${careless.text}`).toThrow(TypeError)
  expect(() => 'the prompt is ' + careless.text).toThrow(TypeError)
  expect(() => JSON.stringify({ config: { sealed } })).toThrow(TypeError)
  expect(() => [sealed].join()).toThrow(TypeError)
  expect(Reflect.ownKeys(sealed)).toEqual([])
  expect(Object.assign({}, sealed)).toEqual({})
  expect(reveal(sealed)).toBe(SECRET)
  let copy: unknown
  try {
    copy = structuredClone(sealed)
  } catch {
    copy = {}
  }
  expect(copy).toEqual({})
  expect(() => reveal({} as Sealed)).toThrow(TypeError)
})

const CONFIG: AgentConfig = {
  system_prompt: SECRET,
  model: 'gpt-5-mini',
  provider: 'openai',
  temperature: 0.2,
  max_tokens: 800,
  top_p: 1,
  price_per_call: '0.012',
  allow: {
    temperature: true,
    top_p: true,
    max_tokens: true,
    stop: true,
    tools: false,
    response_format: true,
    images: true,
  },
}

test('a configuration opens with everything in the open but its prompt', async () => {
  const { prompt, ...rest } = await openConfig(ENV, PLACE, await sealConfig(ENV, PLACE, CONFIG))
  const { system_prompt, ...expected } = CONFIG
  expect(rest).toEqual(expected)
  expect(reveal(prompt)).toBe(system_prompt)
})

test('what is no configuration is refused without a word of it', async () => {
  for (const text of [SECRET, '{}', JSON.stringify({ ...CONFIG, temperature: SECRET })]) {
    const thrown: unknown = await openConfig(ENV, PLACE, await seal(ENV, PLACE, text)).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(VaultError)
    expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain('Ledger')
    expect((thrown as Error).cause).toBeUndefined()
  }
})
