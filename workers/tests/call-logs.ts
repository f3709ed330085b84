/** Logs of calls as an account sends them on, and the delivery of their messages to the queue's consumer. */
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import type { agentUsage } from '../analytics/tables.ts'
import { newId } from '../base/ids.ts'
import { callLogsQueue } from '../quota/call-logs.queue.ts'
import type { CallLog, CallLogBatch } from '../quota/call-log.ts'
import { bindings } from './world.ts'

/** A successful paid call of a quarter dollar that has just ended. */
export function aLog(change: Partial<CallLog> = {}): CallLog {
  const settledAt = change.settledAt ?? Date.now()
  return {
    id: newId(),
    requestId: 'request',
    agentId: newId(),
    agentVersion: 1,
    creatorId: newId(),
    apiKeyId: newId(),
    userId: newId(),
    provider: 'openai',
    model: 'gpt-4.1-mini',
    stream: false,
    status: 'success',
    errorCode: null,
    inputTokens: 10,
    outputTokens: 20,
    latencyMs: 1_000,
    firstContentMs: 300,
    funding: 'paid',
    lotId: 'lot',
    priceUsd: '0.25',
    premiumUsd: '0.245',
    revenueUsd: '0.25',
    feePercent: 20,
    admittedAt: settledAt - 1_000,
    settledAt,
    ...change,
  }
}

/** Delivers messages in one batch. Throws if the consumer wants one of them again. */
export async function deliver(...messages: CallLog[][]): Promise<void> {
  const bodies = messages
    .filter((logs) => logs.length > 0)
    .map((logs): CallLogBatch => ({ version: 1, accountId: logs[0]?.userId ?? '', logs }))
  const batch = createMessageBatch<CallLogBatch>(
    'call-logs',
    bodies.map((body) => ({ id: newId(), body, attempts: 1, timestamp: new Date() })),
  )
  await callLogsQueue(batch, bindings)
  const { retryMessages } = await getQueueResult(batch, createExecutionContext())
  if (retryMessages.length > 0) throw new Error('A message was not taken.')
}

/** A row of an agent's usage on a day, without latencies and tokens; all calls succeeded unless it says otherwise. */
export function usageRow(
  row: Pick<typeof agentUsage.$inferInsert, 'agentId' | 'creatorId' | 'day' | 'calls'> &
    Partial<typeof agentUsage.$inferInsert>,
): typeof agentUsage.$inferInsert {
  const none = { users: 0, promotional: 0, trial: 0, feeUsd: '0', inputTokens: 0, outputTokens: 0, latencies: '0' }
  return { ...none, successful: row.calls, paid: row.successful ?? row.calls, revenueUsd: '0', ...row }
}
