/**
 * Who may use what: for every route of the OpenAPI documents, everybody who may not is refused, and what is somebody else's
 * looks as if it did not exist. A route that is added is tested here without a line being written, or fails with a
 * sentence that says which line is missing.
 */
import { eq } from 'drizzle-orm'
import { SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { ADMIN_ROLES, isAllowed, PERMISSIONS } from '../auth/permissions.ts'
import { sessions, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { exampleOf } from '../base/json-schema.ts'
import { newKey } from '../keys/key-format.ts'
import { revokeKey } from '../keys/keys.ts'
import {
  ask,
  asUser,
  at,
  idsIn,
  newPerson,
  newProof,
  pathTo,
  queryOf,
  ROLES,
  rolesOf,
  routes,
  withKey,
  type Answer,
  type Headers,
  type Role,
  type Route,
} from './document.ts'
import { BODIES, OPEN_TO_ALL, rowsAbout, session, SHARED, THINGS } from './things.ts'
import { bindings, newDeveloper, signIn, type Account } from './world.ts'

/** Routes that change something before one can be signed in, or at the word of an outside party that signs it. */
const BEFORE_SIGN_IN = /^\/api\/v\d+\/(auth|payments\/webhooks?)\//

const ofPeople = routes.filter(({ scheme }) => scheme === 'session')
const ofKeys = routes.filter(({ scheme }) => scheme === 'key')
const ofOperator = routes.filter(({ scheme }) => scheme === 'operator')
const ofOthers = routes.filter(({ scheme, allows }) => scheme === 'none' && allows !== 'anyone')

/** Asks each route with a body that is good, and names those that answer otherwise. */
async function wrongOf(among: Route[], expected: string | ((route: Route) => string), headers: Headers) {
  const wrong: string[] = []
  for (const route of among) {
    const { status, error } = await send(route, {}, headers)
    const answered = `${status} ${error?.code}`
    const right = typeof expected === 'string' ? expected : expected(route)
    if (!answered.startsWith(right)) wrong.push(`${at(route)} → ${answered}, not ${right}`)
  }
  return wrong
}

function send(route: Route, ids: Record<string, string>, headers: Headers): Promise<Answer> {
  const body = route.body && JSON.stringify(BODIES[route.name] ?? exampleOf(route.body))
  return ask(route.method, pathTo(route, ids) + queryOf(route), { headers, ...(body === undefined ? {} : { body }) })
}

describe('every route is covered', () => {
  test('whom each route allows is known here', () => {
    const unknown = ofPeople.filter((route) => rolesOf(route) === null)
    expect(unknown.map((route) => `${at(route)} allows ${route.allows}`)).toEqual([])
    const sorted = [ofPeople, ofKeys, ofOperator, ofOthers, routes.filter(({ allows }) => allows === 'anyone')].flat()
    expect(sorted.map(at).toSorted()).toEqual(routes.map(at).toSorted())
  })

  test('every thing that a route is about can be made', () => {
    const missing = routes.flatMap((route) =>
      route.allows.startsWith('admin ') ? [] : idsIn(route).map(({ of }) => of),
    )
    const unknown = [...new Set(missing)].filter((word) => !THINGS[word] && !OPEN_TO_ALL.has(word))
    expect(
      unknown.map(
        (word) => `Add how one of \`${word}\` is made to THINGS in workers/tests/things.ts, or to OPEN_TO_ALL.`,
      ),
    ).toEqual([])
  })

  test('what changes something is open to anyone only where nobody can be signed in', () => {
    const open = routes.filter(
      ({ method, allows, path }) => method !== 'GET' && allows === 'anyone' && !BEFORE_SIGN_IN.test(path),
    )
    expect(open.map(at)).toEqual([])
  })
})

describe('routes of people', () => {
  let account: Account
  let suspended: Account[]
  beforeAll(async () => {
    account = await signIn('developer')
    suspended = await Promise.all(ROLES.map(newPerson))
    for (const { id } of suspended)
      await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, id))
  })

  test('without a token: 401', async () => {
    expect(await wrongOf(ofPeople, '401 40101', {})).toEqual([])
  })

  test.each([
    'Bearer nonsense',
    'Bearer a.b.c',
    'Bearer ',
    'Basic YWRhOmxvdmVsYWNl',
    'Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiIxIn0.',
  ])('with %j for a token: 401', async (authorization) => {
    expect(await wrongOf(ofPeople, '401 40101', { authorization })).toEqual([])
  })

  test('with a token that has expired: 401', async () => {
    expect(await wrongOf(ofPeople, '401 40102', asUser({ token: await oldToken(account) }))).toEqual([])
  })

  test('with a token of a session that has ended: 401', async () => {
    const ended = await session(account.id, 'developer')
    await db(bindings)
      .update(sessions)
      .set({ endedAt: new Date(), endedBecause: 'signed_out' })
      .where(eq(sessions.id, ended.sessionId))
    expect(await wrongOf(ofPeople, '401 40101', asUser(ended))).toEqual([])
  })

  test('with a token of a session whose time is over, of none, or of somebody else’s: 401', async () => {
    const over = await session(account.id, 'developer')
    await db(bindings)
      .update(sessions)
      .set({ expiresAt: new Date(0) })
      .where(eq(sessions.id, over.sessionId))
    const never = await session(account.id, 'developer')
    await db(bindings).delete(sessions).where(eq(sessions.id, never.sessionId))
    const { sessionId } = await signIn('developer')
    const mixed = { token: await tokenOf({ ...account, sessionId }, 0) }
    for (const one of [over, never, mixed]) expect(await wrongOf(ofPeople, '401 40101', asUser(one))).toEqual([])
  })

  test.each(ROLES.map((role, index) => [role, index] as const))('as a suspended %s: 401', async (_, index) => {
    expect(await wrongOf(ofPeople, '401 40101', asUser(suspended[index] ?? account))).toEqual([])
  })

  test('with an API key: 401', async () => {
    const developer = await newDeveloper()
    expect(await wrongOf(ofPeople, '401 40101', { authorization: `Bearer ${developer.key}` })).toEqual([])
    expect(await wrongOf(ofPeople, '401 40101', withKey(developer))).toEqual([])
  })

  test.each(ROLES)('a %s is refused what is for others, and nothing comes of it', async (role) => {
    const person = await newPerson(role)
    const notTheirs = ofPeople.filter((route) => !rolesOf(route)?.includes(role))
    const before = await rowsAbout([person.id])
    expect(await wrongOf(notTheirs, '403 40301', asUser(person))).toEqual([])
    expect(await rowsAbout([person.id])).toBe(before)
  })

  test.each(ROLES)('a %s is let pass where the route is for them', async (role) => {
    const refused: string[] = []
    for (const route of ofPeople.filter((one) => rolesOf(one)?.includes(role))) {
      // Each time somebody else: the route may end their session, or their account.
      const answer = await ask(route.method, pathTo(route), { headers: asUser(await newPerson(role)) })
      if (answer.status === 401 || answer.error?.code === '40301' || answer.status >= 500)
        refused.push(`${at(route)} → ${answer.status} ${answer.error?.code}`)
    }
    expect(refused).toEqual([])
  })

  test.each(ADMIN_ROLES)('a %s who is no admin any more is refused at the next request', async (role) => {
    const person = await newPerson(role)
    const before = ofPeople.filter((route) => route.allows.startsWith('admin ') && rolesOf(route)?.includes(role))
    for (const route of before.filter(({ method }) => method === 'GET'))
      await ask('GET', pathTo(route), { headers: asUser(person) })
    await db(bindings).update(users).set({ userType: 'developer', adminRole: null }).where(eq(users.id, person.id))
    expect(await wrongOf(before, '403 40301', asUser(person))).toEqual([])
  })

  test('an admin whose role becomes a smaller one has only its permissions from the next request on', async () => {
    const person = await newPerson('super_admin')
    const ofAdmins = ofPeople.filter(({ allows }) => allows.startsWith('admin '))
    await db(bindings).update(users).set({ adminRole: 'support' }).where(eq(users.id, person.id))
    const wrong: string[] = []
    for (const permission of PERMISSIONS.filter((one) => !isAllowed('support', one)))
      wrong.push(
        ...(await wrongOf(
          ofAdmins.filter(({ allows }) => allows === `admin ${permission}`),
          '403 40301',
          asUser(person),
        )),
      )
    expect(wrong).toEqual([])
  })

  test('who is suspended while signed in is refused within a second', async () => {
    const route = ofPeople.find(({ allows, method }) => method === 'GET' && allows === 'signed in')
    if (!route) return
    const person = await signIn('developer')
    const asked = async (): Promise<number> => (await ask('GET', pathTo(route), { headers: asUser(person) })).status
    expect(await asked()).not.toBe(401)
    await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, person.id))
    await expect.poll(asked, { timeout: 1_500 }).toBe(401)
  })
})

describe('routes of programs', () => {
  test('without a key, with nonsense, with a key of nobody’s, with a session’s token: 401', async () => {
    const person = await signIn('developer')
    const wrongKeys: Headers[] = [
      {},
      { 'x-agentlink-key': 'ak_nonsense' },
      { authorization: 'Bearer ' },
      withKey({ key: newKey() }),
      { authorization: `Bearer ${newKey()}` },
      asUser(person),
      { 'x-agentlink-key': person.token },
    ]
    for (const headers of wrongKeys) expect(await wrongOf(ofKeys, '401 ', headers)).toEqual([])
  })

  test('with a key that was revoked before it was ever used: 401', async () => {
    const developer = await newDeveloper()
    await revokeKey(bindings, developer.keyId)
    expect(await wrongOf(ofKeys, '401 ', withKey(developer))).toEqual([])
  })
})

describe('routes of the operator and of others', () => {
  test('without what proves it, and with what proves something else: 401', async () => {
    const developer = await newDeveloper()
    const proofs: Headers[] = [
      {},
      { authorization: 'Bearer operator' },
      asUser(await newPerson('super_admin')),
      { authorization: `Bearer ${developer.key}` },
      withKey(developer),
    ]
    for (const headers of proofs) expect(await wrongOf([...ofOperator, ...ofOthers], '401 ', headers)).toEqual([])
  })
})

describe('what is not yours', () => {
  const aboutThings = routes.filter((route) => {
    const of = idsIn(route).at(-1)?.of
    return of !== undefined && THINGS[of] && !route.allows.startsWith('admin ') && route.scheme !== 'operator'
  })

  test.each(aboutThings.map((route) => [at(route), route] as const))('%s', async (_, route) => {
    const make = THINGS[idsIn(route).at(-1)?.of ?? '']
    if (!make) throw new Error('unreachable')
    const type = ownerType(route)
    const thing = await make(type === null)
    // A shared thing that is private now, or anything that has an owner of the type that the route is for.
    const owner = type === null ? undefined : (thing.owners[type] ?? Object.values(thing.owners)[0])
    const strangers = await strangersTo(route)
    const about = [
      ...Object.values(thing.ids).filter((id) => id.length > 20),
      ...Object.values(thing.owners).map(({ id }) => id),
    ]

    const nothing = await Promise.all(strangers.map((headers) => send(route, {}, headers)))
    const before = await rowsAbout(about)
    const others = await Promise.all(strangers.map((headers) => send(route, thing.ids, headers)))
    expect(others.map(withoutIds)).toEqual(nothing.map(withoutIds))
    // A body that is refused would make these two the same without saying anything of the thing.
    expect(
      nothing.map(({ status }) => status),
      `${route.name} does not get as far as the thing; put a body for it into BODIES in workers/tests/things.ts. ${nothing[0]?.text}`,
    ).toEqual(strangers.map(() => 404))
    expect(await rowsAbout(about)).toBe(before)

    if (!owner) return
    const own = await send(route, thing.ids, asUser(owner))
    expect([401, 403, 404], `its owner cannot reach it: ${own.text}`).not.toContain(own.status)
    expect(own.status, own.text).toBeLessThan(500)
  })

  test('an id of nothing is 404 for an admin too', async () => {
    const person = await newPerson('super_admin')
    const wrong: string[] = []
    const aboutNothing = (route: Route): boolean =>
      idsIn(route).length > 0 && !idsIn(route).some(({ of }) => OPEN_TO_ALL.has(of))
    for (const route of routes.filter((one) => one.allows.startsWith('admin ') && aboutNothing(one))) {
      const { status, text } = await send(route, {}, asUser(person))
      if (status !== 404) wrong.push(`${at(route)} → ${status} ${text.slice(0, 200)}`)
    }
    expect(wrong).toEqual([])
  })

  function ownerType(route: Route): 'creator' | 'developer' | null {
    const { allows, name } = route
    if (SHARED.has(name)) return null
    const segment = idsIn(route).at(-1)?.of
    if (allows === 'signed in') return 'developer'
    if (allows === 'developer' && (segment === 'agents' || segment === 'versions')) return null
    return allows === 'creator' || allows === 'developer' ? allows : null
  }

  /** Who may use the route, and has nothing to do with the thing. */
  async function strangersTo(route: Route): Promise<Headers[]> {
    const roles = rolesOf(route)
    if (!roles) return [(await newProof(route)) ?? {}]
    return Promise.all(roles.map(async (role: Role) => asUser(await newPerson(role))))
  }
})

function withoutIds({ status, text, requestId = '' }: Answer): unknown {
  return { status, text: text.replaceAll(requestId, '…') }
}

async function oldToken(account: Account): Promise<string> {
  return tokenOf(account, -3_600)
}

/** A token as `signAccessToken` makes it, of another time. */
async function tokenOf({ id, email, sessionId }: Account, seconds: number): Promise<string> {
  const now = Math.floor(Date.now() / 1_000) + seconds
  return new SignJWT({ user_id: id, user_type: 'developer', email, sid: sessionId })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('agentlink')
    .setAudience('agentlink-api')
    .setSubject(id)
    .setJti(newId())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 900)
    .sign(new TextEncoder().encode(String(bindings['JWT_SECRET'])))
}
