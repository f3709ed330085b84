import { and, eq } from 'drizzle-orm'
import * as fc from 'fast-check'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, test, vi } from 'vitest'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { Address } from './address.ts'
import { auditLog } from './tables.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The examples of EIP-55. */
const EXAMPLES = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
]

const hexDigit = fc.constantFrom(...'0123456789abcdef'.split(''))
const lower = fc.array(hexDigit, { minLength: 40, maxLength: 40 }).map((digits) => `0x${digits.join('')}`)

test('property 10: only 0x and 40 hexadecimal digits are an address, and all that are no more than that are refused', async () => {
  for (const example of EXAMPLES) expect(Address.parse(example)).toBe(example)
  fc.assert(
    fc.property(lower, (address) => {
      fc.pre(!/^0x0+$/.test(address))
      const upper = `0x${address.slice(2).toUpperCase()}`
      const checked = Address.parse(address)
      expect(checked.toLowerCase()).toBe(address)
      expect([Address.parse(upper), Address.parse(checked)]).toEqual([checked, checked])
    }),
  )
  const isAddress = (text: unknown): boolean => Address.safeParse(text).success
  fc.assert(fc.property(fc.anything(), (value) => !isAddress(value)))
  fc.assert(fc.property(fc.string(), (text) => !isAddress(text)))
  // One step from an address: a character more, less or other, around it or in it.
  const place = fc.nat({ max: 41 })
  fc.assert(
    fc.property(lower, place, fc.string({ minLength: 1, maxLength: 3 }), (address, at, text) => {
      expect(isAddress(address.slice(0, at) + text + address.slice(at))).toBe(false)
      expect(isAddress(address.slice(0, at) + address.slice(at + 1))).toBe(false)
    }),
  )
  const notHex = fc.string({ minLength: 1, maxLength: 1 }).filter((char) => !/[0-9a-fA-F]/.test(char))
  fc.assert(
    fc.property(lower, fc.integer({ min: 2, max: 41 }), notHex, (address, at, char) => {
      expect(isAddress(address.slice(0, at) + char + address.slice(at + 1))).toBe(false)
    }),
  )

  for (const prefix of ['0X', '', '1x', 'x', ' 0x']) expect(isAddress(prefix + 'ab'.repeat(20))).toBe(false)
  const { status, body } = await api('POST /api/v1/creators/me/wallet/challenge', {
    as: await signIn('creator'),
    body: { address: 'vitalik.eth' },
  })
  expect(status).toBe(400)
  expect(body.error.details.fields[0].field).toBe('address')
})

test('an address in both cases has the right checksum, and the zero address is nobody’s', () => {
  fc.assert(
    fc.property(lower, fc.nat(39), (address, at) => {
      fc.pre(!/^0x0+$/.test(address))
      const checked = Address.parse(address)
      const char = checked[at + 2] ?? ''
      const flipped = char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()
      const wrong = checked.slice(0, at + 2) + flipped + checked.slice(at + 3)
      const isMixed = /[a-f]/.test(wrong.slice(2)) && /[A-F]/.test(wrong.slice(2))
      expect(Address.safeParse(wrong).success).toBe(wrong === checked || !isMixed)
    }),
  )
  expect(Address.safeParse(`0x${'0'.repeat(40)}`).success).toBe(false)
})

const ask = (as: Account, address: string) =>
  api('POST /api/v1/creators/me/wallet/challenge', { as, body: { address } })
const connect = (as: Account, address: string, signature: string) =>
  api('PUT /api/v1/creators/me/wallet', { as, body: { address, signature } })

test('a wallet is connected by a signature of its key, once, and recorded', async () => {
  const owner = await signIn('creator')
  const wallet = privateKeyToAccount(generatePrivateKey())
  const asked = await ask(owner, wallet.address.toLowerCase())
  expect(asked.status).toBe(200)
  expect(asked.body.address).toBe(wallet.address)
  expect(asked.body.message).toContain(
    `site.test wants you to sign in with your Ethereum account:\n${wallet.address}\n`,
  )
  expect(Date.parse(asked.body.expires_at) - Date.now()).toBeGreaterThan(9 * 60_000)

  const signature = await wallet.signMessage({ message: asked.body.message })
  const connected = await connect(owner, `0x${wallet.address.slice(2).toUpperCase()}`, signature)
  expect(connected.status).toBe(200)
  expect(connected.body.wallet_address).toBe(wallet.address)
  const { body: profile } = await api('GET /api/v1/creators/me', { as: owner })
  expect(profile).toMatchObject(connected.body)
  const entries = await db(bindings)
    .select()
    .from(auditLog)
    .where(and(eq(auditLog.subjectId, owner.id), eq(auditLog.action, 'wallet.change')))
  expect(entries).toMatchObject([{ actorId: owner.id, actorRole: 'creator', details: { address: wallet.address } }])

  expect((await connect(owner, wallet.address, signature)).status).toBe(400)
  expect((await api(`GET /api/v1/creators/${owner.id}`)).body).not.toHaveProperty('wallet_address')
})

test('a wallet is not connected without its challenge, or by a signature of anything or anybody else', async () => {
  const [owner, thief] = await Promise.all([signIn('creator'), signIn('creator')])
  const wallet = privateKeyToAccount(generatePrivateKey())
  const stranger = privateKeyToAccount(generatePrivateKey())
  const early = await wallet.signMessage({ message: 'anything' })
  expect((await connect(owner, wallet.address, early)).body.error.details.fields[0].field).toBe('address')

  const { body: first } = await ask(owner, wallet.address)
  const { body: asked } = await ask(owner, wallet.address)
  const good = await wallet.signMessage({ message: asked.message })
  const wrong = [
    early,
    await stranger.signMessage({ message: asked.message }),
    await wallet.signMessage({ message: first.message }),
    await wallet.signMessage({ message: `${asked.message}\n` }),
    `0x${'0'.repeat(130)}`,
    `0x${'f'.repeat(130)}`,
    `${good.slice(0, -2)}ff`,
  ]
  for (const signature of wrong) {
    const { status, body } = await connect(owner, wallet.address, signature)
    expect([status, body.error.details.fields[0].field]).toEqual([400, 'signature'])
  }
  for (const malformed of ['', '0x', good.slice(2), `${good}00`, 7])
    expect((await connect(owner, wallet.address, malformed as string)).status).toBe(400)
  // Whoever sees the signature cannot use it: neither for another address nor in another account.
  expect((await connect(owner, stranger.address, good)).status).toBe(400)
  expect((await connect(thief, wallet.address, good)).status).toBe(400)
  await ask(thief, wallet.address)
  expect((await connect(thief, wallet.address, good)).status).toBe(400)
  const both = await Promise.all([1, 2].map(() => connect(owner, wallet.address, good)))
  expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 400])
})

test('a challenge is good for ten minutes', async () => {
  const owner = await signIn('creator')
  const wallet = privateKeyToAccount(generatePrivateKey())
  const { body: asked } = await ask(owner, wallet.address)
  const signature = await wallet.signMessage({ message: asked.message })
  const now = clock.now() + 10 * 60_000
  vi.spyOn(clock, 'now').mockImplementation(() => now)
  expect((await connect(owner, wallet.address, signature)).status).toBe(400)
})
