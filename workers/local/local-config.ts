/**
 * wrangler.toml as it is on this machine: the same without the environments that are deployed, and with the stand-in's binding
 * (`vectors/worker.ts`) as `VECTORS`, since Vectorize can be reached only at Cloudflare.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const VECTORIZE = /\[\[vectorize\]\]\nbinding = "VECTORS"\nindex_name = "[^"]+"\n/
const STAND_IN = '[[services]]\nbinding = "VECTORS"\nservice = "agentlink"\nentrypoint = "Vectors"\n'

/** Writes the configuration into a folder; gives its path. Throws if wrangler.toml is not as this expects it. */
export function writeLocalConfig(dir: string): string {
  const [text = ''] = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8').split(/^\[env\./m, 1)
  if (!VECTORIZE.test(text)) throw new Error('wrangler.toml binds no VECTORS.')
  const main = join(ROOT, 'workers', 'local', 'vectors', 'worker.ts')
  const path = join(dir, 'wrangler.toml')
  mkdirSync(dir, { recursive: true })
  writeFileSync(
    path,
    text.replace(VECTORIZE, STAND_IN).replace(/^main = .*$/m, () => `main = ${JSON.stringify(main)}`),
  )
  return path
}
