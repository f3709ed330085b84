import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commandsIn, problemOf, ROOT } from './commands.ts'

type Step = { uses?: string; run?: string; env?: Record<string, string>; with?: Record<string, string> }
type Job = { needs?: string; if?: string; uses?: string; environment?: string; steps?: Step[] }
type Workflow = {
  on: Record<string, { branches?: string[] } | null>
  permissions: object
  concurrency: Record<string, unknown>
  jobs: Record<string, Job>
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const workflow = (name: string) => parse(read(`.github/workflows/${name}.yml`)) as Workflow
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
const [ci, deploy] = [workflow('ci'), workflow('deploy')]
const runs = (job: Job | undefined): string[] => (job?.steps ?? []).flatMap(({ run }) => run ?? [])

test('every command of a workflow can be run', () => {
  const lines = [ci, deploy].flatMap(({ jobs }) => Object.values(jobs).flatMap(runs)).flatMap((run) => run.split('\n'))
  expect(lines.length).toBeGreaterThan(10)
  const wrong = lines.flatMap(commandsIn).flatMap((words) => problemOf(words, scripts) ?? [])
  expect(wrong).toEqual([])
})

test('every job has the project’s packages, of a Node that it runs on, before it runs anything', () => {
  for (const job of [ci, deploy].flatMap(({ jobs }) => Object.values(jobs)).filter(({ steps }) => steps)) {
    expect(job.steps?.[0]?.uses).toMatch(/^actions\/checkout@/)
    expect(Number(job.steps?.[1]?.with?.['node-version'])).toBeGreaterThanOrEqual(22)
    expect(runs(job)[0]).toBe('npm ci')
  }
})

describe('CI', () => {
  test('runs for every kind of branch, for what is to land on main and develop, and before a deployment', () => {
    expect(ci.on['pull_request']?.branches).toEqual(['main', 'develop'])
    expect(ci.on['push']?.branches).toEqual(['feature/**', 'bugfix/**', 'error-fix/**', 'release/**'])
    expect(ci.on).toHaveProperty('workflow_call')
  })

  test('checks, tests, looks for properties that do not hold, checks contracts, and builds what would be deployed', () => {
    const all = Object.values(ci.jobs).flatMap(runs)
    for (const command of [
      'npm run check',
      'node workers/tests/node/run.ts',
      'npm run contracts:check',
      'npm run deploy -- --env staging --dry-run',
      'npm run deploy -- --env production --dry-run',
    ])
      expect(all).toContain(command)
    expect(all.some((command) => command.startsWith('npm run simulate'))).toBe(true)
  })

  test('deploys nothing and is given no secret', () => {
    expect(
      Object.values(ci.jobs)
        .flatMap(runs)
        .filter((run) => run.includes('deploy --') && !run.includes('--dry-run')),
    ).toEqual([])
    expect(read('.github/workflows/ci.yml')).not.toContain('secrets.')
  })
})

describe('a deployment', () => {
  const targets = Object.entries(deploy.jobs).filter(([, job]) =>
    runs(job).some((run) => run.startsWith('npm run deploy')),
  )

  test('to production comes from main only, to staging from develop only, each after all of CI', () => {
    expect(Object.keys(deploy.on)).toEqual(['push'])
    expect(deploy.on['push']?.branches).toEqual(['main', 'develop'])
    expect(deploy.jobs['ci']?.uses).toBe('./.github/workflows/ci.yml')
    expect(targets.map(([name, job]) => [name, job.if, job.needs, job.environment, runs(job).at(-1)])).toEqual([
      ['staging', "github.ref == 'refs/heads/develop'", 'ci', 'staging', 'npm run deploy -- --env staging'],
      ['production', "github.ref == 'refs/heads/main'", 'ci', 'production', 'npm run deploy -- --env production'],
    ])
  })

  test('has the secrets it needs in the step that deploys, and nowhere else', () => {
    for (const [, job] of targets) {
      const withEnv = (job.steps ?? []).filter(({ env }) => env)
      expect(withEnv.map(({ run }) => run)).toEqual([runs(job).at(-1)])
      expect(Object.keys(withEnv[0]?.env ?? {}).toSorted()).toEqual([
        'CLOUDFLARE_ACCOUNT_ID',
        'CLOUDFLARE_API_TOKEN',
        'DATABASE_URL',
      ])
    }
  })

  test('is not broken off by the next one', () => {
    expect(deploy.concurrency['cancel-in-progress']).toBe(false)
    expect(deploy.permissions).toEqual({ contents: 'read' })
  })
})
