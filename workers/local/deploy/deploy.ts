/**
 * `npm run deploy -- --env staging|production [--dry-run]`. Refuses, with every reason at once and before anything has changed, if
 * something that it needs is not there. Then it does what can fail without harm (checks, builds), then what changes something:
 * migrations first, since they go forward only and bear the Worker that is there; the Worker before the site that calls it. It stops
 * at the first step that fails. `--dry-run` ends before the first change and needs no account.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { type Environment, environment, type EnvironmentName, ENVIRONMENTS } from './environments.ts'

/** The secrets without which the Worker serves nobody; workers/env.ts has all of them. */
export const NEEDED_SECRETS = [
  'DATABASE_URL',
  'ENCRYPTION_KEY',
  'JWT_SECRET',
  'OPERATOR_TOKEN',
  'UPSTASH_REDIS_REST_TOKEN',
  'UPSTASH_REDIS_REST_URL',
  'WEBHOOK_KEY',
]
/** What this program itself is given: whom it deploys as, and the database that it migrates. */
const NEEDED_VARIABLES = ['CLOUDFLARE_ACCOUNT_ID', 'CLOUDFLARE_API_TOKEN', 'DATABASE_URL']
const PRODUCTION_BRANCH = 'main'
const HERE = /^(localhost|127\.|\[::1\])/
const HEALTH_TRIES = 20
const HEALTH_PAUSE_MS = 3_000
const READ_MS_MAX = 60_000
const ROOT = join(import.meta.dirname, '..', '..', '..')
const USAGE = 'Usage: npm run deploy -- --env staging|production [--dry-run]'

/** A program to run: in the project's folder, or in one below it. */
export type Command = { words: string[]; folder?: string; variables?: Record<string, string> }

/** Everything that a deployment touches. */
export type Outside = {
  variables: Record<string, string | undefined>
  /** Runs a program to its end while its words are shown; gives the code it ended with. */
  run: (command: Command) => Promise<number>
  /** Runs a program quietly; gives what it wrote, or null if it failed. */
  read: (words: string[]) => Promise<string | null>
  /** The status and text at an address, or null if nobody answers. */
  get: (url: string) => Promise<{ status: number; text: string } | null>
  pause: (milliseconds: number) => Promise<unknown>
  say: (line: string) => void
}

type Step = { name: string; command: Command }

/** Deploys, or says why not. True if everything that was asked for was done. */
export async function deploy(args: string[], outside: Outside): Promise<boolean> {
  const wanted = read(args)
  if (wanted === null) {
    outside.say(USAGE)
    return false
  }
  const { name, isDry } = wanted
  const where = environment(name)
  const missing = await problems(where, outside, isDry)
  for (const problem of missing) outside.say(isDry ? `Would refuse: ${problem}` : problem)
  if (missing.length > 0 && !isDry) {
    outside.say(`Nothing was deployed to ${name}, and nothing was changed.`)
    return false
  }
  if (!(await runAll(harmless(where), outside, 'Nothing was changed.'))) return false
  if (isDry) {
    outside.say(`${name} could be deployed as far as can be told without an account. Nothing was changed.`)
    return true
  }
  const revision = (await outside.read(['git', 'rev-parse', 'HEAD']))?.trim() ?? ''
  const isDone = await runAll(
    changes(where, revision),
    outside,
    'What came before it stays: see docs/deploy.md, Roll back.',
  )
  return isDone && isWell(where, outside)
}

function read(args: string[]): { name: EnvironmentName; isDry: boolean } | null {
  try {
    const { values } = parseArgs({ args, options: { env: { type: 'string' }, 'dry-run': { type: 'boolean' } } })
    const name = ENVIRONMENTS.find((one) => one === values.env)
    return name === undefined ? null : { name, isDry: values['dry-run'] ?? false }
  } catch {
    return null
  }
}

/** Why not to deploy, a sentence each. Accounts are asked only if it is not a dry run and nothing is missing here. */
async function problems(where: Environment, outside: Outside, isDry: boolean): Promise<string[]> {
  const here = [...(await problemsOfTree(where, outside)), ...problemsOfVariables(outside)]
  return here.length > 0 || isDry ? here : problemsOfAccount(where, outside)
}

async function problemsOfTree({ name }: Environment, { read, variables }: Outside): Promise<string[]> {
  const found: string[] = []
  const changed = await read(['git', 'status', '--porcelain'])
  if (changed === null) found.push('This is no git tree, so nobody could say what was deployed.')
  else if (changed.trim() !== '')
    found.push('The git tree is not clean: commit or stash, so that what is deployed can be found again.')
  // A workflow checks out a commit, and says itself what branch it is of.
  const branch = variables['GITHUB_REF_NAME'] ?? (await read(['git', 'branch', '--show-current']))?.trim() ?? ''
  if (name === 'production' && branch !== PRODUCTION_BRANCH)
    found.push(`Production is deployed from ${PRODUCTION_BRANCH}, and this is ${branch || 'no branch'}.`)
  return found
}

function problemsOfVariables({ variables }: Outside): string[] {
  const found = NEEDED_VARIABLES.filter((one) => !variables[one]).map((one) => `${one} is not set.`)
  const database = variables['DATABASE_URL']
  if (!database) return found
  const url = URL.parse(database)
  if (!url || !/^postgres(ql)?:$/.test(url.protocol)) found.push('DATABASE_URL is no address of a PostgreSQL.')
  else if (HERE.test(url.host)) found.push('DATABASE_URL is a database on this machine.')
  return found
}

async function problemsOfAccount({ name, worker, pagesProject }: Environment, { read }: Outside): Promise<string[]> {
  const found: string[] = []
  const listed = await read(['wrangler', 'secret', 'list', '--env', name, '--format', 'json'])
  const secrets = namesIn(listed)
  if (secrets === null)
    found.push(`The secrets of ${worker} cannot be listed: no such Worker, or CLOUDFLARE_API_TOKEN may not.`)
  else {
    const missing = NEEDED_SECRETS.filter((secret) => !secrets.includes(secret))
    if (missing.length > 0)
      found.push(`${worker} lacks secrets: ${missing.join(', ')}. Set each: wrangler secret put <name> --env ${name}`)
  }
  const ofPages = await read(['wrangler', 'pages', 'secret', 'list', '--project-name', pagesProject])
  if (ofPages === null)
    found.push(`There is no project ${pagesProject} in Pages, or CLOUDFLARE_API_TOKEN may not see it.`)
  else if (!/\bAPI_URL\b/.test(ofPages))
    found.push(`${pagesProject} lacks API_URL: wrangler pages secret put API_URL --project-name ${pagesProject}`)
  return found
}

function namesIn(listed: string | null): string[] | null {
  try {
    return (JSON.parse(listed ?? '') as { name: string }[]).map(({ name }) => name)
  } catch {
    return null
  }
}

/** What leaves no trace outside this machine. */
function harmless({ name, apiUrl, siteUrl }: Environment): Step[] {
  return [
    { name: 'check', command: { words: ['npm', 'run', 'check'] } },
    { name: 'build of the Worker', command: { words: ['wrangler', 'deploy', '--dry-run', '--env', name] } },
    {
      // In workerd, with nothing at hand: it fails where code outside of handlers throws, or takes longer than Cloudflare bears.
      name: 'start of the Worker',
      command: {
        words: ['wrangler', 'check', 'startup', `--args=--env=${name}`, '--outfile', 'worker-startup.cpuprofile'],
      },
    },
    {
      name: 'build of the site',
      command: { words: ['npm', 'run', 'build:site'], variables: { PUBLIC_API_URL: apiUrl, PUBLIC_SITE_URL: siteUrl } },
    },
  ]
}

/** What changes the environment, in an order in which each bears what was there before. */
function changes({ name, pagesProject }: Environment, revision: string): Step[] {
  const tag = revision.slice(0, 12)
  return [
    { name: 'migrations', command: { words: ['npm', 'run', 'migrate'] } },
    {
      name: 'Worker',
      command: { words: ['wrangler', 'deploy', '--env', name, '--tag', tag, '--message', `git ${tag}`] },
    },
    {
      name: 'site',
      command: {
        words: [
          'wrangler',
          'pages',
          'deploy',
          'dist',
          '--project-name',
          pagesProject,
          '--branch',
          'main',
          '--commit-hash',
          revision,
        ],
        // Pages takes its functions from the folder in which it is started.
        folder: 'site',
      },
    },
  ]
}

async function runAll(steps: Step[], outside: Outside, consequence: string): Promise<boolean> {
  for (const { name, command } of steps) {
    outside.say(`→ ${name}: ${command.words.join(' ')}`)
    const code = await outside.run(command)
    if (code === 0) continue
    outside.say(`Stopped: ${name} ended with ${code}. ${consequence}`)
    return false
  }
  return true
}

/** Asks until the API says that it is well: a domain that is new takes some time to be known. */
async function isWell({ name, apiUrl }: Environment, { get, pause, say }: Outside): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const answer = await get(`${apiUrl}/health`)
    if (answer?.status === 200 && answer.text.includes('"ok"')) {
      say(`${name} is deployed and well: ${apiUrl}/health`)
      return true
    }
    if (tries === HEALTH_TRIES) {
      say(`${apiUrl}/health says ${answer ? answer.status : 'nothing'}. To go back: wrangler rollback --env ${name}`)
      return false
    }
    await pause(HEALTH_PAUSE_MS)
  }
}

/** This machine, and the accounts that its variables open. */
function thisMachine(): Outside {
  // npm puts its programs there; whoever starts this by hand has them too.
  const programs = { PATH: [join(ROOT, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) }
  return {
    variables: process.env,
    run: async ({ words: [program = '', ...args], folder = '.', variables = {} }) => {
      const child = spawn(program, args, {
        cwd: join(ROOT, folder),
        env: { ...process.env, ...programs, ...variables },
        stdio: 'inherit',
      })
      const [code] = (await once(child, 'close')) as [number | null]
      return code ?? 1
    },
    read: ([program = '', ...args]) =>
      promisify(execFile)(program, args, {
        cwd: ROOT,
        env: { ...process.env, ...programs },
        timeout: READ_MS_MAX,
      }).then(
        ({ stdout }) => stdout,
        () => null,
      ),
    get: (url) =>
      fetch(url).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        () => null,
      ),
    pause: setTimeout,
    say: (line) => console.log(line),
  }
}

if (import.meta.main) process.exitCode = (await deploy(process.argv.slice(2), thisMachine())) ? 0 : 1
