/** How settlements and withdrawals stand in answers. */
import * as z from 'zod'
import { Micros } from '../base/page.ts'
import { Day, Id, Moment } from '../base/wire.ts'
import { Dollars } from '../money/dollars.ts'
import { statusOf } from './payouts.ts'
import type { Settlement, Withdrawal } from './lists.ts'

/** Where a page of either begins. */
export const Place = z.tuple([Micros, z.uuid()])

export const STATUSES = ['closing', 'closed', 'computed', 'posted'] as const
export const STATES = [
  'held',
  'requested',
  'queued',
  'signed',
  'broadcast',
  'mined',
  'safe',
  'final',
  'returned',
  'rejected',
  'canceled',
] as const

export const SettlementAnswer = z.object({
  id: Id,
  period_start: Day.describe('The first day, in UTC.'),
  period_end: Day.describe('The day after the last.'),
  status: z
    .enum(STATUSES)
    .describe('`posted`: it can be withdrawn. Before that its lines are gathered and its statement is written.'),
  calls: z.int(),
  gross_usd: Dollars,
  fee_usd: Dollars,
  net_usd: Dollars,
  statement: z
    .object({ sha256: z.string(), bytes: z.int() })
    .nullable()
    .describe('Of the CSV, exactly as it is downloaded. Null until it is written.'),
  created_at: Moment,
  settled_at: Moment.nullable(),
})

export function toSettlement(row: Settlement): z.input<typeof SettlementAnswer> {
  const { statementSha256: sha256, statementBytes: bytes } = row
  return {
    id: row.id,
    period_start: row.periodStart,
    period_end: row.periodEnd,
    status: row.status,
    calls: row.calls,
    gross_usd: row.amount,
    fee_usd: row.platformFee,
    net_usd: row.netAmount,
    statement: sha256 === null || bytes === null ? null : { sha256, bytes },
    created_at: row.createdAt,
    settled_at: row.settledAt,
  }
}

export const WithdrawalAnswer = z.object({
  id: Id,
  amount_usd: Dollars,
  fee_usd: Dollars,
  net_usd: Dollars.describe('What is sent, in USDC.'),
  wallet: z.string(),
  status: z.string().describe('In one word: `held`, `processing`, `completed`, `failed`, `rejected` or `canceled`.'),
  state: z.enum(STATES),
  reason: z.string().nullable(),
  tx_hash: z.string().nullable().describe('It can change while it is not final; the id never does.'),
  block_number: z.int().nullable(),
  created_at: Moment,
  paid_at: Moment.nullable(),
  ended_at: Moment.nullable(),
})

export function toWithdrawal(row: Withdrawal): z.input<typeof WithdrawalAnswer> {
  return {
    id: row.id,
    amount_usd: row.amountUsd,
    fee_usd: row.feeUsd,
    net_usd: row.netUsd,
    wallet: row.wallet,
    status: statusOf(row),
    state: row.state,
    reason: row.reason,
    tx_hash: row.txHash,
    block_number: row.blockNumber,
    created_at: row.createdAt,
    paid_at: row.paidAt,
    ended_at: row.endedAt,
  }
}
