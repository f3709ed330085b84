import { eq } from 'drizzle-orm'
import { expect, test, vi } from 'vitest'
import { agentUsage } from '../analytics/tables.ts'
import { db } from '../base/db.ts'
import { usageRow } from '../tests/call-logs.ts'
import { bindings, newAgent } from '../tests/world.ts'
import { forgetAgent, publishAgent, unpublishAgent } from './agents.ts'
import { figuresCron } from './figures.cron.ts'
import { agents } from './tables.ts'
import { warmCron } from './warm.cron.ts'
import type { Agent } from './agents.ts'
import type * as agentsRoom from './agents.ts'

const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)

type Usage = {
  ago: number
  calls: number
  successful?: number
  revenue?: string
}

async function use(agent: Agent, usage: Usage[]): Promise<void> {
  await db(bindings)
    .insert(agentUsage)
    .values(
      usage.map(({ ago, calls, successful = calls, revenue = '0' }) =>
        usageRow({
          agentId: agent.id,
          creatorId: agent.creatorId,
          day: day(ago),
          calls,
          successful,
          revenueUsd: revenue,
        }),
      ),
    )
}

async function figuresOf({ id }: Agent) {
  const { totalCalls, totalRevenue, updatedAt } = agents
  const [row] = await db(bindings).select({ totalCalls, totalRevenue, updatedAt }).from(agents).where(eq(agents.id, id))
  return row
}

test('figures are the successful calls and the revenue of all days, once an agent has been used lately', async () => {
  const [used, resting] = await Promise.all([newAgent(), newAgent()])
  await use(used, [
    { ago: 0, calls: 3, revenue: '0.03' },
    { ago: 1, calls: 11, successful: 2 },
    { ago: 200, calls: 40, revenue: '0.4' },
  ])
  await use(resting, [{ ago: 9, calls: 5, revenue: '1' }])
  const before = await figuresOf(used)
  await figuresCron(bindings)
  expect(await figuresOf(used)).toEqual({ totalCalls: 45, totalRevenue: '0.43000000', updatedAt: before?.updatedAt })
  expect(await figuresOf(resting)).toMatchObject({ totalCalls: 0 })
  await figuresCron(bindings)
  expect(await figuresOf(used)).toMatchObject({ totalCalls: 45 })
})

test('the busiest agents can be called in an isolate that starts while Postgres is away', async () => {
  const [busy, idle, taken] = await Promise.all([newAgent(), newAgent(), newAgent()])
  await use(busy, [{ ago: 0, calls: 1_000_000 }])
  await use(taken, [{ ago: 0, calls: 1_000_000 }])
  await publishAgent(bindings, idle.id)
  await unpublishAgent(bindings, taken.id)
  for (const agent of [busy, idle, taken]) await forgetAgent(bindings, agent)
  await warmCron(bindings)

  vi.resetModules()
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const other: typeof agentsRoom = await import('./agents.ts')
  const away = {
    ...bindings,
    DATABASE_URL: 'postgres://nobody:nothing@127.0.0.1:1/nowhere',
    DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
  }
  expect(await other.findAgent(away, busy.id)).toMatchObject({ id: busy.id })
  expect(await other.findAgent(away, busy.slug)).toMatchObject({ id: busy.id })
  for (const agent of [idle, taken])
    await expect(other.findAgent(away, agent.id)).rejects.toMatchObject({ code: '50302' })
  vi.restoreAllMocks()
})
