import { eq } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { createKey } from '../keys/keys.ts'
import { api, bindings, mailsTo, register, sentMails, signIn, tokenFor, type ApiAnswer } from '../tests/world.ts'
import { argon2 } from './passwords.ts'
import { creatorProfiles, developerProfiles, users } from './tables.ts'

const ORIGIN = 'https://app.agentlink.io'

afterEach(() => {
  vi.restoreAllMocks()
})

const newEmail = (): string => `${newId()}@example.com`
const PASSWORD = 'a long enough password'

function developer(email: string, more: object = {}): { body: object } {
  return { body: { user_type: 'developer', email, password: PASSWORD, ...more } }
}

/** What of an answer others could compare: all but what names the request. */
function seen({ status, headers, body }: ApiAnswer): unknown {
  const { request_id: _, ...rest } = body
  const shown = [...headers].filter(([name]) => !/request-id|^date$/.test(name))
  return { status, headers: shown, body: rest }
}

/** How often Argon2 runs while `work` does. */
async function hashes<T>(work: () => Promise<T>): Promise<{ count: number; answer: T }> {
  const run = vi.spyOn(argon2, 'run')
  const answer = await work()
  const count = run.mock.calls.length
  run.mockRestore()
  return { count, answer }
}

test('property 35: a newly registered developer has 100 free calls', async () => {
  const { id } = await register('developer')
  const { key } = await createKey(bindings, id, { name: 'first' })
  const { status, body } = await api('GET /api/v1/key', { headers: { 'x-agentlink-key': key } })
  expect(status).toBe(200)
  expect(body.calls).toEqual({ remaining: 100, used: 0, held: 0, granted: 100 })
  expect(body.lots).toMatchObject([{ kind: 'promotional', calls: 100, remaining: 100 }])
})

test('whoever registers opens the mail, and is signed in', async () => {
  const email = newEmail()
  const sent = {
    body: { user_type: 'creator', email: ` ${email.toUpperCase()}`, password: PASSWORD, display_name: '  Ada   L. ' },
  }
  const registered = await api('POST /api/v1/auth/register', sent)
  expect(registered.status).toBe(202)
  expect(registered.headers.get('cache-control')).toBe('no-store')

  const [mail] = await mailsTo(email)
  expect(mail?.subject).toBe('Welcome to AgentLink: please confirm your address')
  expect(mail?.text).toContain('https://site.test/verify?token=')
  const verified = await api('POST /api/v1/auth/verify-email', { body: { token: await tokenFor(email) } })
  expect(verified.status).toBe(200)
  expect(verified.body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 900,
    user: { email, user_type: 'creator', admin_role: null, email_verified: true, display_name: 'Ada L.' },
  })
  const me = await api('GET /api/v1/auth/me', { as: { token: verified.body.access_token } })
  expect(me.body).toEqual(verified.body.user)

  const signedIn = await api('POST /api/v1/auth/login', { body: { email, password: PASSWORD } })
  expect(signedIn.status).toBe(200)
  expect(signedIn.body.user).toEqual(verified.body.user)
})

test('a developer may leave the name out, and is not taken for a creator', async () => {
  const unnamed = await register('developer')
  const me = await api('GET /api/v1/auth/me', { as: unnamed })
  expect(me.body).toMatchObject({ user_type: 'developer', display_name: null })
  const email = newEmail()
  await api('POST /api/v1/auth/register', developer(email, { display_name: 'Grace' }))
  await mailsTo(email)
  const rows = await db(bindings)
    .select({ name: developerProfiles.displayName, creator: creatorProfiles.displayName })
    .from(users)
    .innerJoin(developerProfiles, eq(developerProfiles.userId, users.id))
    .leftJoin(creatorProfiles, eq(creatorProfiles.userId, users.id))
    .where(eq(users.email, email))
  expect(rows).toEqual([{ name: 'Grace', creator: null }])
})

test('no answer to a registration tells whether there is an account, and both take the same work', async () => {
  const known = await register()
  const fresh = await hashes(() => api('POST /api/v1/auth/register', developer(newEmail())))
  const again = await hashes(() => api('POST /api/v1/auth/register', developer(known.email)))
  expect(seen(again.answer)).toEqual(seen(fresh.answer))
  expect([fresh.count, again.count]).toEqual([1, 1])
  const [mail] = await mailsTo(known.email, 2)
  expect(mail?.subject).toBe('You already have an AgentLink account')
  expect(mail?.text).not.toContain('token')
  // Nothing of the account has changed.
  expect((await api('POST /api/v1/auth/login', { body: known })).status).toBe(200)
})

test('whoever registers first with an address that is not theirs does not get in with its owner’s click', async () => {
  const email = newEmail()
  await api('POST /api/v1/auth/register', developer(email, { password: 'chosen by a stranger' }))
  await mailsTo(email)
  await api('POST /api/v1/auth/register', developer(email, { password: 'chosen by the owner' }))
  const [mail] = await mailsTo(email, 2)
  expect(mail?.subject).toBe('Finish signing up for AgentLink')
  const token = await tokenFor(email, 2)
  expect((await api('POST /api/v1/auth/verify-email', { body: { token } })).status).toBe(401)
  await api('POST /api/v1/auth/password/reset', { body: { token, password: 'chosen by the owner' } })
  const stranger = await api('POST /api/v1/auth/login', { body: { email, password: 'chosen by a stranger' } })
  const owner = await api('POST /api/v1/auth/login', { body: { email, password: 'chosen by the owner' } })
  expect([stranger.status, owner.status]).toEqual([401, 200])
})

test('nobody registers as an admin, verified, or with any other field that is not theirs to set', async () => {
  const refused = await api('POST /api/v1/auth/register', {
    body: { user_type: 'admin', email: newEmail(), password: PASSWORD },
  })
  expect(refused.status).toBe(400)
  const email = newEmail()
  const id = newId()
  const more = {
    id,
    email_verified: true,
    admin_role: 'super_admin',
    status: 'suspended',
    verified: true,
    wallet_address: '0x1',
  }
  expect((await api('POST /api/v1/auth/register', developer(email, more))).status).toBe(202)
  const [user] = await db(bindings).select().from(users).where(eq(users.email, email))
  expect(user).toMatchObject({
    userType: 'developer',
    adminRole: null,
    emailVerified: false,
    status: 'active',
    walletAddress: null,
  })
  expect(user?.id).not.toBe(id)
})

test.each<[string, object, string]>([
  ['an address that is none', { email: 'nobody' }, 'email'],
  ['an address that is too long', { email: `${'a'.repeat(250)}@example.com` }, 'email'],
  ['an address with a line end', { email: 'a@example.com\r\nBcc: b@example.com' }, 'email'],
  ['a short password', { password: 'short' }, 'password'],
  ['a password without end', { password: 'x'.repeat(257) }, 'password'],
  ['a common password', { password: 'Password123' }, 'password'],
  ['one letter, repeated', { password: 'aaaaaaaaaaaa' }, 'password'],
  ['half a character', { password: 'long enough \ud800' }, 'password'],
  ['a number in place of a password', { password: 1234567890123 }, 'password'],
  ['a creator without a name', { user_type: 'creator' }, 'display_name'],
  ['a name of spaces', { user_type: 'creator', display_name: '   ' }, 'display_name'],
  ['a name that turns the text around it', { user_type: 'creator', display_name: 'Ada\u202egnp' }, 'display_name'],
  ['a name with an invisible character', { user_type: 'creator', display_name: 'A\u200bda' }, 'display_name'],
  ['a name with a NUL', { user_type: 'creator', display_name: 'A\u0000da' }, 'display_name'],
  ['a name that is too long', { user_type: 'creator', display_name: 'A'.repeat(101) }, 'display_name'],
  ['an unknown kind of user', { user_type: 'owner' }, 'user_type'],
])('a registration with %s names the field', async (_, wrong, field) => {
  const { status, body } = await api('POST /api/v1/auth/register', developer(newEmail(), wrong))
  expect(status).toBe(400)
  expect(body.error.code).toBe('40002')
  expect(body.error.details.fields.map((one: { field: string }) => one.field)).toContain(field)
})

test('a password is not the address, nor its name', async () => {
  const email = newEmail()
  for (const password of [email, email.toUpperCase(), email.split('@')[0]]) {
    const { status, body } = await api('POST /api/v1/auth/register', developer(email, { password }))
    expect(status).toBe(400)
    expect(body.error.details.fields).toEqual([{ field: 'password', problem: 'is your e-mail address' }])
  }
})

test('a password is the same however its accents were typed', async () => {
  const email = newEmail()
  await api('POST /api/v1/auth/register', developer(email, { password: 'caf\u00e9 in the morning' }))
  await api('POST /api/v1/auth/verify-email', { body: { token: await tokenFor(email) } })
  const { status } = await api('POST /api/v1/auth/login', { body: { email, password: 'cafe\u0301 in the morning' } })
  expect(status).toBe(200)
})

test('an unknown address, a wrong password and an address not yet verified are refused alike, after the same work', async () => {
  const known = await register()
  const unverified = newEmail()
  await api('POST /api/v1/auth/register', developer(unverified))
  await mailsTo(unverified)
  const attempts = [
    { email: newEmail(), password: PASSWORD },
    { email: known.email, password: 'a wrong password' },
    { email: unverified, password: PASSWORD },
    { email: unverified, password: 'a wrong password' },
    { email: (await signIn()).email, password: PASSWORD },
  ]
  const outcomes = []
  for (const body of attempts) outcomes.push(await hashes(() => api('POST /api/v1/auth/login', { body })))
  const [first, ...others] = outcomes.map(({ answer }) => seen(answer))
  expect(first).toMatchObject({
    status: 401,
    body: {
      error: { code: '40101', message: expect.stringContaining('not valid, or the address is not verified yet') },
    },
  })
  for (const other of others) expect(other).toEqual(first)
  expect(outcomes.map(({ count }) => count)).toEqual([1, 1, 1, 1, 1])
})

test('signing in with the right password before the address is verified sends the mail again, at most five times', async () => {
  const email = newEmail()
  await api('POST /api/v1/auth/register', developer(email))
  const first = await tokenFor(email)
  for (let attempt = 1; attempt <= 7; attempt++)
    await api('POST /api/v1/auth/login', { body: { email, password: PASSWORD } })
  await mailsTo(email, 6)
  await api('POST /api/v1/auth/login', { body: { email, password: 'a wrong password' } })
  const newest = await tokenFor(email, 6)
  expect(await sentMails(email)).toHaveLength(6)
  // The newest is good, once, and none of the others.
  expect((await api('POST /api/v1/auth/verify-email', { body: { token: first } })).body.error.code).toBe('40104')
  const both = await Promise.all([1, 2].map(() => api('POST /api/v1/auth/verify-email', { body: { token: newest } })))
  expect(both.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 401])
})

test('the verification mail can be asked for again, and the answer tells nothing', async () => {
  const email = newEmail()
  await api('POST /api/v1/auth/register', developer(email))
  await mailsTo(email)
  const verified = await register()
  const answers = []
  for (const asked of [email, verified.email, newEmail()])
    answers.push(seen(await api('POST /api/v1/auth/verify-email/resend', { body: { email: asked } })))
  expect(answers[0]).toMatchObject({ status: 202 })
  expect(answers[1]).toEqual(answers[0])
  expect(answers[2]).toEqual(answers[0])
  await mailsTo(email, 2)
  expect(await sentMails(verified.email)).toHaveLength(1)
})

test('a token is good for what it was made for, and for a day', async () => {
  const email = newEmail()
  await api('POST /api/v1/auth/register', developer(email))
  const token = await tokenFor(email)
  const reset = await api('POST /api/v1/auth/password/reset', { body: { token, password: 'another long password' } })
  expect(reset.body.error.code).toBe('40104')
  await db(bindings).execute(`UPDATE one_time_tokens SET expires_at = now() - interval '1 second'
    WHERE user_id = (SELECT id FROM users WHERE email = '${email}')`)
  const late = await api('POST /api/v1/auth/verify-email', { body: { token } })
  expect(late.status).toBe(401)
  for (const wrong of ['x', 'x'.repeat(4_096)])
    expect((await api('POST /api/v1/auth/verify-email', { body: { token: wrong } })).body.error.code).toBe('40104')
  expect((await api('POST /api/v1/auth/verify-email', { body: { token: 'x'.repeat(4_097) } })).status).toBe(400)
})

test('a suspended account is told so, but only with its password; a deleted one is not there', async () => {
  const person = await register()
  const wrong = { email: person.email, password: 'a wrong password' }
  await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, person.id))
  expect((await api('POST /api/v1/auth/login', { body: person })).body.error.code).toBe('40301')
  expect((await api('POST /api/v1/auth/login', { body: wrong })).body.error.code).toBe('40101')
  await db(bindings).update(users).set({ status: 'deleted' }).where(eq(users.id, person.id))
  expect((await api('POST /api/v1/auth/login', { body: person })).body.error.code).toBe('40101')
})

test('a weak hash is replaced when its owner signs in, and by nobody else', async () => {
  const person = await register()
  // Argon2id of the same password with a quarter of the memory and one pass.
  const salt = new Uint8Array(16).fill(7)
  const tag = argon2.run(person.password, salt, { m: 4_864, t: 1, p: 1 }, 32)
  const weak = `$argon2id$v=19$m=4864,t=1,p=1$${salt.toBase64({ omitPadding: true })}$${tag.toBase64({ omitPadding: true })}`
  await db(bindings).update(users).set({ passwordHash: weak }).where(eq(users.id, person.id))
  const kept = async (): Promise<string | undefined> =>
    (await db(bindings).select({ hash: users.passwordHash }).from(users).where(eq(users.id, person.id)))[0]?.hash

  await api('POST /api/v1/auth/login', { body: { ...person, password: 'a wrong password' } })
  expect(await kept()).toBe(weak)
  expect((await api('POST /api/v1/auth/login', { body: person })).status).toBe(200)
  await vi.waitFor(async () => expect(await kept()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/), 5_000)
  expect((await api('POST /api/v1/auth/login', { body: person })).status).toBe(200)
})

test('when too many sign in at once, the last are told to come back, and the others are let in', async () => {
  const person = await register()
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => api('POST /api/v1/auth/register', developer(newEmail()))),
  )
  const busy = answers.filter(({ status }) => status === 503)
  expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(16)
  expect(busy.length).toBeGreaterThan(0)
  expect(busy[0]?.body.error.code).toBe('50305')
  expect(busy[0]?.headers.get('retry-after')).toBe('3')
  // Their places are free again.
  expect((await api('POST /api/v1/auth/login', { body: person })).status).toBe(200)
})

test('a browser on our site gets the refresh token in a cookie that no script can read, and nowhere else', async () => {
  const person = await register()
  const { status, headers, body } = await api('POST /api/v1/auth/login', { body: person, headers: { origin: ORIGIN } })
  expect(status).toBe(200)
  expect(body.refresh_token).toBeUndefined()
  expect(headers.get('set-cookie')).toMatch(
    /^agentlink_refresh=[\w-]{43}; Max-Age=604800; Path=\/api; HttpOnly; Secure; SameSite=Strict$/,
  )
  const asked = await api('POST /api/v1/auth/login', { body: { ...person, transport: 'cookie' } })
  expect(asked.body.refresh_token).toBeUndefined()
  expect(asked.headers.get('set-cookie')).toContain('agentlink_refresh=')
  const inBody = await api('POST /api/v1/auth/login', {
    body: { ...person, transport: 'body' },
    headers: { origin: ORIGIN },
  })
  expect(inBody.body.refresh_token).toMatch(/^[\w-]{43}$/)
  expect(inBody.headers.get('set-cookie')).toBeNull()
  const elsewhere = await api('POST /api/v1/auth/login', { body: person, headers: { origin: 'https://evil.example' } })
  expect(elsewhere.headers.get('set-cookie')).toBeNull()
  expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull()
})
