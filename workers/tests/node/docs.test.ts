/**
 * What the docs tell people to run can be run, what they name is there, and what they ask is answered. The commands themselves are not
 * run: most of them change something, or need an account.
 */
import '../../local/newer-node.ts'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { deploy, NEEDED_SECRETS } from '../../local/deploy/deploy.ts'
import { commandsFor } from '../../local/deploy/resources.ts'
import { commandsIn, problemOf, ROOT, wranglerProblemOf } from './commands.ts'

/** What a command of the docs makes. */
const MADE = new Set(['contracts/deployments/base-sepolia.json'])

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }

/** The lines of the blocks that are marked `sh`, indented ones too, each with the page it stands on. */
const lines = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].flatMap(([, , block = '']) =>
    block
      .split('\n')
      .map((line) => ({ path, line: line.trim() }))
      .filter(({ line }) => line !== '' && !line.startsWith('#')),
  ),
)
const commands = lines.flatMap(({ path, line }) => commandsIn(line).map((words) => ({ path, line, words })))

/** Routes as `GET /api/v1/agents/{id}`, of the OpenAPI document; and what is no part of it. */
let routes: string[]
beforeAll(async () => {
  // By paths that the compiler does not follow: the Worker's types and Node's must not meet.
  await import(join(ROOT, 'workers/app.ts'))
  const { openApi } = (await import(join(ROOT, 'workers/base/openapi.ts'))) as {
    openApi: (version: string) => { paths: Record<string, Record<string, unknown>> }
  }
  const { paths } = openApi('v1')
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  routes.push('GET /health')
})

/** Whether a route that is told of, with values or `:names` in its path, is one of ours. */
function isRoute(method: string, path: string): boolean {
  const asked = path.split('/')
  return routes.some((route) => {
    const [ofRoute, pattern = ''] = route.split(' ')
    const parts = pattern.split('/')
    return (
      ofRoute === method &&
      parts.length === asked.length &&
      parts.every((part, at) => part === asked[at] || (/[{]/.test(part) && asked[at] !== ''))
    )
  })
}

test('the docs have commands, and every one can be run', () => {
  expect(commands.length).toBeGreaterThan(60)
  const wrong = commands.flatMap(({ path, line, words }) => {
    const problem = problemOf(words, scripts)
    return problem === null ? [] : [`${path}: ${line}: ${problem}`]
  })
  expect(wrong).toEqual([])
})

test('a command that cannot be run is found', () => {
  const problems = (line: string) => commandsIn(line).map((words) => problemOf(words, scripts))
  expect(problems('npm run chekc')).toEqual(['There is no script chekc.'])
  expect(problems('npm ci && node workers/gone.ts')).toEqual([null, 'There is no file workers/gone.ts.'])
  expect(problems('npx wrangle whoami | sh')).toEqual(['There is no wrangle.', null])
  expect(problems('kubectl get pods')).toEqual(['Nobody has kubectl.'])
  expect(commandsIn(`curl -d '{"a":"b | c"}' x # and more`)).toEqual([['curl', '-d', `'{"a":"b | c"}'`, 'x']])
})

test('wrangler knows its commands that people are told of, those that make resources and those that deploy', async () => {
  const told = [...commands.map(({ words }) => words), ...commandsFor('staging').map((line) => line.split(' '))]
  await deploy(['--env', 'staging'], {
    variables: { CLOUDFLARE_ACCOUNT_ID: 'x', CLOUDFLARE_API_TOKEN: 'x', DATABASE_URL: 'postgres://db.example.com/x' },
    run: ({ words }) => Promise.resolve(told.push(words) * 0),
    read: (words) => {
      told.push(words)
      const isList = words.includes('secret')
      return Promise.resolve(isList ? JSON.stringify([...NEEDED_SECRETS, 'API_URL'].map((name) => ({ name }))) : '')
    },
    get: () => Promise.resolve({ status: 200, text: '"ok"' }),
    pause: () => Promise.resolve(),
    say: () => {},
  })
  expect(told.filter((words) => words.slice(0, 2).includes('wrangler')).length).toBeGreaterThan(40)
  expect(told.flatMap((words) => wranglerProblemOf(words) ?? [])).toEqual([])
  const wrong = [
    'wrangler secret bulc x',
    'npx wrangler secret',
    'wrangler rollback --envy staging',
    'wrangler deploy -e staging',
  ]
  expect(wrong.map((line) => wranglerProblemOf(line.split(' ')))).toEqual([
    'wrangler has no secret bulc.',
    'wrangler has no secret.',
    'wrangler rollback has no --envy.',
    null,
  ])
})

describe('routes', () => {
  test('every route that is asked by curl is one of ours', () => {
    const asked = commands.filter(({ words }) => words[0] === 'curl')
    expect(asked.length).toBeGreaterThan(8)
    const wrong = asked.flatMap(({ path, line, words }) => {
      const at = words.findIndex((word) => /^-X$|^--request$/.test(word))
      const method = at === -1 ? 'GET' : (words[at + 1] ?? '')
      const [, route] = /(?:https?:\/\/[\w.:-]+|\$API)(\/[^?"'\s]*)/.exec(line) ?? []
      return route !== undefined && isRoute(method, route) ? [] : [`${path}: ${line}`]
    })
    expect(wrong).toEqual([])
  })

  test('every route that is named in full is one of ours', () => {
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/`(GET|POST|PUT|DELETE) (\/(?:api\/v1|v1|proxy)\/[^`?\s]*)[^`]*`/g)].map(
        ([, method = '', route = '']) => ({
          path,
          method,
          route,
        }),
      ),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(({ method, route }) => !isRoute(method, route))).toEqual([])
  })

  test('one that is not ours is found', () => {
    expect(isRoute('GET', '/api/v1/agents')).toBe(true)
    expect(isRoute('GET', '/api/v1/agents/mine/gone/for/good')).toBe(false)
    expect(isRoute('DELETE', '/health')).toBe(false)
  })
})

test('every file that is named in full is there', () => {
  const named = pages.flatMap(({ path, text }) =>
    [
      ...text.matchAll(
        /`((?:workers|site|contracts|docs|migrations|\.github)\/[\w./-]+\.(?:ts|md|yml|sql|json|toml))`/g,
      ),
    ].map(([, file = '']) => ({ path, file })),
  )
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter(({ file }) => !MADE.has(file) && !existsSync(join(ROOT, file)))).toEqual([])
})
