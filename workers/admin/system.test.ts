/** Flags, maintenance, health, dead letters, the audit log and the operator's doors, through the door of the Worker. */
import { afterEach, describe, expect, test } from 'vitest'
import { eq, sql } from 'drizzle-orm'
import { auditLog } from '../auth/tables.ts'
import { clock } from '../base/clock.ts'
import { db } from '../base/db.ts'
import { ERRORS } from '../base/errors.ts'
import { forgetFlags } from '../base/flags.ts'
import { newId } from '../base/ids.ts'
import { deadLetters, featureFlags } from '../base/tables.ts'
import { callLogs } from '../quota/tables.ts'
import { settings } from '../env.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { fault } from '../tests/faults.ts'
import {
  api,
  ask,
  bindings,
  door,
  newAgent,
  newDeveloper,
  signIn,
  type Account,
  type Developer,
} from '../tests/world.ts'
import { countAll } from './counts.ts'
import type { Agent } from '../agents/agents.ts'
import type { CallLog, CallLogBatch } from '../quota/call-log.ts'

const reason = 'For the tests.'
/** By how much the clock of figures has been moved so far. */
let kept = 0
const operator = { token: settings(bindings).OPERATOR_TOKEN }

afterEach(async () => {
  await db(bindings).delete(featureFlags)
  forgetFlags()
})

describe('flags', () => {
  test('are listed, switched and effective', async () => {
    const boss = await signIn('admin')
    const names = async () => (await api('GET /api/v1/admin/flags', { as: boss })).body.items
    expect(await names()).toContainEqual({ name: 'enable_rag', enabled: true, updated_at: null, updated_by: null })
    const put = (name: string, body: object) => api(`PUT /api/v1/admin/flags/${name}`, { as: boss, body })
    const answer = await put('enable_rag', { enabled: false, reason })
    expect(answer).toMatchObject({ status: 200, body: { name: 'enable_rag', enabled: false, updated_by: boss.id } })
    expect(await names()).toContainEqual(expect.objectContaining({ name: 'enable_rag', enabled: false }))
    expect((await put('enable_magic', { enabled: true, reason })).status).toBe(400)
    expect((await put('enable_rag', { enabled: 'no' })).body.error.details.fields).toHaveLength(2)
  })

  test('maintenance stops everything but health, signing in and administration', async () => {
    const [boss, developer, agent] = await Promise.all([signIn('admin'), newDeveloper(), newAgent()])
    const put = (enabled: boolean) =>
      api('PUT /api/v1/admin/flags/maintenance_mode', { as: boss, body: { enabled, reason } })
    expect((await put(true)).status).toBe(200)
    const call = await ask(developer, agent, 'hello')
    expect([call.status, call.headers.get('retry-after')]).toEqual([503, '60'])
    expect(await call.json()).toMatchObject({ error: { code: '50304' } })
    expect((await api('GET /health')).status).toBe(200)
    expect((await api('DELETE /api/v1/auth/me', { body: {} })).status).toBe(401)
    expect((await put(false)).status).toBe(200)
    expect((await ask(developer, agent, 'hello')).status).toBe(200)
  })
})

describe('switching', () => {
  const put = (boss: Account, name: string, enabled: boolean) =>
    api(`PUT /api/v1/admin/flags/${name}`, { as: boss, body: { enabled, reason } })

  test('a call that runs when maintenance begins comes to its end; others are served within ten seconds of its end', async () => {
    const [boss, developer, agent] = await Promise.all([signIn('admin'), newDeveloper(), newAgent()])
    const running = ask(developer, agent, `Tell me. ${fault({ delayMs: 100, events: 5 })}`, {
      stream: true,
      patient: true,
    })
    const response = await running
    const reader = response.body!.getReader()
    const first = await reader.read()
    expect((await put(boss, 'maintenance_mode', true)).status).toBe(200)
    expect((await ask(developer, agent, 'hello')).status).toBe(503)
    expect((await api('GET /api/v2/marketplace/agents')).status).toBe(503)
    let text = new TextDecoder().decode(first.value)
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text += new TextDecoder().decode(part.value)
    expect(text).toContain('data: [DONE]')
    // Ended by somebody else's isolate: this one has a copy, and looks again before ten seconds are over.
    await ask(developer, agent, 'hello')
    await db(bindings).update(featureFlags).set({ enabled: false })
    const now = clock.now
    try {
      const later = now() + 9_999
      clock.now = () => later
      expect((await ask(developer, agent, 'hello')).status).toBe(200)
    } finally {
      clock.now = now
    }
  })

  test('without trial mode no trial is taken, and paid calls go on', async () => {
    const [boss, developer, agent] = await Promise.all([signIn('admin'), newDeveloper(), newAgent()])
    const trial = { headers: { 'x-agentlink-trial': 'true' } }
    await put(boss, 'enable_trial_mode', false)
    const refused = await ask(developer, agent, 'hello', trial)
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: { code: ERRORS.switchedOff.code } })
    expect((await ask(developer, agent, 'hello')).status).toBe(200)
    await put(boss, 'enable_trial_mode', true)
    expect((await ask(developer, agent, 'hello', trial)).status).toBe(200)
  })
})

describe('the system', () => {
  test('says of each part whether it answers', async () => {
    const boss = await signIn('admin')
    await newAgent()
    const { status, body } = await api('GET /api/v1/admin/system/health', { as: boss })
    expect(status).toBe(200)
    expect(body.parts.map((part: { name: string; status: string }) => [part.name, part.status])).toEqual([
      ['postgres', 'up'],
      ['redis', 'up'],
      ['accounts', 'up'],
      ['pictures', 'up'],
    ])
    expect(body.queues).toContainEqual({ queue: 'call-logs', backlog: expect.any(Number) })
    expect(body.breakers[0]).toEqual({ model: expect.stringContaining('/'), state: 'closed' })
    const stats = await api('GET /api/v1/admin/dashboard/stats', { as: boss })
    expect(stats.body).toMatchObject({ agents: { active: expect.any(Number) }, users: { admins: expect.any(Number) } })
    expect(stats.body.estimates).toEqual([])
  })

  test('shows a degraded platform while Redis is away', async () => {
    const boss = await signIn('admin')
    await door('/redis/pause')
    try {
      const { status, body } = await api('GET /api/v1/admin/system/health', { as: boss })
      expect([status, body.status]).toEqual([200, 'degraded'])
      expect(body.parts).toContainEqual({ name: 'redis', status: 'down', latency_ms: expect.any(Number) })
    } finally {
      await door('/redis/resume')
    }
    // It is left alone for a second.
    const health = async () => (await api('GET /api/v1/admin/system/health', { as: boss })).body.status
    await expect.poll(health, { timeout: 10_000 }).toBe('up')
  })

  test('shows the calls and the revenue of today and of thirty days', async () => {
    const boss = await signIn('admin')
    const stats = async () => {
      const now = clock.now
      try {
        // Past the half minute for which figures are kept.
        kept += 31_000
        clock.now = () => now() + kept
        return (await api('GET /api/v1/admin/dashboard/stats', { as: boss })).body.calls
      } finally {
        clock.now = now
      }
    }
    const before = await stats()
    const old = { settledAt: Date.now() - 10 * 86_400_000 }
    await deliver([aLog(), aLog({ status: 'error', funding: null, revenueUsd: '0' }), aLog(old)])
    const after = await stats()
    const grown = (period: 'today' | 'last_30_days') => [
      after[period].calls - before[period].calls,
      after[period].successful - before[period].successful,
      Math.round((after[period].revenue_usd - before[period].revenue_usd) * 100),
    ]
    expect(grown('today')).toEqual([2, 1, 25])
    expect(grown('last_30_days')).toEqual([3, 2, 50])
  })

  test('counts what is many as far as it is quick, and says that the rest is an estimate', async () => {
    const { some, many } = await countAll(bindings, {
      some: 'generate_series(1, 4000) AS n',
      many: 'generate_series(1, 50000) AS n',
    })
    expect(some).toEqual({ count: 4_000, isEstimate: false })
    expect(many.isEstimate).toBe(true)
    expect(many.count).toBeGreaterThan(4_000)
  })

  test('clears its cache, and works on', async () => {
    const [boss, developer, agent] = await Promise.all([signIn('admin'), newDeveloper(), newAgent()])
    await ask(developer, agent, 'hello')
    const { status, body } = await api('POST /api/v1/admin/system/cache/clear', { as: boss, body: { reason } })
    expect([status, body.is_all]).toEqual([200, true])
    expect(body.dropped).toBeGreaterThan(0)
    expect((await ask(developer, agent, 'hello')).status).toBe(200)
  })

  test('sends a dead letter again, once, and shows nobody what it says', async () => {
    const [boss, developer, agent] = await Promise.all([signIn('admin'), newDeveloper(), newAgent()])
    const id = newId()
    const call = logOf(developer, agent)
    const body = { version: 1, accountId: developer.id, logs: [call] } satisfies CallLogBatch
    const letter = { id, queue: 'call-logs', body, attempts: 6, sentAt: new Date() }
    await db(bindings)
      .insert(deadLetters)
      .values([letter, { ...letter, queue: 'unheard-of' }])
    const list = await api('GET /api/v1/admin/system/dead-letters', { as: boss })
    const shown = list.body.items.find(
      (row: { id: string; queue: string }) => row.id === id && row.queue === 'call-logs',
    )
    expect(Object.keys(shown).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'attempts',
      'bytes',
      'id',
      'queue',
      'received_at',
      'replayed_at',
      'sent_at',
    ])
    const only = async (query: string): Promise<string[]> => {
      const { body } = await api(`GET /api/v1/admin/system/dead-letters?limit=100&${query}`, { as: boss })
      return body.items.filter((row: { id: string }) => row.id === id).map((row: { queue: string }) => row.queue)
    }
    expect(await only('queue=unheard-of')).toEqual(['unheard-of'])
    const replay = (queue: string) =>
      api(`POST /api/v1/admin/system/dead-letters/${queue}/${id}/replay`, { as: boss, body: { reason } })
    expect((await replay('call-logs')).status).toBe(204)
    expect((await replay('call-logs')).status).toBe(409)
    expect(await only('waiting=true')).toEqual(['unheard-of'])
    expect((await replay('unheard-of')).status).toBe(404)
    expect((await replay('events')).status).toBe(404)
    await expect
      .poll(async () => (await db(bindings).select().from(callLogs).where(eq(callLogs.id, call.id))).length, {
        timeout: 15_000,
      })
      .toBe(1)
  })
})

describe('the audit log', () => {
  test('is read along who, what and whom', async () => {
    const boss = await signIn('admin')
    const body = { enabled: true, reason }
    for (const name of ['enable_rag', 'enable_webhooks', 'enable_rag'])
      await api(`PUT /api/v1/admin/flags/${name}`, { as: boss, body })
    const read = async (query: string) => (await api(`GET /api/v1/admin/audit-log?${query}`, { as: boss })).body
    const first = await read(`actor_id=${boss.id}&limit=2`)
    const rest = await read(`actor_id=${boss.id}&limit=2&cursor=${first.next_cursor}`)
    expect([...first.items, ...rest.items].map((row: { subject_id: string }) => row.subject_id)).toEqual([
      'enable_rag',
      'enable_webhooks',
      'enable_rag',
    ])
    expect(rest.next_cursor).toBeNull()
    expect(first.items[0]).toMatchObject({ actor_role: 'super_admin', action: 'flag.set', reason })
    const one = await read(`subject_type=flag&subject_id=enable_webhooks&action=flag.set&actor_id=${boss.id}`)
    expect(one.items).toHaveLength(1)
    const at = first.items[0].created_at
    const of = `actor_id=${boss.id}`
    expect((await read(`${of}&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`)).items).toEqual([])
    expect((await read(`${of}&from=${at}`)).items.map((row: { id: string }) => row.id)).toEqual([first.items[0].id])
    expect((await read(`${of}&to=${at}`)).items).toHaveLength(2)
    expect((await api('GET /api/v1/admin/audit-log?from=yesterday', { as: boss })).status).toBe(400)
    expect((await api('GET /api/v1/admin/audit-log?subject_id=x', { as: boss })).status).toBe(400)
  })

  test('can be added to, and never changed, shortened or emptied', async () => {
    const boss = await signIn('admin')
    await api('PUT /api/v1/admin/flags/enable_rag', { as: boss, body: { enabled: true, reason } })
    const isMine = eq(auditLog.actorId, boss.id)
    await expect(db(bindings).update(auditLog).set({ reason: 'other' }).where(isMine)).rejects.toThrow()
    await expect(db(bindings).delete(auditLog).where(isMine)).rejects.toThrow()
    await expect(db(bindings).execute(sql`TRUNCATE audit_log`)).rejects.toThrow()
    expect(await db(bindings).select().from(auditLog).where(isMine)).toMatchObject([{ reason }])
  })
})

describe('the operator', () => {
  test('credits, deposits, looks, makes keys and revokes them, on record', async () => {
    const [developer, agent] = await Promise.all([newDeveloper(), newAgent()])
    const account = `/api/v1/admin/accounts/${developer.id}`
    const lot = { id: newId(), calls: 10, price_usd: '0.10' }
    expect((await api(`POST ${account}/lots`, { as: operator, body: lot })).body).toMatchObject({ added: true })
    expect((await api(`POST ${account}/lots`, { as: operator, body: lot })).body).toMatchObject({ added: false })
    const odd = await api(`POST ${account}/lots`, { as: operator, body: { ...lot, calls: 3 } })
    expect([odd.status, odd.body.error.code]).toEqual([400, '40002'])
    const money = await api(`POST ${account}/deposits`, { as: operator, body: { id: newId(), amount_usd: '2.50' } })
    expect(money.body).toEqual({ balance_usd: '2.50' })
    const made = await api(`POST ${account}/keys`, { as: operator, body: { name: 'by hand' } })
    expect(made.status).toBe(201)
    expect((await ask({ key: made.body.key }, agent, 'hello')).status).toBe(200)
    expect((await api(`DELETE /api/v1/admin/keys/${made.body.id}`, { as: operator })).status).toBe(204)
    expect((await ask({ key: made.body.key }, agent, 'hello')).status).toBe(401)
    expect((await api(`GET ${account}/quota`, { as: operator })).body).toMatchObject({ balance: 250_000_000 })
    const lines = await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, developer.id))
    expect(new Set(lines.map((line) => [line.action, line.actorId, line.actorRole].join()))).toEqual(
      new Set(['account.credit,,operator', 'account.deposit,,operator', 'key.create,,operator']),
    )
  })

  test('is nobody without the token, whoever else they are', async () => {
    const path = `/api/v1/admin/accounts/${newId()}/quota`
    expect((await api(`GET ${path}`)).status).toBe(401)
    expect((await api(`GET ${path}`, { as: { token: `${operator.token}x` } })).status).toBe(401)
    expect((await api(`GET ${path}`, { as: await signIn('admin') })).status).toBe(401)
    expect((await api('GET /api/v1/admin/users', { as: operator })).status).toBe(401)
  })
})

function logOf(developer: Developer, agent: Agent): CallLog {
  return {
    id: newId(),
    requestId: 'request',
    agentId: agent.id,
    agentVersion: 1,
    creatorId: agent.creatorId,
    apiKeyId: developer.keyId,
    userId: developer.id,
    provider: agent.provider,
    model: agent.model,
    stream: false,
    status: 'success',
    errorCode: null,
    inputTokens: null,
    outputTokens: 7,
    latencyMs: 1_200,
    firstContentMs: 300,
    funding: 'paid',
    lotId: 'lot-1',
    priceUsd: '0.004',
    premiumUsd: '0',
    revenueUsd: '0.004',
    feePercent: 20,
    admittedAt: Date.now() - 1_200,
    settledAt: Date.now(),
  }
}
