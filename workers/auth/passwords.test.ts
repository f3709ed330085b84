import { argon2id } from '@noble/hashes/argon2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { afterEach, expect, test, vi } from 'vitest'
import { isTheirEmail, NewPassword } from './fields.ts'
import { argon2, checkPassword, hashPassword } from './passwords.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Made with node:crypto, as the seed of a local stack is. */
const FROM_NODE = '$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0'

test('Argon2id is that of RFC 9106, section 5.3', () => {
  const tag = argon2id(new Uint8Array(32).fill(1), new Uint8Array(16).fill(2), {
    t: 3,
    m: 32,
    p: 4,
    dkLen: 32,
    key: new Uint8Array(8).fill(3),
    personalization: new Uint8Array(12).fill(4),
  })
  expect(bytesToHex(tag)).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
})

test('a password is kept as a PHC string at 19 MiB, two passes, one lane, with a salt of its own', async () => {
  const [one, other] = await Promise.all([
    hashPassword('a long enough password'),
    hashPassword('a long enough password'),
  ])
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  expect(other).not.toBe(one)
  expect(await checkPassword('a long enough password', one)).toEqual({ isRight: true, isWeak: false })
  expect(await checkPassword('a long enough passwore', one)).toEqual({ isRight: false, isWeak: false })
})

test('what another Argon2 has written is read', async () => {
  expect(await checkPassword('correct horse battery staple', FROM_NODE)).toEqual({ isRight: true, isWeak: false })
})

test('nobody has a password: what is no PHC string is never right, after the same work', async () => {
  const run = vi.spyOn(argon2, 'run')
  const odd = [
    'none',
    '',
    '$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA',
    '$2b$12$abc',
    FROM_NODE.replace('v=19', 'v=16'),
  ]
  for (const kept of [undefined, ...odd]) expect((await checkPassword('', kept)).isRight).toBe(false)
  const costs = run.mock.calls.map(([, , cost, bytes]) => ({ ...cost, bytes }))
  expect(costs).toHaveLength(6)
  expect(new Set(costs.map((cost) => JSON.stringify(cost)))).toEqual(
    new Set([JSON.stringify({ m: 19_456, t: 2, p: 1, bytes: 32 })]),
  )
})

test('one hash runs at a time, and the others arrive meanwhile', async () => {
  let now = 0
  let running = 0
  vi.spyOn(argon2, 'run').mockImplementation(() => {
    running++
    expect(running).toBe(1)
    now++
    running--
    return new Uint8Array(32)
  })
  const all = Array.from({ length: 20 }, () => hashPassword('x').catch((thrown: { code: string }) => thrown.code))
  const outcomes = await Promise.all(all)
  expect(outcomes.filter((outcome) => outcome === '50305')).toHaveLength(4)
  expect(now).toBe(16)
  expect(await hashPassword('x')).toContain('$argon2id$')
})

test('one that fails gives its place back', async () => {
  vi.spyOn(argon2, 'run').mockImplementation(() => {
    throw new Error('out of memory')
  })
  for (let turn = 0; turn < 20; turn++) await expect(hashPassword('x')).rejects.toThrow('out of memory')
})

test.each(['1234567890', 'PASSWORD123', 'qwertyuiop', 'zzzzzzzzzz', 'short', 'é'.repeat(9)])(
  '"%s" is no password',
  (text) => {
    expect(NewPassword.safeParse(text).success).toBe(false)
  },
)

test.each(['ten letter', 'всё хорошо!', '🐚🐚🐚🐚🐚🐚🐚🐚🐚🐟', 'a b c d e f', ' leading and trailing '])(
  '"%s" is a password',
  (text) => {
    expect(NewPassword.parse(text)).toBe(text)
  },
)

test('an address is no password for itself', () => {
  expect(isTheirEmail('Ada.Lovelace@example.com', 'ada.lovelace@example.com')).toBe(true)
  expect(isTheirEmail('ADA.LOVELACE', 'ada.lovelace@example.com')).toBe(true)
  expect(isTheirEmail('ada.lovelace 1815', 'ada.lovelace@example.com')).toBe(false)
})
