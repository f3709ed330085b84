/** Pictures of creators, in R2. A file is named after its owner and content, so it never changes and is nobody else's. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { sql } from 'drizzle-orm'
import { db, reach } from '../base/db.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { MEDIA_TYPES, pictureOf } from './picture.ts'
import type { Bindings } from '../env.ts'

export const AVATAR_BYTES_MAX = 512 * 1024
const SIDE_PIXELS_MAX = 4_096
const PATH = '/api/v1/avatars/'

/** Keeps the picture as this creator's; gives its path. Throws `validationFailed` for what is not a picture, or too large. */
export async function setAvatar(env: Bindings, userId: string, bytes: Uint8Array): Promise<string> {
  const picture = pictureOf(bytes)
  if (!picture) throw refuseField('body', 'must be a PNG, JPEG, WebP or GIF picture')
  const { type, width, height } = picture
  if (Math.min(width, height) < 1 || Math.max(width, height) > SIDE_PIXELS_MAX)
    throw refuseField('body', `must be 1 to ${SIDE_PIXELS_MAX} pixels wide and high`)
  const file = `${bytesToHex(sha256.create().update(utf8ToBytes(userId)).update(bytes).digest())}.${type}`
  await kept(() => env.AVATARS.put(file, bytes))
  await replace(env, userId, PATH + file)
  return PATH + file
}

/** Takes this creator's picture away, if there is one. */
export async function removeAvatar(env: Bindings, userId: string): Promise<void> {
  await replace(env, userId, null)
}

/** A picture by the name of its file. Throws `notFound`. */
export async function readAvatar(env: Bindings, file: string): Promise<{ body: ReadableStream; mediaType: string }> {
  const [, type = ''] = file.split('.')
  const found = await kept(() => env.AVATARS.get(file))
  if (!found) throw new AppError('notFound')
  return { body: found.body, mediaType: MEDIA_TYPES[type as keyof typeof MEDIA_TYPES] }
}

/** Puts a path in place of the one before, whose file is removed then. */
async function replace(env: Bindings, userId: string, path: string | null): Promise<void> {
  const { rows } = await reach(() =>
    db(env).execute<{ old: string | null }>(sql`
      WITH before AS (SELECT user_id, avatar_url FROM creator_profiles WHERE user_id = ${userId} FOR UPDATE)
      UPDATE creator_profiles SET avatar_url = ${path}::varchar FROM before
      WHERE creator_profiles.user_id = before.user_id RETURNING before.avatar_url AS old`),
  )
  const [row] = rows
  if (!row) throw new AppError('userNotFound')
  if (row.old === null || row.old === path) return
  try {
    await env.AVATARS.delete(row.old.slice(PATH.length))
  } catch (thrown) {
    // Nobody is shown it any more; that it still lies there costs a few bytes.
    log.warn('avatar.not_removed', { account_id: userId, error: describe(thrown) })
  }
}

/** What R2 answers. Throws `storeUnavailable` when it does not. */
async function kept<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw new AppError('storeUnavailable', { cause: thrown })
  }
}
