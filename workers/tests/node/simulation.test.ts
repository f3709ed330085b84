/**
 * Money through everything that can go wrong, in the platform's own code: some histories at each run of the tests, and as many
 * as one has time for by `SIMULATED_HISTORIES`. With `SIMULATED_MISTAKES=1` mistakes are planted in the code, each of which
 * has to be found.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from '../../local/migrate.ts'
import { startRealPostgres, type RealPostgres } from '../../local/real-postgres.ts'
import { SETTINGS } from '../simulation/database.ts'
import { mutated } from '../simulation/hooks.ts'
import { MUTANTS } from '../simulation/mutants.ts'

const HISTORIES = Number(process.env['SIMULATED_HISTORIES'] ?? 10_000)
/** Most mistakes are found among the first few hundred. */
const HISTORIES_FOR_MUTANTS = 2_000
const PROCESSES = 2
const TIMEOUT_MS = 10 * 60_000
const SCRIPT = new URL('../simulation/simulate.ts', import.meta.url).pathname
const WORKERS = new URL('../../', import.meta.url)

let server: RealPostgres
let admin: Client
let databases = 0
beforeAll(async () => {
  server = await startRealPostgres({ settings: SETTINGS })
  const template = await newDatabase('template0')
  await migrate(template)
  admin = new Client({ connectionString: server.url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

/** A database of its own, like `from`; gives its address. */
async function newDatabase(from: string): Promise<string> {
  const name = from === 'template0' ? 'migrated' : `simulation_${databases++}`
  const client = new Client({ connectionString: server.url })
  await client.connect()
  await client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`)
  await client.end()
  return server.url.replace(/[^/]*$/, name)
}

type Run = { broken: string | null; happened: Record<string, number> }

/** Runs histories in a process of their own; gives what broke, or null, and what had happened by then. Rejects if the simulation itself fails. */
async function simulate(options: Record<string, string>): Promise<Run> {
  const database = await newDatabase('migrated')
  const given = Object.entries({ ...options, database }).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT, ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (words: string) => (said += words))
  child.stderr.setEncoding('utf8').on('data', (words: string) => (complaint += words))
  await once(child, 'close')
  // What the database itself refuses is found too, and told with its seed.
  if (said === '' && complaint.includes('--seed')) return { broken: complaint.slice(0, 1_000), happened: {} }
  if (said === '') throw new Error(`The simulation ended without an answer: ${complaint}`)
  return JSON.parse(said) as Run
}

/** Does some things, as many at once as there are processes for. */
async function together<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> {
  const left = [...things]
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: PROCESSES }, worker))
}

test(
  `${HISTORIES} histories of calls, payments, refunds, disputes, settlements and withdrawals keep every promise`,
  async () => {
    const share = Math.ceil(HISTORIES / PROCESSES)
    const seeds = Array.from({ length: PROCESSES }, (_, i) => 1 + i * 1_000_000)
    const broken: string[] = []
    const happened: Record<string, number> = {}
    await together(seeds, async (seed) => {
      const run = await simulate({ seed: String(seed), histories: String(share) })
      if (run.broken !== null) broken.push(run.broken)
      for (const [what, times] of Object.entries(run.happened)) happened[what] = (happened[what] ?? 0) + times
    })
    expect(broken).toEqual([])
    expect(Object.entries(happened).filter(([, times]) => times < HISTORIES / 2_000)).toEqual([])
  },
  TIMEOUT_MS,
)

describe('a mistake is found', () => {
  test.each(MUTANTS)('$name: it can be planted', (mutant) => {
    expect(mutated(mutant, readFileSync(new URL(mutant.file, WORKERS), 'utf8'))).toContain(mutant.replace)
  })

  test.runIf(process.env['SIMULATED_MISTAKES'])(
    `each of ${MUTANTS.length} that are planted`,
    async () => {
      const missed: string[] = []
      await together(MUTANTS, async ({ name }) => {
        const { broken } = await simulate({ mutant: name, histories: String(HISTORIES_FOR_MUTANTS) })
        if (broken === null) missed.push(name)
        else expect(broken).toContain('--seed')
      })
      expect(missed).toEqual([])
    },
    TIMEOUT_MS,
  )
})
