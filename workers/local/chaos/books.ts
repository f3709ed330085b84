/** After the storm: what must be true, whatever happened. Each that is not is one line of the answer. */
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { Seen } from './callers.ts'
import type { Ground } from './ground.ts'

const POLL_MS = 500

type KeyState = {
  calls: { remaining: number; used: number; held: number; granted: number }
  balance_usd: string
  unsent_logs: number
}
type Row = {
  id: string
  user_id: string
  status: string
  funding: string | null
  revenue_usd: string
  price_usd: string
  premium_usd: string
}

/** Waits until nothing is on its way any more: no call held, no log unsent, no message waiting. Rejects after `msMax`. */
export async function quiet(ground: Ground, msMax: number): Promise<Map<string, KeyState>> {
  const deadline = performance.now() + msMax
  for (;;) {
    const states = new Map<string, KeyState>()
    for (const { id, key } of ground.accounts) {
      const response = await fetch(`${ground.url}/api/v1/key`, { headers: { authorization: `Bearer ${key}` } })
      if (response.ok) states.set(id, (await response.json()) as KeyState)
      else await response.body?.cancel()
    }
    const restless = [...states.values()].filter(({ calls, unsent_logs }) => calls.held > 0 || unsent_logs > 0)
    if (states.size === ground.accounts.length && restless.length === 0 && ground.journal.size === 0) return states
    if (performance.now() > deadline)
      throw new Error(
        `After ${msMax / 1_000} s ${restless.length} accounts still hold calls or logs, ${ground.journal.size} messages wait, ` +
          `${ground.accounts.length - states.size} accounts do not answer.`,
      )
    await setTimeout(POLL_MS)
  }
}

/** Everything that is wrong. */
export async function audit(ground: Ground, seen: Seen, states: Map<string, KeyState>): Promise<string[]> {
  const wrong: string[] = []
  const must = (isTrue: boolean, otherwise: string): void => void (isTrue || wrong.push(otherwise))
  const rows = await ground.postgres.query<Row>(
    'SELECT id, user_id, status, funding, revenue_usd, price_usd, premium_usd FROM call_logs WHERE user_id = ANY($1::uuid[])',
    [ground.accounts.map(({ id }) => id)],
  )

  const byId = new Map(rows.map((row) => [row.id, row]))
  must(byId.size === rows.length, `${rows.length - byId.size} calls are in the log more than once`)
  const due = rows.filter(({ status }) => status === 'success')
  const wholes = new Set(seen.whole)
  const lost = [...wholes].filter((id) => byId.get(id)?.status !== 'success')
  must(lost.length === 0, `${lost.length} whole answers are not in the log as due, such as ${lost[0]}`)
  const unseen = due.filter(({ id }) => !wholes.has(id)).length
  must(unseen <= seen.unknown, `${unseen} calls are due that nobody has seen whole, and only ${seen.unknown} may be`)
  const doubled = [...seen.byKey.values()].filter((ids) => ids.size > 1).length
  must(doubled === 0, `${doubled} idempotency keys have more than one answer`)

  for (const { id } of ground.accounts) {
    const own = due.filter((row) => row.user_id === id)
    const state = states.get(id)
    if (!state) continue
    const { granted, used, remaining } = state.calls
    must(used === own.length, `the account ${id} has used ${used} calls, and ${own.length} are due in its log`)
    must(granted === used + remaining, `the account ${id}: ${granted} granted, ${used} used, ${remaining} left`)
    const premiums = own.reduce((sum, row) => sum + units(row.premium_usd), 0n)
    const left = units(state.balance_usd)
    must(
      left + premiums === units('500'),
      `the account ${id}: $${state.balance_usd} left after premiums of ${premiums}`,
    )
  }

  const earned = due.reduce((sum, { revenue_usd }) => sum + units(revenue_usd), 0n)
  const [booked] = await ground.postgres.query<{ sum: string }>(
    `SELECT coalesce(sum(revenue_usd), 0)::text AS sum FROM agent_usage WHERE agent_id <> '00000000-0000-0000-0000-000000000000'`,
  )
  must(units(booked?.sum ?? '0') === earned, `calls earned ${earned}, and ${booked?.sum} is counted`)
  const [ledger] = await ground.postgres.query<{ sum: string }>(
    'SELECT coalesce(sum(amount), 0)::text AS sum FROM ledger_entries',
  )
  must(units(ledger?.sum ?? '1') === 0n, `the ledger comes to ${ledger?.sum}`)

  // Some differences count only when they are seen twice.
  for (let round = 0; round < 2; round += 1) await ground.runCron('37 * * * *')
  const differences = await ground.postgres.query<{ name: string; scope: string; expected: string; found: string }>(
    'SELECT name, scope, expected, found FROM differences WHERE resolved_at IS NULL',
  )
  for (const { name, scope, expected, found } of differences)
    wrong.push(`reconciliation found ${name} of ${scope}: ${expected} expected, ${found} found`)
  return wrong
}

/** Dollars as whole 10⁻⁸ dollars. */
function units(dollars: string): bigint {
  const [whole = '0', part = ''] = dollars.replace('-', '').split('.')
  const value = BigInt(whole) * 100_000_000n + BigInt(part.padEnd(8, '0').slice(0, 8))
  return dollars.startsWith('-') ? -value : value
}

/** The schedules of the Worker, to be run once before the books are looked at. */
export async function schedules(): Promise<string[]> {
  const [, written = '[]'] = /^crons = (\[.*\])/m.exec(await readFile('wrangler.toml', 'utf8')) ?? []
  return JSON.parse(written) as string[]
}
