/**
 * What would be uploaded, as wrangler builds it without an account: how large it is, and that it is bound to its environment's resources
 * and no other's. That it starts is for `deploy --dry-run` to see: wrangler gives it ten seconds, which a busy machine may not have.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wranglerConfig } from './environments.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js')
const MEBIBYTE = 1024 ** 2
/** What Cloudflare takes on its free plan; on the paid one it is 10 MiB. */
const GZIP_BYTES_MAX = 3 * MEBIBYTE
const QUIET = { CI: '1', WRANGLER_SEND_METRICS: 'false', WRANGLER_WRITE_LOGS: 'false', WRANGLER_HIDE_BANNER: 'true' }

let folder: string
let said: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agentlink-bundle-'))
  const args = [WRANGLER, 'deploy', '--dry-run', '--env', 'production', '--outdir', folder]
  const ran = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...QUIET } })
  said = ran.stdout
}, 180_000)
afterAll(() => rm(folder, { recursive: true }))

test('the Worker is small enough to be deployed', async () => {
  const uploaded = (await readdir(folder)).filter((name) => !/\.map$|^README/.test(name))
  const files = await Promise.all(uploaded.map((name) => readFile(join(folder, name))))
  const bytes = gzipSync(Buffer.concat(files)).length
  console.log(`The Worker: ${(bytes / MEBIBYTE).toFixed(2)} MiB of ${GZIP_BYTES_MAX / MEBIBYTE}, compressed.`)
  expect(uploaded).toContain('index.js')
  expect(bytes).toBeGreaterThan(0.1 * MEBIBYTE)
  expect(bytes).toBeLessThan(GZIP_BYTES_MAX)
})

test('it is bound to the resources of its environment', () => {
  const { queues, r2_buckets, vectorize, durable_objects, vars } = wranglerConfig('production')
  const names = [
    ...(queues.producers ?? []).map((one) => `env.${one.binding} (${one.queue})`),
    ...r2_buckets.map((one) => `env.${one.binding} (${one.bucket_name})`),
    ...vectorize.map((one) => `env.${one.binding} (${one.index_name})`),
    ...durable_objects.bindings.map((one) => `env.${one.name} (${one.class_name}`),
    ...Object.keys(vars).map((name) => `env.${name} (`),
  ]
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !said.includes(name))).toEqual([])
  expect(said).not.toContain('staging')
})
