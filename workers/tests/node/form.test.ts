/** The rules of the house, as assertions. A rule that is broken here is mended in the code, or changed in the README. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const WORKERS = join(ROOT, 'workers')

/** A room may import the rooms to its left, by their faces. */
const ROOMS =
  'base money auth chain notifications webhooks analytics quota keys agents knowledge payments settlements marketplace reviews gateway admin'.split(
    ' ',
  )
const NOT_SHIPPED = new Set(['local', 'tests'])
/** What of a room others may import besides its face: types that cross the wire, and tables for a foreign key. */
const SHARED_FILES: Record<string, string[]> = {
  chain: ['chain', 'ownership', 'differences', 'states', 'tables'],
  analytics: ['analytics', 'roll-up', 'series', 'tables'],
  quota: ['quota', 'bought', 'protocol', 'call-log', 'tables'],
  agents: ['agents', 'vault', 'config', 'prompt', 'models', 'categories', 'versions', 'own', 'stops', 'tables'],
  keys: ['keys', 'read-key', 'key-format', 'tables'],
  money: ['ledger', 'calls', 'reversals', 'accounts', 'amount', 'prices', 'dollars', 'tables'],
  payments: ['payments', 'differences', 'tables'],
  auth: ['auth', 'audit', 'avatars', 'confirm', 'fields', 'letters', 'permissions', 'sessions', 'tables'],
  notifications: ['notifications', 'events', 'mail', 'tables'],
}

/** The log, and the code that is shown to callers as theirs. */
const WRITES_CONSOLE = new Set(['workers/base/log.ts', 'workers/marketplace/snippets.ts'])

type Source = { path: string; room: string; text: string; imports: { path: string; isType: boolean }[] }

const sources = files(WORKERS)
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map(read)
const shipped = sources.filter(({ path, room }) => !NOT_SHIPPED.has(room) && !/\.(test|bench)\.ts$/.test(path))

describe('rooms', () => {
  test('a room imports only rooms to its left', () => {
    const wrong = shipped.flatMap(({ path, room, imports }) =>
      ROOMS.includes(room)
        ? imports.filter((target) => rank(roomOf(target.path)) > rank(room)).map((target) => `${path} → ${target.path}`)
        : [],
    )
    expect(wrong).toEqual([])
  })

  test('a room is imported by its face', () => {
    const wrong = shipped.flatMap(({ path, room, imports }) =>
      imports
        .filter((target) => {
          const other = roomOf(target.path)
          if (other === room || other === 'base' || !ROOMS.includes(other) || !ROOMS.includes(room)) return false
          const file = target.path.split('/').at(-1)?.replace(/\.ts$/, '') ?? ''
          return !(SHARED_FILES[other] ?? [other, 'tables']).includes(file)
        })
        .map((target) => `${path} → ${target.path}`),
    )
    expect(wrong).toEqual([])
  })

  test('nothing shipped imports local/ or tests/', () => {
    const wrong = shipped.flatMap(({ path, imports }) =>
      imports.filter((target) => NOT_SHIPPED.has(roomOf(target.path))).map((target) => `${path} → ${target.path}`),
    )
    expect(wrong).toEqual([])
  })

  test('tables.ts imports nothing of other rooms but their tables', () => {
    const wrong = shipped
      .filter(({ path }) => path.endsWith('/tables.ts'))
      .flatMap(({ path, imports }) =>
        imports
          .filter((target) => !target.path.endsWith('/tables.ts') && roomOf(target.path) !== 'base')
          .map((target) => `${path} → ${target.path}`),
      )
    expect(wrong).toEqual([])
  })
})

describe('doors', () => {
  test('every object, queue and cron stands in index.ts and in wrangler.toml, and the reverse', () => {
    const index = text('workers/index.ts')
    // What is deployed is compared with this in workers/local/deploy/environments.test.ts.
    const [wrangler = ''] = text('wrangler.toml').split(/^\[env\./m, 1)
    const kinds = {
      object: /export \{ \w+ \} from '\.\/(.+\.object)\.ts'/g,
      queue: /from '\.\/(.+\.queue)\.ts'/g,
      cron: /from '\.\/(.+\.cron)\.ts'/g,
    }
    for (const [kind, pattern] of Object.entries(kinds)) {
      const there = shipped.map(({ path }) => path).filter((path) => path.endsWith(`.${kind}.ts`))
      const named = [...index.matchAll(pattern)].map((match) => `workers/${match[1]}.ts`)
      expect(named.toSorted()).toEqual(there.toSorted())
    }
    const classes = [...index.matchAll(/export \{ (\w+) \}/g)].map((match) => match[1])
    expect([...wrangler.matchAll(/class_name = "(\w+)"/g)].map((match) => match[1]).toSorted()).toEqual(
      classes.toSorted(),
    )
    const queues = [...index.matchAll(/^ {2}'?([\w-]+)'?: \w+Queue,/gm)].map((match) => match[1])
    expect(
      [...wrangler.matchAll(/\[\[queues\.consumers\]\]\nqueue = "([\w-]+)"/g)].map((match) => match[1]).toSorted(),
    ).toEqual(queues.toSorted())
    const sent = [...wrangler.matchAll(/\[\[queues\.producers\]\]\nbinding = "(\w+)"\nqueue = "([\w-]+)"/g)]
    const admins = [...text('workers/admin/queues.ts').matchAll(/^ {2}'?([\w-]+)'?: '([A-Z_]+)',/gm)]
    // Or what such a queue gave up on could not be sent again.
    expect(admins.map(([, queue, binding]) => `${binding} ${queue}`).toSorted()).toEqual(
      sent.map(([, binding, queue]) => `${binding} ${queue}`).toSorted(),
    )
    const crons = [...index.matchAll(/^ {2}'(.+)': \w+Cron,/gm)].map((match) => match[1])
    expect(
      [...(/crons = \[(.*)\]/.exec(wrangler)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1]).toSorted(),
    ).toEqual(crons.toSorted())
  })

  test('each outside party is spoken to in one file only', () => {
    const allowed = new Set([
      'workers/gateway/upstream.ts',
      // Shows callers how they call us; nothing is fetched here.
      'workers/marketplace/snippets.ts',
      'workers/base/db.ts',
      'workers/base/otlp.ts',
      'workers/knowledge/embed.ts',
      'workers/notifications/mails.queue.ts',
      'workers/payments/coinbase.ts',
      'workers/webhooks/post.ts',
      'workers/webhooks/resolve.ts',
    ])
    const calling = shipped
      .filter(({ text }) => /(?<![.\w]|async )fetch\(/.test(withoutComments(text)))
      .map(({ path }) => path)
    expect(calling.filter((path) => !allowed.has(path))).toEqual([])
  })

  test('nodes of the chain are asked in one file only', () => {
    const asking = shipped.filter(({ text }) => /from 'viem\/actions'|create\w*Client\b[^;]*from 'viem'/.test(text))
    expect(asking.filter(({ room }) => room !== '').map(({ path }) => path)).toEqual(['workers/chain/rpc.ts'])
  })

  test('a prompt is revealed to the provider’s request, to the guard and to its owner, and nowhere else', () => {
    const revealing = shipped
      .filter(({ text }) => /import \{[^}]*\breveal\b[^}]*\} from '.*vault\.ts'/.test(text))
      .map(({ path }) => path)
    expect(revealing.toSorted()).toEqual([
      'workers/agents/prompt.ts',
      'workers/gateway/guard-of.ts',
      'workers/gateway/upstream.ts',
    ])
  })

  test('only the quota room writes call logs', () => {
    const writing = shipped
      .filter(({ text }) => /insert\(callLogs\)|INSERT INTO call_logs/i.test(text))
      .map(({ room }) => room)
    expect(writing.filter((room) => room !== 'quota')).toEqual([])
  })

  test('only the money room writes the ledger and lines of earnings', () => {
    const writing = shipped
      .filter(({ text }) => /insert\((ledger\w+|earnings)\)|INSERT INTO (ledger_\w+|earnings)/i.test(text))
      .map(({ room }) => room)
    expect(new Set(writing)).toEqual(new Set(['money']))
  })
})

describe('files', () => {
  test('no file is dead', () => {
    const imported = new Set(sources.flatMap(({ imports }) => imports.map(({ path }) => path)))
    const scripts = text('package.json') + text('.ci/run') + text('vitest.config.ts') + text('wrangler.toml')
    const dead = sources
      .map(({ path }) => path)
      .filter(
        (path) => !path.endsWith('.test.ts') && !imported.has(path) && !scripts.includes(path) && !isSpawned(path),
      )
    expect(dead).toEqual([])
  })

  test('no file only re-exports', () => {
    const barrels = shipped
      .filter(({ path, text }) => path !== 'workers/index.ts' && /^export .* from /m.test(text))
      .map(({ path }) => path)
    expect(barrels).toEqual([])
  })

  test('no clock but base/clock.ts', () => {
    const wrong = shipped
      .filter(
        ({ path, text }) =>
          path !== 'workers/base/clock.ts' && /Date\.now\(|new Date\(\)|performance\.now\(/.test(withoutComments(text)),
      )
      .map(({ path }) => path)
    expect(wrong).toEqual([])
  })

  test('no work left undone, no console but base/log.ts', () => {
    const undone = sources.filter(
      ({ path, text }) => path !== 'workers/tests/node/form.test.ts' && /\b(TODO|FIXME|XXX)\b/.test(text),
    )
    const talking = shipped.filter(
      ({ path, text }) => !WRITES_CONSOLE.has(path) && /\bconsole\./.test(withoutComments(text)),
    )
    expect([...undone, ...talking].map(({ path }) => path)).toEqual([])
  })

  test('the top level is the owner’s', () => {
    const allowed =
      'workers site migrations contracts wrangler.toml package.json package-lock.json tsconfig.json vitest.config.ts README.md docs node_modules'.split(
        ' ',
      )
    const extra = readdirSync(ROOT).filter((name) => !name.startsWith('.') && !allowed.includes(name))
    expect(extra).toEqual([])
  })
})

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}

function read(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const imports = [
    ...text.matchAll(/^(?:import|export)\s(type\s)?[^'"]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gm),
  ].map((match) => ({
    path: relative(ROOT, resolve(dirname(path), match[2] ?? match[3] ?? '')),
    isType: match[1] !== undefined,
  }))
  const name = relative(ROOT, path)
  return { path: name, room: roomOf(name), text, imports }
}

function roomOf(path: string): string {
  const [, room = '', file] = path.split('/')
  return file === undefined ? '' : room
}

/** Started as a program of its own by another file, which names it. */
function isSpawned(path: string): boolean {
  return sources.some((other) => other.path !== path && other.text.includes(`${path.split('/').at(-1)}'`))
}

function rank(room: string): number {
  return room === '' ? -1 : ROOMS.indexOf(room)
}

function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}
