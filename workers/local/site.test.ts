import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Site, startSite } from './site.ts'

let folder: string
let site: Site

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'site-'))
  const dist = join(folder, 'dist')
  await mkdir(join(dist, 'docs'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'not for you')
  await writeFile(join(dist, 'index.html'), 'home')
  await writeFile(join(dist, 'about.html'), 'about')
  await writeFile(join(dist, 'docs', 'index.html'), 'docs')
  await writeFile(join(dist, 'my page.svg'), '<svg/>')
  await writeFile(join(dist, '404.html'), 'lost')
  await writeFile(join(dist, '_headers'), '/*\n  X-All: yes\n/docs/*\n  X-Docs: yes\n')
  site = await startSite({ port: 0, dist })
})
afterAll(async () => {
  await site.stop()
  await rm(folder, { recursive: true })
})

/** Asks with the path exactly as written: `fetch` would tidy it up first. */
function get(
  path: string,
  method = 'GET',
): Promise<{ status: number | undefined; type: string | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(site.url)
    const asked = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode, type: response.headers['content-type'], body }))
    })
    asked.on('error', reject).end()
  })
}

test.each([
  ['/', 'home'],
  ['/?q=1', 'home'],
  ['/about', 'about'],
  ['/docs', 'docs'],
  ['/docs/', 'docs'],
  ['/my%20page.svg', '<svg/>'],
])('%s is found as Pages would find it', async (path, body) => {
  expect(await get(path)).toMatchObject({ status: 200, body })
})

test('files have the type of their ending', async () => {
  expect((await get('/')).type).toBe('text/html; charset=utf-8')
  expect((await get('/my%20page.svg')).type).toBe('image/svg+xml')
})

test('headers are sent as _headers says', async () => {
  const home = await fetch(`${site.url}/`)
  const docs = await fetch(`${site.url}/docs/`)
  expect([home.headers.get('x-all'), home.headers.get('x-docs')]).toEqual(['yes', null])
  expect([docs.headers.get('x-all'), docs.headers.get('x-docs')]).toEqual(['yes', 'yes'])
})

test('what is not there is answered with the page for it', async () => {
  expect(await get('/nowhere')).toMatchObject({ status: 404, body: 'lost' })
})

test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/docs/..%2f..%2fsecret.txt', '/%00', '/%zz', '//../secret.txt'])(
  '%s leads nowhere',
  async (path) => {
    expect((await get(path)).status).toBe(404)
  },
)

test('HEAD has no body, other methods are refused', async () => {
  expect(await get('/', 'HEAD')).toMatchObject({ status: 200, body: '' })
  expect((await get('/', 'POST')).status).toBe(405)
})
