import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { bindings, newUser, member } from '../tests/world.ts'
import { sessionsCron } from './sessions.cron.ts'
import { oneTimeTokens, refreshTokens, sessions } from './tables.ts'

const DAY_MS = 86_400_000
const ago = (days: number): Date => new Date(Date.now() - days * DAY_MS)
const newHash = (): string => (newId() + newId()).replaceAll('-', '')

test('sessions and tokens that have long been over are removed with all that hangs on them, and no others', async () => {
  const person = await member()
  const userId = await newUser()
  const [old, recent] = [newId(), newId()]
  await db(bindings)
    .insert(sessions)
    .values([
      { id: old, userId, expiresAt: ago(31) },
      { id: recent, userId, expiresAt: ago(29) },
    ])
  await db(bindings)
    .insert(refreshTokens)
    .values([old, old, recent].map((sessionId) => ({ hash: newHash(), sessionId })))
  await db(bindings)
    .insert(oneTimeTokens)
    .values([
      { hash: newHash(), userId, purpose: 'verify_email', expiresAt: ago(31) },
      { hash: newHash(), userId, purpose: 'reset_password', expiresAt: ago(29) },
    ])
  await sessionsCron(bindings)
  await sessionsCron(bindings)

  const left = await db(bindings).select({ id: sessions.id }).from(sessions).where(eq(sessions.userId, userId))
  expect(left).toEqual([{ id: recent }])
  const tokens = await db(bindings).select().from(refreshTokens).where(eq(refreshTokens.sessionId, old))
  expect(tokens).toEqual([])
  const open = await db(bindings)
    .select({ purpose: oneTimeTokens.purpose })
    .from(oneTimeTokens)
    .where(eq(oneTimeTokens.userId, userId))
  expect(open).toEqual([{ purpose: 'reset_password' }])
  const kept = await db(bindings).select().from(sessions).where(eq(sessions.userId, person.id))
  expect(kept).toHaveLength(1)
})
