import { SELF } from 'cloudflare:test'
import { beforeEach, expect, test } from 'vitest'
import { api, signIn, type Account } from '../tests/world.ts'
import { pictureOf } from './picture.ts'

const PNG = '89504e470d0a1a0a0000000d49484452'

let me: Account

// Each may send twenty an hour.
beforeEach(async () => {
  me = await signIn('creator')
})

/** Sends bytes, given in hex. */
async function send(hex: string, size = 64, headers: Record<string, string> = {}) {
  return upload(padded(hex, size), headers)
}

function padded(hex: string, size: number): Uint8Array<ArrayBuffer> {
  const given = Uint8Array.fromHex(hex.replaceAll(' ', ''))
  const bytes = new Uint8Array(Math.max(size, given.length))
  bytes.set(given)
  return bytes
}

async function upload(body: BodyInit, headers: Record<string, string> = {}) {
  const response = await SELF.fetch('https://agentlink.test/api/v1/creators/me/avatar', {
    method: 'PUT',
    headers: { authorization: `Bearer ${me.token}`, ...headers },
    body,
  })
  return { status: response.status, body: await response.json<{ avatar_url: string; error: { code: string } }>() }
}

const pngOf = (width: number, height: number): string =>
  PNG + width.toString(16).padStart(8, '0') + height.toString(16).padStart(8, '0')

test.each([
  ['png', 'image/png', pngOf(64, 48)],
  ['gif', 'image/gif', '474946383961 4000 3000'],
  ['gif', 'image/gif', '474946383761 4000 3000'],
  ['jpg', 'image/jpeg', 'ffd8 ffe00004aaaa ffff ffc4000400ff ffc0001108 0030 0040 03'],
  ['jpg', 'image/jpeg', 'ffd8 ffe1000600000000 ffc2001108 0030 0040 03'],
  ['webp', 'image/webp', '524946460000000057454250 56503858 0a000000 00000000 3f0000 2f0000'],
  ['webp', 'image/webp', '524946460000000057454250 5650384c 0a000000 2f 3fc00b00'],
  ['webp', 'image/webp', '524946460000000057454250 56503820 0a000000 000000 9d012a 4000 3000'],
])('a picture as %s is kept and shown as %s', async (type, mediaType, hex) => {
  expect(pictureOf(padded(hex, 64))).toEqual({ type, width: 64, height: 48 })
  // What the sender says it is does not matter.
  const { status, body } = await send(hex, 64, { 'content-type': 'text/html' })
  expect(status).toBe(200)
  expect(body.avatar_url).toMatch(new RegExp(`^/api/v1/avatars/[0-9a-f]{64}\\.${type}$`))
  const shown = await api(`GET ${body.avatar_url}`)
  expect(shown.status).toBe(200)
  expect(shown.headers.get('content-type')).toBe(mediaType)
  expect(shown.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(shown.headers.get('x-content-type-options')).toBe('nosniff')
  expect(shown.headers.get('content-security-policy')).toContain('sandbox')
  expect((await api('GET /api/v1/creators/me', { as: me })).body.avatar_url).toBe(body.avatar_url)
})

test('a picture takes the place of the one before, whose file is gone, and can be taken away', async () => {
  const first = (await send(pngOf(10, 10))).body.avatar_url
  const same = (await send(pngOf(10, 10))).body.avatar_url
  expect(same).toBe(first)
  expect((await api(`GET ${first}`)).status).toBe(200)
  const second = (await send(pngOf(11, 11))).body.avatar_url
  expect((await api(`GET ${first}`)).status).toBe(404)
  expect((await api(`GET ${second}`)).status).toBe(200)
  expect((await api('DELETE /api/v1/creators/me/avatar', { as: me })).status).toBe(204)
  expect((await api(`GET ${second}`)).status).toBe(404)
  expect((await api('GET /api/v1/creators/me', { as: me })).body.avatar_url).toBeNull()
  expect((await api('DELETE /api/v1/creators/me/avatar', { as: me })).status).toBe(204)
})

test.each([
  ['nothing', ''],
  ['a web page', '3c68746d6c3e3c7363726970743e'],
  ['a vector drawing', '3c73766720786d6c6e733d22687474703a2f2f'],
  ['the beginning of a PNG', '89504e470d0a1a0a'],
  ['a PNG that begins with another chunk', '89504e470d0a1a0a0000000d49444154 0000004000000040'],
  ['a PNG without width', pngOf(0, 10)],
  ['a PNG that is too wide', pngOf(4_097, 10)],
  ['a PNG that is too high', pngOf(10, 4_097)],
  ['a PNG of four billion pixels a side', pngOf(0xffffffff, 0xffffffff)],
  ['a GIF that is too wide', '474946383961 0110 0100'],
  ['a JPEG without a frame', 'ffd8 ffda0004aaaa'],
  ['a JPEG of garbage', 'ffd8 00'.repeat(60)],
  ['a WAVE file', '524946460000000057415645'],
  ['a WebP of an unknown kind', '524946460000000057454250 58585858'],
  ['a bitmap', '424d4600000000000000'],
  ['a PDF', '255044462d312e37'],
])('a picture is not %s', async (_, hex) => {
  const { status, body } = await send(hex, 0)
  expect([status, body.error.code]).toEqual([400, '40002'])
})

test('a picture has 512 KB at most, however its length is told', async () => {
  expect((await send(pngOf(9, 9), 512 * 1024)).status).toBe(200)
  expect((await send(pngOf(9, 9), 512 * 1024 + 1)).body.error.code).toBe('41301')
  const chunk = new Uint8Array(256 * 1024)
  let left = 3
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
  })
  expect((await upload(stream)).body.error.code).toBe('41301')
})

test('a picture is found only under its whole name', async () => {
  expect((await api(`GET /api/v1/avatars/${'0'.repeat(64)}.png`)).status).toBe(404)
  for (const name of ['x', '..%2f..%2fsecret', `${'0'.repeat(64)}.svg`, `${'0'.repeat(64)}.png.exe`, 'constructor'])
    expect((await api(`GET /api/v1/avatars/${name}`)).status).toBe(400)
})
