/** The end of a session closes its open windows at once, however it ends. Nothing here drives the alarm that would find out. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { signAccessToken } from '../auth/access-token.ts'
import { changePassword } from '../auth/new-password.ts'
import { exchange } from '../auth/refresh.ts'
import { startSession } from '../auth/sessions.ts'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { liveOf, openWindow, ticketOf, type Window } from '../tests/window.ts'
import { CLOSE } from './live-protocol.ts'
import { TICKET_SECONDS } from './ticket.ts'

/** The same user, signed in once more. */
async function again(me: Account): Promise<Account & { refreshToken: string }> {
  const session = await startSession(bindings, { userId: me.id, userAgent: undefined })
  if (!session) throw new Error('There is no such user.')
  const { sessionId, refreshToken } = session
  const claims = { user_id: me.id, user_type: 'developer', email: me.email, sid: sessionId } as const
  return { ...me, sessionId, refreshToken, token: await signAccessToken(bindings, claims) }
}

async function closedWithinASecond(window: Window): Promise<void> {
  await expect.poll(() => window.closed, { interval: 5, timeout: 1_000 }).toMatchObject({ code: CLOSE.ended[0] })
}

type Case = [how: string, what: (me: Account & { refreshToken: string }, other: Account) => Promise<unknown>]

const byAdmin =
  (method: 'PUT' | 'DELETE', path: string, body: object): Case[1] =>
  async ({ id }) => {
    const answer = await api(`${method} /api/v1/admin/users/${id}${path}`, { as: await signIn('admin'), body })
    expect(answer.status).toBeLessThan(300)
  }

const ONLY_HERE: Case[] = [
  ['they sign out', (me) => api('POST /api/v1/auth/logout', { as: me })],
  [
    'they sign out with the refresh token',
    ({ refreshToken }) => api('POST /api/v1/auth/logout', { body: { refresh_token: refreshToken } }),
  ],
  [
    'they sign it out from elsewhere',
    (me, other) => api(`DELETE /api/v1/auth/sessions/${me.sessionId}`, { as: other }),
  ],
  [
    'they change the password elsewhere',
    ({ id, email, sessionId }, other) => {
      const elsewhere = { id, email, type: 'developer', emailVerified: true, adminRole: null } as const
      expect(sessionId).not.toBe(other.sessionId)
      return changePassword(bindings, { ...elsewhere, sessionId: other.sessionId }, { from: 'none', to: 'another' })
    },
  ],
  [
    'its refresh token comes a second time',
    async ({ refreshToken }) => {
      await exchange(bindings, refreshToken, clock.now())
      const refused = await exchange(bindings, refreshToken, clock.now() + 60_000).catch((thrown: unknown) => thrown)
      expect(refused).toBeInstanceOf(AppError)
    },
  ],
]

test.each(ONLY_HERE)(
  'when %s, the windows of that session are closed within a second and no others',
  async (_, end) => {
    const other = await signIn('developer')
    const me = await again(other)
    const [first, second, elsewhere] = [await openWindow(me), await openWindow(me), await openWindow(other)]
    await end(me, other)
    await Promise.all([first, second].map(closedWithinASecond))
    expect(elsewhere.closed).toBe(null)
  },
)

const EVERYWHERE: Case[] = [
  ['they sign out everywhere', (_, other) => api('POST /api/v1/auth/logout/all', { as: other })],
  ['they are suspended', byAdmin('PUT', '/status', { status: 'suspended', reason: 'Spam.' })],
  ['their account is deleted', byAdmin('DELETE', '', { reason: 'Asked for it.', forfeit: true })],
]

test.each(EVERYWHERE)(
  'when %s, all of their windows are closed within a second, also by an object that slept',
  async (_, end) => {
    const other = await signIn('developer')
    const me = await again(other)
    const windows = [await openWindow(me), await openWindow(other)]
    await evictDurableObject(liveOf(me.id))
    await end(me, other)
    await Promise.all(windows.map(closedWithinASecond))
  },
)

test('more sessions than one may have close the windows of the oldest', async () => {
  const me = await signIn('developer')
  const window = await openWindow(me)
  for (let session = 0; session < 50; session++) await startSession(bindings, { userId: me.id, userAgent: undefined })
  await closedWithinASecond(window)
})

test('a ticket that was looked at before its session ended opens nothing after it', async () => {
  const me = await signIn('developer')
  const { sid, jti } = JSON.parse(atob((await ticketOf(me)).split('.')[1] ?? ''))
  const ticket = { sid, jti, sub: me.id, exp: Math.floor(clock.now() / 1_000) + TICKET_SECONDS, calls: false }
  const arrive = async (more: object = {}): Promise<number> => {
    const { status, webSocket } = await liveOf(me.id).fetch('https://live/', {
      headers: {
        upgrade: 'websocket',
        'x-live-connection': JSON.stringify({ v: 1, ticket: { ...ticket, ...more }, lastEventId: null }),
      },
    })
    webSocket?.accept()
    webSocket?.close(1000)
    return status
  }
  expect(await arrive({ jti: newId() })).toBe(101)
  await liveOf(me.id).end({ v: 1, sessionIds: [me.sessionId] })
  expect(await arrive({ jti: newId() })).toBe(401)
  // Another session of theirs is not meant.
  expect(await arrive({ jti: newId(), sid: newId() })).toBe(101)
})

test('signing out works while the windows cannot be told', async () => {
  const me = await signIn('developer')
  await openWindow(me)
  await runInDurableObject(liveOf(me.id), (object) => {
    Object.assign(object, { end: () => Promise.reject(new Error('The object is broken.')) })
  })
  expect((await api('POST /api/v1/auth/logout', { as: me })).status).toBe(204)
  expect((await api('GET /api/v1/notifications', { as: me })).status).toBe(401)
})
