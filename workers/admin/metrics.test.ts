/** The metrics as somebody else's parser reads them, after real calls; and the alerts, which may name nothing that is not there. */
import { createExecutionContext } from 'cloudflare:test'
import { sql } from 'drizzle-orm'
import parse from 'parse-prometheus-text-format'
import { parse as parseYaml } from 'yaml'
import { afterEach, describe, expect, test, vi } from 'vitest'
import alerts from '../../docs/alerts.yml?raw'
import { app } from '../app.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { COUNTED } from '../base/metrics.ts'
import { operations } from '../base/route.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { fault } from '../tests/faults.ts'
import { api, ask, bindings, door, logsOf, newAgent, newDeveloper, pay, signIn } from '../tests/world.ts'
import { reconcileCron } from '../settlements/reconcile.cron.ts'

const CHAT = '/proxy/v1/agents/:agentId/chat'
const scraper = { token: String(bindings['METRICS_TOKEN']) }

afterEach(() => vi.restoreAllMocks())

type Scrape = { text: string; families: ReturnType<typeof parse>; samples: ReturnType<typeof parse> }

async function scrape(): Promise<Scrape> {
  const { status, headers, body } = await api('GET /api/v1/admin/system/metrics', { as: scraper })
  expect(status, String(body)).toBe(200)
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  // The parser makes one histogram of all that have its name; where it knows of none, it gives each sample as it stands.
  return { text: body, families: parse(body), samples: parse(body.replaceAll(/^# TYPE \S+ histogram\n/gm, '')) }
}

/** A sample's value; of a histogram, how often it was observed, or how often at most `le`. Without such a sample, 0. */
function valueOf({ samples }: Scrape, name: string, labels: Record<string, string> = {}, le?: string): number {
  const isHistogram = 'buckets' in (COUNTED[name as keyof typeof COUNTED] ?? {})
  const sought = isHistogram ? `${name}_${le === undefined ? 'count' : 'bucket'}` : name
  const wanted = JSON.stringify(sorted(le === undefined ? labels : { ...labels, le }))
  const found = samples
    .flatMap((family) => (family.name === sought ? family.metrics : []))
    .find(({ labels: own = {} }) => JSON.stringify(sorted(own)) === wanted)
  return Number(found?.value ?? 0)
}

const sorted = (labels: Record<string, string>) => Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))

test('what is called is counted: by route and status, by provider and model, with what the gateway adds', async () => {
  const developer = await newDeveloper()
  await pay(developer, 1_000)
  const agent = await newAgent('openai', { model: 'gpt-4.1-nano' })
  const before = await scrape()
  for (let calls = 0; calls < 3; calls++)
    expect((await ask(developer, agent, 'Hello.', { patient: true })).status).toBe(200)
  for (let calls = 0; calls < 2; calls++)
    await (await ask(developer, agent, 'Hello.', { stream: true, patient: true })).text()
  expect((await ask(developer, agent, `Hello. ${fault({ status: 400 })}`, { patient: true })).status).toBe(502)
  expect((await ask({ key: 'ak_of_nobody' }, agent, 'Hello.')).status).toBe(401)
  expect((await api('GET /nothing/sk-typed-into-the-wrong-place')).status).toBe(404)
  expect(await logsOf(developer, 6)).toHaveLength(6)
  const after = await scrape()
  const grown = (...of: [string, Record<string, string>?, string?]) => valueOf(after, ...of) - valueOf(before, ...of)

  const chat = { method: 'POST', path: CHAT }
  expect(grown('http_requests_total', { ...chat, status: '200' })).toBe(5)
  expect(grown('http_requests_total', { ...chat, status: '502' })).toBe(1)
  expect(grown('http_requests_total', { ...chat, status: '401' })).toBe(1)
  expect(grown('http_requests_total', { method: 'GET', path: 'none', status: '404' })).toBe(1)
  expect(grown('http_request_duration_seconds', chat)).toBe(7)
  const model = { provider: 'openai', model: 'gpt-4.1-nano' }
  expect(grown('ai_provider_latency_seconds', model)).toBe(6)
  expect(grown('ai_provider_latency_seconds', model, '30')).toBe(6)
  expect(grown('gateway_overhead_seconds', { stream: 'false' })).toBe(3)
  expect(grown('gateway_overhead_seconds', { stream: 'true' })).toBe(2)
  expect(grown('time_to_first_event_seconds', { provider: 'openai' })).toBe(2)
  // Six were admitted, each with about 1,100 left.
  expect(grown('quota_remaining')).toBe(6)
  expect(grown('quota_remaining', {}, '1000')).toBe(0)
  expect(grown('quota_remaining', {}, '10000')).toBe(6)
  expect(grown('outbox_lag_seconds')).toBeGreaterThanOrEqual(6)
  expect(grown('queue_lag_seconds', { queue: 'call-logs' })).toBeGreaterThanOrEqual(1)
  expect(after.text).not.toContain('sk-typed')
})

test('the provider’s time is not taken for ours, and a bucket holds what is not above it', async () => {
  const developer = await newDeveloper()
  await pay(developer, 1_000)
  const agent = await newAgent('anthropic', { model: 'claude-haiku-4-5' })
  const before = await scrape()
  const slow = ask(developer, agent, `Hello. ${fault({ delayMs: 700 })}`, { patient: true })
  expect((await slow).status).toBe(200)
  const after = await scrape()
  const grown = (...of: [string, Record<string, string>?, string?]) => valueOf(after, ...of) - valueOf(before, ...of)
  const model = { provider: 'anthropic', model: 'claude-haiku-4-5' }
  expect([grown('ai_provider_latency_seconds', model), grown('ai_provider_latency_seconds', model, '0.5')]).toEqual([
    1, 0,
  ])
  expect(grown('gateway_overhead_seconds', { stream: 'false' }, '0.5')).toBe(1)
})

test('how late a call reaches the log is counted from its settlement', async () => {
  const before = await scrape()
  await deliver([aLog({ settledAt: clock.now() - 3_000_000 }), aLog({ settledAt: clock.now() + 9_000_000 })])
  const after = await scrape()
  const late = (seen: Scrape) =>
    valueOf(seen, 'outbox_lag_seconds', {}, '3600') - valueOf(seen, 'outbox_lag_seconds', {}, '900')
  // What other tests have left to be logged is not as late as that.
  expect(late(after) - late(before)).toBe(1)
  // A clock that is ahead makes no time that is less than none.
  const sum = ({ samples }: Scrape) =>
    Number(samples.find(({ name }) => name === 'outbox_lag_seconds_sum')?.metrics[0]?.value ?? 0)
  expect(sum(after) - sum(before)).toBeGreaterThanOrEqual(3_000)
})

test('an open breaker is 1, a closed one 0', async () => {
  const breaker = bindings.BREAKER.get(bindings.BREAKER.idFromName('google/gemini-3-pro-preview'))
  const state = async () =>
    valueOf(await scrape(), 'circuit_breaker_state', { provider: 'google', model: 'gemini-3-pro-preview' })
  expect(await state()).toBe(0)
  await breaker.report({ successes: 0, failures: 20 })
  expect(await state()).toBe(1)
  const now = Date.now()
  vi.spyOn(clock, 'now').mockImplementation(() => now + 31_000)
  expect(await state()).toBe(2)
  for (let probes = 0; probes < 5; probes++) await breaker.takeProbe()
  for (let probes = 0; probes < 5; probes++) await breaker.reportProbe('success')
  expect(await state()).toBe(0)
})

test('dead letters, and differences of the books, are there until they are dealt with', async () => {
  const queue = `queue-${newId().slice(0, 8)}`
  const name = `check-${newId().slice(0, 8)}`
  await db(bindings).execute(
    sql`INSERT INTO dead_letters (queue, id, body, attempts, sent_at) VALUES (${queue}, 'one', '{}', 1, now()), (${queue}, 'two', '{}', 1, now())`,
  )
  await db(bindings).execute(
    sql`INSERT INTO differences (name, scope, expected, found, freezes) VALUES (${name}, 'a', '1', '2', NULL), (${name}, 'b', '1', '2', 'calls:x')`,
  )
  const there = await scrape()
  expect(valueOf(there, 'dead_letters_waiting', { queue })).toBe(2)
  expect(valueOf(there, 'ledger_differences', { name })).toBe(2)
  expect(valueOf(there, 'ledger_frozen', { name })).toBe(1)
  await db(bindings).execute(sql`UPDATE dead_letters SET replayed_at = now() WHERE queue = ${queue}`)
  await db(bindings).execute(sql`UPDATE differences SET resolved_at = now() WHERE name = ${name}`)
  const gone = await scrape()
  expect(gone.text).not.toContain(queue)
  expect(gone.text).not.toContain(name)
})

test('each check of the books is counted, made or not', async () => {
  const before = await scrape()
  await reconcileCron(bindings)
  const after = await scrape()
  const grown = (check: string, outcome: string) =>
    valueOf(after, 'ledger_checks_total', { check, outcome }) -
    valueOf(before, 'ledger_checks_total', { check, outcome })
  expect([grown('trialBalance', 'made'), grown('trialBalance', 'failed')]).toEqual([1, 0])
})

describe('who asks', () => {
  const asked = async (token?: string) =>
    (await api('GET /api/v1/admin/system/metrics', token === undefined ? {} : { as: { token } })).status

  test('is let pass with a token of the metrics or of the operator, and with nothing else', async () => {
    expect(await asked(String(bindings['OPERATOR_TOKEN']))).toBe(200)
    expect([await asked(), await asked('nonsense'), await asked((await signIn('admin')).token)]).toEqual([
      401, 401, 401,
    ])
  })

  test('with the token of the metrics opens nothing else', async () => {
    const { status } = await api(`GET /api/v1/admin/accounts/${newId()}/quota`, { as: scraper })
    expect(status).toBe(401)
  })
})

describe('what is away', () => {
  test('Postgres takes its own figures along, and no others', async () => {
    await door('/postgres/pause')
    try {
      const without = await scrape()
      expect(valueOf(without, 'metrics_source_up', { source: 'postgres' })).toBe(0)
      expect(valueOf(without, 'metrics_source_up', { source: 'breakers' })).toBe(1)
      expect(valueOf(without, 'http_requests_total', { method: 'POST', path: CHAT, status: '200' })).toBeGreaterThan(0)
    } finally {
      await door('/postgres/resume')
    }
    expect(valueOf(await scrape(), 'metrics_source_up', { source: 'postgres' })).toBe(1)
  })

  test('an object of the counts: the answer is 503 and not half of them, and nothing that was counted is lost', async () => {
    const METRICS = {
      idFromName: (name: string) => name,
      get: () => ({ add: () => Promise.reject(new Error('away')), read: () => Promise.reject(new Error('away')) }),
    }
    const request = new Request('https://agentlink.test/api/v1/admin/system/metrics', {
      headers: { authorization: `Bearer ${scraper.token}` },
    })
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const labels = { method: 'GET', path: '/health', status: '200' }
    const before = valueOf(await scrape(), 'http_requests_total', labels)
    await api('GET /health')
    const answer = await app.fetch(request, { ...bindings, METRICS }, createExecutionContext())
    expect(answer.status).toBe(503)
    expect(valueOf(await scrape(), 'http_requests_total', labels)).toBe(before + 1)
  })
})

describe('labels', () => {
  test('take only what our code names', async () => {
    const { text, samples } = await scrape()
    const routes = new Set([...operations.map(({ path }) => path), '/health', 'none'])
    const paths = samples.flatMap(({ metrics }) => metrics.flatMap(({ labels }) => labels?.['path'] ?? []))
    expect(paths.length).toBeGreaterThan(5)
    expect(paths.filter((path) => !routes.has(path))).toEqual([])
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-|ak_|@/)
    for (const [name, { labels }] of Object.entries(COUNTED))
      for (const family of samples.filter((one) => one.name.replace(/_(bucket|sum|count)$/, '') === name))
        for (const sample of family.metrics)
          expect(
            Object.keys(sample.labels ?? {})
              .filter((label) => label !== 'le')
              .toSorted(),
            name,
          ).toEqual([...labels].toSorted())
  })

  test('of a method that nobody knows is "other"', async () => {
    const other = async () =>
      valueOf(await scrape(), 'http_requests_total', { method: 'other', path: 'none', status: '404' })
    const before = await other()
    expect((await api('PROPFIND /nothing')).status).toBe(404)
    expect(await other()).toBe(before + 1)
  })
})

describe('the alerts', () => {
  type Rule = { alert: string; expr: string; annotations: { summary: string }; labels: { severity: string } }
  const { groups } = parseYaml(alerts) as { groups: { rules: Rule[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  /** What stands in an expression of PromQL besides metrics. */
  const WORDS = /^(and|or|unless|by|without|on|ignoring|sum|rate|increase|histogram_quantile|max|min|avg|count|le)$/

  test('are those of the document, and of outbox, dead letters and drift', () => {
    const names = rules.map(({ alert }) => alert)
    expect(new Set(names).size).toBe(names.length)
    for (const name of [
      'HighErrorRate',
      'AIProviderLatency',
      'CircuitBreakerOpen',
      'OutboxLag',
      'DeadLetters',
      'LedgerDrift',
    ])
      expect(names).toContain(name)
    for (const { labels, annotations } of rules) {
      expect(labels.severity).toMatch(/^(warning|critical)$/)
      expect(annotations.summary).not.toBe('')
    }
  })

  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s asks for what the route gives', async (_, rule) => {
    const { families } = await scrape()
    const series = new Map(
      families.flatMap(({ name, type }) =>
        (type === 'HISTOGRAM' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]).map((one) => [one, name]),
      ),
    )
    const bare = rule.expr
      .replaceAll(/"[^"]*"|\[[^\]]*\]/g, '')
      .replaceAll(/(by|without|on|ignoring)\s*\([^)]*\)/g, '')
      .replaceAll(/\{[^}]*\}/g, '')
    const asked = [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => !WORDS.test(name))
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter((name) => !series.has(name))).toEqual([])
    // What it looks for, and what its sentence names, are labels of these.
    const said = `${rule.expr} ${rule.annotations.summary}`
    const labels = [
      ...[...rule.expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) => [...inner.matchAll(/(\w+)\s*=~?/g)]),
      ...[...rule.expr.matchAll(/by\s*\(([^)]*)\)/g)].flatMap(([, inner = '']) => [...inner.matchAll(/(\w+)/g)]),
      ...said.matchAll(/\$labels\.(\w+)/g),
    ].map(([, label = '']) => label)
    const counted = COUNTED as Record<string, { labels: readonly string[] }>
    for (const name of asked.map((one) => series.get(one) ?? '')) {
      const own = counted[name]?.labels ?? GAUGE_LABELS[name] ?? []
      expect(labels.filter((label) => label !== 'le' && !own.includes(label))).toEqual([])
    }
    const opened = [...rule.expr.matchAll(/[([{]/g)].length
    expect([...rule.expr.matchAll(/[)\]}]/g)]).toHaveLength(opened)
  })
})

const GAUGE_LABELS: Record<string, string[]> = {
  circuit_breaker_state: ['provider', 'model'],
  queue_backlog: ['queue'],
  dead_letters_waiting: ['queue'],
  ledger_differences: ['name'],
  ledger_frozen: ['name'],
  metrics_source_up: ['source'],
}
