/** What creators say of themselves, and where they are paid. */
import { Hono } from 'hono'
import * as z from 'zod'
import { readBytes } from '../base/body.ts'
import { anyone, routesOf } from '../base/route.ts'
import { IdParams, Moment, Id } from '../base/wire.ts'
import { Address } from './address.ts'
import { creator } from './auth.ts'
import { AVATAR_BYTES_MAX, readAvatar, removeAvatar, setAvatar } from './avatars.ts'
import { changeProfile, ownProfile, publicProfile } from './creators.ts'
import { DisplayName, paragraphs } from './fields.ts'
import { limitAvatars, limitWallet } from './limits.ts'
import { challenge, connectWallet } from './wallet.ts'
import type { AppContext } from '../env.ts'

const BIO_CHARS_MAX = 2_000
const WEBSITE_CHARS_MAX = 200
const FOREVER = 'public, max-age=31536000, immutable'

export const creators = new Hono<AppContext>()
const route = routesOf(creators, 'Creators')

const PublicProfile = z.object({
  id: Id,
  display_name: z.string(),
  bio: z.string().nullable(),
  website: z.string().nullable(),
  avatar_url: z.string().nullable(),
  verified: z.boolean(),
  created_at: Moment,
})

const OwnProfile = PublicProfile.extend({
  email: z.string(),
  /** With its checksum. */
  wallet_address: z.string().nullable(),
  wallet_changed_at: Moment.nullable(),
})

route('GET /api/v1/creators/me', { summary: 'Your profile', who: creator, answer: OwnProfile }, ({ env, me }) =>
  ownProfile(env, me.id),
)

/** A web address. It is shown as a link, so it is one of the web and of nothing else. */
const Website = z
  .string()
  .max(WEBSITE_CHARS_MAX)
  .pipe(z.url({ protocol: /^https?$/, hostname: z.regexes.domain }))

route(
  'PUT /api/v1/creators/me',
  {
    summary: 'Change your profile',
    description: 'What is left out stays as it is; null takes it away.',
    who: creator,
    body: z.object({
      display_name: DisplayName.optional(),
      bio: paragraphs(BIO_CHARS_MAX).nullable().optional(),
      website: Website.nullable().optional(),
    }),
    answer: OwnProfile,
  },
  async ({ env, me, body: { display_name: displayName, bio, website } }) => {
    await changeProfile(env, me.id, {
      ...(displayName === undefined ? {} : { displayName }),
      ...(bio === undefined ? {} : { bio: bio || null }),
      ...(website === undefined ? {} : { website }),
    })
    return ownProfile(env, me.id)
  },
)

route(
  'PUT /api/v1/creators/me/avatar',
  {
    summary: 'Change your picture',
    description:
      'The body is the picture itself: PNG, JPEG, WebP or GIF, at most 512 KB and 4096 pixels wide and high. What it is, is read from its bytes.',
    who: creator,
    answer: z.object({ avatar_url: z.string() }),
    errors: ['validationFailed', 'bodyTooLarge', 'rateLimited'],
  },
  async ({ c, env, me }) => {
    await limitAvatars(env, me.id)
    const bytes = await readBytes(c.req.raw, AVATAR_BYTES_MAX, 'A picture may have 512 KB.')
    return { avatar_url: await setAvatar(env, me.id, bytes) }
  },
)

route('DELETE /api/v1/creators/me/avatar', { summary: 'Take your picture away', who: creator }, ({ env, me }) =>
  removeAvatar(env, me.id),
)

route(
  'GET /api/v1/avatars/:file',
  {
    summary: 'A picture',
    who: anyone,
    // A page of search results shows a hundred, and whoever has seen one keeps it.
    limit: { name: 'avatar', perMinute: 300 },
    params: z.object({ file: z.string().regex(/^[0-9a-f]{64}\.(png|jpg|gif|webp)$/) }),
    produces: 'image/*',
    errors: ['notFound'],
  },
  async ({ env, params: { file } }) => {
    const { body, mediaType } = await readAvatar(env, file)
    return new Response(body, {
      headers: {
        'content-type': mediaType,
        'cache-control': FOREVER,
        // Somebody sent us these bytes: whatever they are, they are shown as a picture or not at all.
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
      },
    })
  },
)

route(
  'POST /api/v1/creators/me/wallet/challenge',
  {
    summary: 'Ask for the message that proves whose a wallet is',
    description: 'Sign it with `personal_sign`, as it is, and send the signature within ten minutes.',
    who: creator,
    body: z.object({ address: Address }),
    answer: z.object({ address: z.string(), message: z.string(), expires_at: Moment }),
    errors: ['rateLimited'],
  },
  async ({ env, me, body: { address } }) => {
    await limitWallet(env, me.id)
    const { message, expiresAt } = await challenge(env, me.id, address)
    return { address, message, expires_at: expiresAt }
  },
)

route(
  'PUT /api/v1/creators/me/wallet',
  {
    summary: 'Say where you are paid',
    description: 'Withdrawals wait for 72 hours after a change.',
    who: creator,
    body: z.object({ address: Address, signature: z.string().regex(/^0x[0-9a-fA-F]{130}$/) }),
    answer: z.object({ wallet_address: z.string(), wallet_changed_at: Moment }),
    errors: ['rateLimited'],
  },
  async ({ c, env, me, body: { address, signature } }) => {
    await limitWallet(env, me.id)
    const changedAt = await connectWallet(env, me, { address, signature, requestId: c.var.requestId })
    return { wallet_address: address, wallet_changed_at: changedAt }
  },
)

route(
  'GET /api/v1/creators/:id',
  {
    summary: 'A creator, as everybody sees them',
    who: anyone,
    limit: { name: 'creator', perMinute: 120 },
    params: IdParams,
    answer: PublicProfile,
    cache: 'public',
    errors: ['userNotFound'],
  },
  ({ env, params }) => publicProfile(env, params.id),
)
