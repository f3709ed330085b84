import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { clock } from '../base/clock.ts'
import { newId } from '../base/ids.ts'
import { api, bindings, member, signIn, type Account } from '../tests/world.ts'
import { readAccessToken, signAccessToken } from './access-token.ts'

const SECRET = new TextEncoder().encode(bindings.JWT_SECRET as string)
const HEADER = { alg: 'HS256', typ: 'at+jwt' }

let me: Account

beforeAll(async () => {
  me = await signIn()
})

type Claims = Record<string, unknown>

/** The claims of a token that is good, changed; a claim that is undefined is left out. */
function claims(change: Claims = {}): Claims {
  const now = Math.floor(clock.now() / 1_000)
  const good = {
    user_id: me.id,
    user_type: 'developer',
    email: me.email,
    sid: me.sessionId,
    iss: 'agentlink',
    aud: 'agentlink-api',
    sub: me.id,
    jti: newId(),
    iat: now,
    nbf: now,
    exp: now + 900,
  }
  return { ...good, ...change }
}

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
const encode = (text: string): string => base64url(new TextEncoder().encode(text))

/** Any header and any payload, to the letter, with a true HMAC-SHA256 of `secret`. */
async function written(header: string, payload: string, secret = SECRET): Promise<string> {
  const text = `${encode(header)}.${encode(payload)}`
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text))))}`
}

const signed = (change: Claims = {}, header: object = HEADER): Promise<string> =>
  written(JSON.stringify(header), JSON.stringify(claims(change)))

async function code(token: string): Promise<string | number> {
  const { status, body } = await api('GET /api/v1/auth/me', { as: { token } })
  if (status !== 401) return status
  expect(Object.keys(body)).toEqual(['error', 'request_id'])
  return body.error.code
}

test('a token as we write it is good, so that each of the attacks below fails for what it changes', async () => {
  expect(await code(me.token)).toBe(200)
  expect(await code(await signed())).toBe(200)
})

describe('the header', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', ''])('alg "%s" without a signature', async (alg) => {
    const text = `${encode(JSON.stringify({ alg, typ: 'at+jwt' }))}.${encode(JSON.stringify(claims()))}`
    for (const token of [`${text}.`, text, `${text}.${me.token.split('.')[2]}`]) expect(await code(token)).toBe('40101')
  })

  test('a token of jose without security', async () => {
    expect(await code(new UnsecuredJWT(claims() as never).encode())).toBe('40101')
  })

  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('%s, signed with a key of the attacker', async (alg) => {
    const { privateKey } = await generateKeyPair(alg)
    expect(
      await code(await new SignJWT(claims() as never).setProtectedHeader({ alg, typ: 'at+jwt' }).sign(privateKey)),
    ).toBe('40101')
  })

  test('RS256 in the header over an HMAC with our secret, and HS256 with a public key as the secret', async () => {
    expect(await code(await signed({}, { ...HEADER, alg: 'RS256' }))).toBe('40101')
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const spki = (await crypto.subtle.exportKey('spki', publicKey)) as ArrayBuffer
    const pem = `-----BEGIN PUBLIC KEY-----\n${new Uint8Array(spki).toBase64()}\n-----END PUBLIC KEY-----`
    for (const secret of [new Uint8Array(spki), new TextEncoder().encode(pem)])
      expect(await code(await written(JSON.stringify(HEADER), JSON.stringify(claims()), secret))).toBe('40101')
  })

  test.each(['HS384', 'HS512'])('%s with our secret', async (alg) => {
    const key = new Uint8Array(64)
    key.set(SECRET)
    for (const secret of [SECRET, key])
      expect(
        await code(await new SignJWT(claims() as never).setProtectedHeader({ alg, typ: 'at+jwt' }).sign(secret)),
      ).toBe('40101')
  })

  test.each([
    { jwk: { kty: 'oct', k: 'AAAA' } },
    { jku: 'https://evil.example/jwks.json' },
    { x5u: 'https://evil.example/cert.pem' },
    { x5c: ['AAAA'] },
    { kid: '../../../../dev/null' },
    { kid: "' UNION SELECT 'x" },
    { crit: ['exp'] },
    { crit: ['b64'], b64: false },
    { crit: ['unknown'], unknown: 1 },
    { typ: 'JWT' },
    { typ: 'rt+jwt' },
    { typ: undefined },
    { cty: 'JWT' },
    { zip: 'DEF' },
    { enc: 'A128GCM' },
  ])('a header with %o, truly signed', async (more) => {
    expect(await code(await signed({}, { ...HEADER, ...more }))).toBe('40101')
  })

  test('a header with a member twice, or with other spaces', async () => {
    const payload = JSON.stringify(claims())
    for (const header of [
      '{"alg":"none","alg":"HS256","typ":"at+jwt"}',
      '{"alg": "HS256","typ":"at+jwt"}',
      '{"typ":"at+jwt","alg":"HS256"}',
    ])
      expect(await code(await written(header, payload))).toBe('40101')
  })
})

describe('the signature', () => {
  test('is needed, and needs to be whole', async () => {
    const [header = '', payload = '', signature = ''] = (await signed()).split('.')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    for (const wrong of ['', 'AAAA', signature.slice(1), flipped, `${signature}AA`])
      expect(await code(`${header}.${payload}.${wrong}`)).toBe('40101')
    const other = encode(JSON.stringify(claims({ user_type: 'admin' })))
    expect(await code(`${header}.${other}.${signature}`)).toBe('40101')
  })

  test('of another secret is worth nothing, unless it is the secret before', async () => {
    const payload = claims()
    const { user_id, user_type, email, sid } = payload as never
    const wanted = { user_id, user_type, email, sid }
    const previous = 'the secret that was in use before the one of now'
    const third = 'a secret that has been out of use for long enough'
    const rotated = { ...bindings, JWT_SECRET_PREVIOUS: previous }
    const by = (secret: string): Promise<string> => signAccessToken({ ...bindings, JWT_SECRET: secret }, wanted)
    expect(await readAccessToken(rotated, await by(bindings.JWT_SECRET as string))).toEqual(wanted)
    expect(await readAccessToken(rotated, await by(previous))).toEqual(wanted)
    await expect(readAccessToken(rotated, await by(third))).rejects.toMatchObject({ code: '40101' })
    await expect(readAccessToken(bindings, await by(previous))).rejects.toMatchObject({ code: '40101' })
    expect(await code(await by(previous))).toBe('40101')
    expect(await code(await by(third))).toBe('40101')
    const old = Math.floor(clock.now() / 1_000) - 2_000
    const expired = JSON.stringify(claims({ iat: old, nbf: old, exp: old + 900 }))
    const late = await written(JSON.stringify(HEADER), expired, new TextEncoder().encode(previous))
    await expect(readAccessToken(rotated, late)).rejects.toMatchObject({ code: '40102' })
  })
})

describe('the claims', () => {
  const now = (): number => Math.floor(clock.now() / 1_000)

  test('an expired token is told so', async () => {
    const then = now() - 1_000
    expect(await code(await signed({ iat: then, nbf: then, exp: then + 900 }))).toBe('40102')
  })

  test.each<[string, () => Claims]>([
    ['another issuer', () => ({ iss: 'agentlink.evil.example' })],
    ['a list of issuers', () => ({ iss: ['agentlink'] })],
    ['another audience', () => ({ aud: 'another-api' })],
    ['a list of audiences with ours', () => ({ aud: ['another-api', 'agentlink-api'] })],
    ['no issuer', () => ({ iss: undefined })],
    ['no audience', () => ({ aud: undefined })],
    ['no subject', () => ({ sub: undefined })],
    ['no id', () => ({ jti: undefined })],
    ['no time of issue', () => ({ iat: undefined })],
    ['no beginning', () => ({ nbf: undefined })],
    ['no end', () => ({ exp: undefined })],
    ['no user', () => ({ user_id: undefined })],
    ['no type of user', () => ({ user_type: undefined })],
    ['no e-mail', () => ({ email: undefined })],
    ['no session', () => ({ sid: undefined })],
    ['one claim more', () => ({ admin_role: 'super_admin' })],
    ['another subject than user', () => ({ sub: newId() })],
    ['an unknown type of user', () => ({ user_type: 'root' })],
    ['another user than the session’s', () => other()],
    ['a session that never was', () => ({ sid: newId() })],
    ['a session that is not even an id', () => ({ sid: "' OR 1=1 --" })],
    ['an issue in the future', () => ({ iat: now() + 600, nbf: now() + 600, exp: now() + 1_500 })],
    ['a beginning in the future', () => ({ nbf: now() + 600 })],
    ['an end beyond its time', () => ({ exp: now() + 901 })],
    ['a huge end', () => ({ exp: 9_007_199_254_740_991 })],
    ['an endless end', () => ({ exp: 1e300 })],
    ['a negative end', () => ({ exp: -1 })],
    ['a fractional end', () => ({ exp: now() + 900.5 })],
    ['an end in words', () => ({ exp: String(now() + 900) })],
    ['an end that is no number', () => ({ exp: null })],
    ['an end in a list', () => ({ exp: [now() + 900] })],
  ])('with %s', async (_, change) => {
    expect(await code(await signed(change()))).toMatch(/^4010[12]$/)
  })

  function other(): Claims {
    const id = newId()
    return { user_id: id, sub: id }
  }

  test('a mismatched token does not make its session’s own user a stranger', async () => {
    await code(await signed(other()))
    expect(await code(me.token)).toBe(200)
  })

  test('a claim twice, and claims with other spaces, though truly signed', async () => {
    const text = JSON.stringify(claims())
    for (const payload of [
      `{"user_type":"admin",${text.slice(1)}`,
      `${text.slice(0, -1)},"sub":"${me.id}"}`,
      ` ${text}`,
      `{ ${text.slice(1)}`,
    ])
      expect(await code(await written(JSON.stringify(HEADER), payload))).toBe('40101')
  })

  test.each(['null', '[]', '7', '"text"', '', '{', '{}', '{"__proto__":{"user_type":"admin"}}'])(
    'a payload that is %s',
    async (payload) => {
      expect(await code(await written(JSON.stringify(HEADER), payload))).toBe('40101')
    },
  )

  test('a token in a token', async () => {
    expect(await code(await written(JSON.stringify(HEADER), me.token))).toBe('40101')
    expect(await code(await written(JSON.stringify(HEADER), JSON.stringify(me.token)))).toBe('40101')
  })
})

describe('what is no access token', () => {
  test('a token of a megabyte is refused without being read', async () => {
    expect(await code(await signed({ email: 'a'.repeat(1_000_000) }))).toBe('40101')
    expect(await code('a'.repeat(1_000_000))).toBe('40101')
  })

  test('a refresh token', async () => {
    const person = await member()
    expect(await code(person.refreshToken)).toBe('40101')
    expect(await code(person.token)).toBe(200)
  })

  test.each(['', ' ', 'x', '..', '....', 'null', 'undefined', 'ak_DemoDeveloperLocalOnly00001uVitz'])(
    '"%s"',
    async (token) => {
      expect(await code(token)).toBe('40101')
    },
  )

  test('a good one in another place, or sent in another way', async () => {
    for (const authorization of [
      me.token,
      `Basic ${me.token}`,
      `Bearer  ${me.token}`,
      `Bearer ${me.token} ${me.token}`,
      `Bearer ${me.token}.x`,
    ])
      expect((await api('GET /api/v1/auth/me', { headers: { authorization } })).status).toBe(401)
    expect((await api(`GET /api/v1/auth/me?access_token=${me.token}`)).status).toBe(401)
    expect((await api('GET /api/v1/auth/me', { headers: { cookie: `agentlink_refresh=${me.token}` } })).status).toBe(
      401,
    )
  })

  test('one of a session that has ended', async () => {
    const person = await member()
    const another = await signed({ user_id: person.id, sub: person.id, email: person.email, sid: person.sessionId })
    expect(await code(another)).toBe(200)
    await api('POST /api/v1/auth/logout', { as: person })
    expect(await code(another)).toBe('40101')
    expect(await code(person.token)).toBe('40101')
  })
})
