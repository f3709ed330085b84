import { createExecutionContext } from 'cloudflare:test'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { app } from '../app.ts'
import { newId } from '../base/ids.ts'
import { bindings, register } from '../tests/world.ts'
import { argon2 } from './passwords.ts'

/** The middle of a window of every length used here: none of them ends while it is counted in. */
const MIDDLE = Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 32.5 * 60_000
const offsetMs = MIDDLE - Date.now()
const realNow = Date.now

beforeEach(() => {
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + offsetMs)
  // How a password is hashed is not the subject here.
  vi.spyOn(argon2, 'run').mockImplementation((password, _salt, _cost, bytes) =>
    new TextEncoder().encode(password.padEnd(bytes)).slice(0, bytes),
  )
})
afterEach(() => {
  vi.restoreAllMocks()
})

const PASSWORD = 'a long enough password'
const newEmail = (): string => `${newId()}@example.com`
/** Without Redis, which may be slow once on a busy machine: then two count, and more pass. */
const STRICT = {
  ...bindings,
  SIGN_IN_PER_ADDRESS: '12',
  REGISTER_PER_ADDRESS: '3',
  MAIL_PER_ADDRESS: '4',
  UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
}

/** The statuses of requests one after the other, all from one address. */
async function statuses(
  count: number,
  path: string,
  body: (turn: number) => object,
  from = newId(),
): Promise<number[]> {
  const found = []
  for (let turn = 0; turn < count; turn++) {
    const request = new Request(`https://agentlink.test/api/v1/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-connecting-ip': from },
      body: JSON.stringify(body(turn)),
    })
    found.push((await app.fetch(request, STRICT, createExecutionContext())).status)
  }
  return found
}

const times = (count: number, status: number): number[] => Array.from({ length: count }, () => status)

test('ten sign-ins may be tried in an account, wherever from, known or not', async () => {
  const person = await register()
  for (const email of [person.email, newEmail()]) {
    const wrong = { email, password: 'a wrong password' }
    const spread = []
    for (let turn = 0; turn < 12; turn++) spread.push(...(await statuses(1, 'login', () => wrong)))
    expect(spread).toEqual([...times(10, 401), ...times(2, 429)])
  }
  // The right password does not get past it either.
  expect(await statuses(1, 'login', () => person)).toEqual([429])
})

test('one address may try so many accounts, and no more', async () => {
  expect(await statuses(14, 'login', () => ({ email: newEmail(), password: PASSWORD }))).toEqual([
    ...times(12, 401),
    ...times(2, 429),
  ])
})

test('one address may register so many accounts', async () => {
  const body = (): object => ({ user_type: 'developer', email: newEmail(), password: PASSWORD })
  expect(await statuses(5, 'register', body)).toEqual([...times(3, 202), ...times(2, 429)])
})

test.each(['password/forgot', 'verify-email/resend'])(
  '%s mails five times to an account, four for an address',
  async (path) => {
    const email = newEmail()
    const spread = []
    for (let turn = 0; turn < 7; turn++) spread.push(...(await statuses(1, path, () => ({ email }))))
    expect(spread).toEqual([...times(5, 202), ...times(2, 429)])
    expect(await statuses(6, path, () => ({ email: newEmail() }))).toEqual([...times(4, 202), ...times(2, 429)])
  },
)

test.each(['verify-email', 'password/reset'])('%s takes no endless guessing', async (path) => {
  const body = (): object => ({ token: newId(), password: PASSWORD })
  expect(await statuses(13, path, body)).toEqual([...times(12, 401), 429])
})
