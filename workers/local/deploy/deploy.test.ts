import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { deploy, NEEDED_SECRETS, type Outside } from './deploy.ts'

const REVISION = '0123456789abcdef0123456789abcdef01234567'
const VARIABLES = {
  CLOUDFLARE_ACCOUNT_ID: 'account',
  CLOUDFLARE_API_TOKEN: 'token-that-nobody-may-see',
  DATABASE_URL: 'postgres://owner:word-that-nobody-may-see@db.example.com/agentlink',
  GITHUB_REF_NAME: 'main',
}

type World = {
  variables?: Record<string, string | undefined>
  /** What `read` gives, by how the command begins, in place of what a world without a flaw gives. */
  answers?: Record<string, string | null>
  /** The first command that begins so ends with 1. */
  failing?: string
  /** What /health answers, one after the other; the last one from then on. */
  health?: ({ status: number; text: string } | null)[]
}

const WELL = { status: 200, text: '{"status":"ok"}' }

/** A world in which everything is there, but for what is named. */
function world({ variables = {}, answers = {}, failing, health = [WELL] }: World = {}) {
  const ran: string[] = []
  const asked: string[] = []
  const said: string[] = []
  const built: Record<string, string>[] = []
  let pauses = 0
  const known: Record<string, string | null> = {
    'git status': '',
    'git branch': 'main\n',
    'git rev-parse': `${REVISION}\n`,
    'wrangler secret list': JSON.stringify(NEEDED_SECRETS.map((name) => ({ name, type: 'secret_text' }))),
    'wrangler pages secret list': '  - API_URL: Value Encrypted\n',
    ...answers,
  }
  const outside: Outside = {
    variables: { ...VARIABLES, ...variables },
    run: ({ words, folder, variables }) => {
      const line = words.join(' ')
      ran.push(folder === undefined ? line : `${folder}: ${line}`)
      if (variables) built.push(variables)
      return Promise.resolve(failing !== undefined && line.startsWith(failing) ? 1 : 0)
    },
    read: (words) => {
      const line = words.join(' ')
      asked.push(line)
      const answer = Object.entries(known).find(([start]) => line.startsWith(start))
      if (!answer) throw new Error(`Nobody expected ${line}.`)
      return Promise.resolve(answer[1])
    },
    get: (url) => {
      asked.push(url)
      return Promise.resolve((health.length > 1 ? health.shift() : health[0]) ?? null)
    },
    pause: () => Promise.resolve(pauses++),
    say: (line) => said.push(line),
  }
  return { outside, ran, asked, said, built, pauses: () => pauses }
}

const HARMLESS = [
  'npm run check',
  'wrangler deploy --dry-run --env production',
  'wrangler check startup --args=--env=production --outfile worker-startup.cpuprofile',
  'npm run build:site',
]
const CHANGES = [
  'npm run migrate',
  'wrangler deploy --env production --tag 0123456789ab --message git 0123456789ab',
  `site: wrangler pages deploy dist --project-name agentlink-site-production --branch main --commit-hash ${REVISION}`,
]
const PRODUCTION = ['--env', 'production']

describe('a deployment', () => {
  test('does what can fail without harm, then migrates, then the Worker, then the site, and asks whether all is well', async () => {
    const { outside, ran, asked, said, built } = world()
    expect(await deploy(PRODUCTION, outside)).toBe(true)
    expect(ran).toEqual([...HARMLESS, ...CHANGES])
    expect(asked.at(-1)).toBe('https://api.agentlink.io/health')
    expect(built).toEqual([{ PUBLIC_API_URL: 'https://api.agentlink.io', PUBLIC_SITE_URL: 'https://app.agentlink.io' }])
    expect(said.join('\n')).not.toContain('nobody-may-see')
  })

  test('of staging goes to staging only, from any branch', async () => {
    const { outside, ran, asked, built } = world({ variables: { GITHUB_REF_NAME: 'feature/agent-builder' } })
    expect(await deploy(['--env', 'staging'], outside)).toBe(true)
    expect([...ran, ...asked].filter((line) => /production|api\.agentlink/.test(line))).toEqual([])
    expect(built[0]).toMatchObject({ PUBLIC_API_URL: 'https://api.staging.agentlink.io' })
    expect(asked.at(-1)).toBe('https://api.staging.agentlink.io/health')
  })

  test.each([...HARMLESS, ...CHANGES].map((line, at) => [line.replace('site: ', ''), at] as const))(
    'stops where %s fails',
    async (failing, at) => {
      const { outside, ran, asked, said } = world({ failing })
      expect(await deploy(PRODUCTION, outside)).toBe(false)
      expect(ran).toEqual([...HARMLESS, ...CHANGES].slice(0, at + 1))
      expect(asked.filter((line) => line.endsWith('/health'))).toEqual([])
      expect(said.at(-1)).toMatch(at < HARMLESS.length ? /Nothing was changed/ : /What came before it stays/)
    },
  )

  test('waits for an API that is not known yet', async () => {
    const { outside, pauses } = world({ health: [null, { status: 530, text: '' }, WELL] })
    expect(await deploy(PRODUCTION, outside)).toBe(true)
    expect(pauses()).toBe(2)
  })

  test('that is not well says so, and how to go back', async () => {
    const { outside, said, pauses } = world({ health: [{ status: 500, text: '' }] })
    expect(await deploy(PRODUCTION, outside)).toBe(false)
    expect(pauses()).toBe(19)
    expect(said.at(-1)).toBe('https://api.agentlink.io/health says 500. To go back: wrangler rollback --env production')
  })
})

describe('a deployment is refused, with nothing run,', () => {
  const without = (name: string): World => ({ variables: { [name]: undefined } })
  const lacking = (...names: string[]) =>
    JSON.stringify(NEEDED_SECRETS.filter((name) => !names.includes(name)).map((name) => ({ name })))
  test.each<[string, World, string]>([
    ['on a tree that is not clean', { answers: { 'git status': ' M wrangler.toml\n' } }, 'The git tree is not clean'],
    ['outside a git tree', { answers: { 'git status': null } }, 'no git tree'],
    [
      'from a branch that is not main',
      { variables: { GITHUB_REF_NAME: 'develop' } },
      'deployed from main, and this is develop',
    ],
    [
      'from such a branch on a machine of one’s own',
      { variables: { GITHUB_REF_NAME: undefined }, answers: { 'git branch': 'bugfix/1-x\n' } },
      'and this is bugfix/1-x',
    ],
    ['without an account', without('CLOUDFLARE_ACCOUNT_ID'), 'CLOUDFLARE_ACCOUNT_ID is not set'],
    ['without a token', without('CLOUDFLARE_API_TOKEN'), 'CLOUDFLARE_API_TOKEN is not set'],
    ['without a database', without('DATABASE_URL'), 'DATABASE_URL is not set'],
    [
      'with a database of another kind',
      { variables: { DATABASE_URL: 'mysql://db.example.com/x' } },
      'no address of a PostgreSQL',
    ],
    [
      'with a database here',
      { variables: { DATABASE_URL: 'postgres://a:b@127.0.0.1:5432/x' } },
      'a database on this machine',
    ],
    [
      'without two secrets',
      { answers: { 'wrangler secret list': lacking('JWT_SECRET', 'WEBHOOK_KEY') } },
      'agentlink-production lacks secrets: JWT_SECRET, WEBHOOK_KEY.',
    ],
    ['where secrets cannot be listed', { answers: { 'wrangler secret list': null } }, 'cannot be listed'],
    [
      'without a project in Pages',
      { answers: { 'wrangler pages secret list': null } },
      'no project agentlink-site-production',
    ],
    ['where the site does not know the API', { answers: { 'wrangler pages secret list': 'none' } }, 'lacks API_URL'],
  ])('%s', async (_, flaw, reason) => {
    const { outside, ran, said } = world(flaw)
    expect(await deploy(PRODUCTION, outside)).toBe(false)
    expect(said.join('\n')).toContain(reason)
    expect(said.at(-1)).toBe('Nothing was deployed to production, and nothing was changed.')
    expect(ran).toEqual([])
    expect(said.join('\n')).not.toContain('nobody-may-see')
  })

  test('with every reason at once, and no question to an account that cannot be asked', async () => {
    const { outside, asked, said } = world({
      variables: { CLOUDFLARE_API_TOKEN: '', DATABASE_URL: '', GITHUB_REF_NAME: 'develop' },
      answers: { 'git status': '?? notes' },
    })
    expect(await deploy(PRODUCTION, outside)).toBe(false)
    expect(said).toHaveLength(5)
    expect(asked.filter((line) => line.startsWith('wrangler'))).toEqual([])
  })

  test.each([[[]], [['--env', 'dev']], [['--env', 'production', '--force']], [['production']]])(
    'where it is not clear to what: %j',
    async (args) => {
      const { outside, ran, asked, said } = world()
      expect(await deploy(args, outside)).toBe(false)
      expect(said).toEqual([expect.stringContaining('Usage:')])
      expect([...ran, ...asked]).toEqual([])
    },
  )
})

describe('a dry run', () => {
  test('checks and builds without an account, and says what would be refused', async () => {
    const { outside, ran, asked, said } = world({
      variables: { CLOUDFLARE_API_TOKEN: undefined, DATABASE_URL: undefined },
    })
    expect(await deploy([...PRODUCTION, '--dry-run'], outside)).toBe(true)
    expect(ran).toEqual(HARMLESS)
    expect(asked.filter((line) => line.startsWith('wrangler') || line.startsWith('http'))).toEqual([])
    expect(said).toContain('Would refuse: DATABASE_URL is not set.')
    expect(said.at(-1)).toContain('Nothing was changed.')
  })

  test('fails where a build does', async () => {
    const { outside, ran } = world({ failing: 'npm run build:site' })
    expect(await deploy([...PRODUCTION, '--dry-run'], outside)).toBe(false)
    expect(ran).toEqual(HARMLESS)
  })
})

test('the secrets that are asked for are those without which the Worker cannot start', async () => {
  // By a path that the compiler does not follow: the Worker's types and Node's must not meet.
  const { settings } = (await import(join(import.meta.dirname, '../../env.ts'))) as {
    settings: (env: object) => unknown
  }
  const names = (env: object) => {
    try {
      settings(env)
      return []
    } catch (thrown) {
      return /malformed: (.*)\. See/
        .exec((thrown as Error).message)?.[1]
        ?.split(', ')
        .toSorted()
    }
  }
  expect(names({})).toEqual(NEEDED_SECRETS)
})

test('as a program it ends with 1 when it refuses', async () => {
  const program = join(import.meta.dirname, 'deploy.ts')
  const env = { PATH: process.env['PATH'], CLOUDFLARE_API_TOKEN: '', GITHUB_REF_NAME: 'develop' }
  const ran = promisify(execFile)(process.execPath, [program, '--env', 'production'], { env })
  await expect(ran).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('deployed from main, and this is develop'),
  })
})
