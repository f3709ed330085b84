/**
 * Access tokens: JWTs of 15 minutes, signed with HMAC-SHA256 and nothing else. A token is read only if it stands exactly as
 * it is written here: its header is a constant that is compared, never followed, and its claims are spelled as JSON is
 * written, so that nothing can stand in it twice or beside what is known.
 *
 * Two secrets are readable at once, so that they can be changed while people are signed in: tokens are written with
 * `JWT_SECRET` and read with it or `JWT_SECRET_PREVIOUS`.
 */
import { errors, jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { settings, type Bindings } from '../env.ts'

/** `typ` (RFC 9068) says that this is an access token, so that no other kind of JWT can stand in for one. */
const HEADER = { alg: 'HS256', typ: 'at+jwt' } as const
const HEADER_TEXT = new TextEncoder()
  .encode(JSON.stringify(HEADER))
  .toBase64({ alphabet: 'base64url', omitPadding: true })
const ISSUER = 'agentlink'
const AUDIENCE = 'agentlink-api'
export const ACCESS_TOKEN_SECONDS = 15 * 60
/** How far the clocks of two isolates may be apart. */
const SKEW_SECONDS = 5
const TOKEN_CHARS_MAX = 2_048

const Claims = z.object({
  user_id: z.uuid(),
  user_type: z.enum(['creator', 'developer', 'admin']),
  email: z.string(),
  sid: z.uuid(),
})

const Payload = z
  .strictObject({
    ...Claims.shape,
    iss: z.literal(ISSUER),
    aud: z.literal(AUDIENCE),
    sub: z.uuid(),
    jti: z.uuid(),
    iat: z.int(),
    nbf: z.int(),
    exp: z.int(),
  })
  .refine(({ sub, user_id }) => sub === user_id)
  .refine(({ iat, nbf, exp }) => nbf === iat && exp === iat + ACCESS_TOKEN_SECONDS)

/** Whom a token was given to, and in which session. */
export type Claims = z.infer<typeof Claims>

/** A new token for this user in this session. */
export async function signAccessToken(env: Bindings, claims: Claims): Promise<string> {
  const now = Math.floor(clock.now() / 1_000)
  return new SignJWT({ ...claims })
    .setProtectedHeader(HEADER)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject(claims.user_id)
    .setJti(newId())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + ACCESS_TOKEN_SECONDS)
    .sign(secretOf(settings(env).JWT_SECRET))
}

/** The claims of a token that is ours and still good. Throws `tokenExpired`, or `invalidCredentials` whatever else is wrong. */
export async function readAccessToken(env: Bindings, token: string): Promise<Claims> {
  if (token.length > TOKEN_CHARS_MAX || !token.startsWith(`${HEADER_TEXT}.`)) throw new AppError('invalidCredentials')
  const { JWT_SECRET, JWT_SECRET_PREVIOUS } = settings(env)
  try {
    return await verify(token, JWT_SECRET)
  } catch (thrown) {
    if (JWT_SECRET_PREVIOUS === undefined || !(thrown instanceof errors.JWSSignatureVerificationFailed))
      throw refused(thrown)
  }
  return verify(token, JWT_SECRET_PREVIOUS).catch((thrown: unknown) => {
    throw refused(thrown)
  })
}

async function verify(token: string, secret: string): Promise<Claims> {
  const { payload } = await jwtVerify(token, secretOf(secret), {
    algorithms: [HEADER.alg],
    typ: HEADER.typ,
    issuer: ISSUER,
    audience: AUDIENCE,
    // Also refuses one that says it was issued in the future.
    maxTokenAge: ACCESS_TOKEN_SECONDS,
    clockTolerance: SKEW_SECONDS,
    currentDate: new Date(clock.now()),
  })
  if (JSON.stringify(payload) !== textOfPayload(token)) throw new AppError('invalidCredentials')
  return Claims.parse(Payload.parse(payload))
}

function textOfPayload(token: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(token.split('.')[1] ?? '', { alphabet: 'base64url' }))
}

function refused(thrown: unknown): AppError {
  return new AppError(thrown instanceof errors.JWTExpired ? 'tokenExpired' : 'invalidCredentials')
}

function secretOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
