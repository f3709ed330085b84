/** Periods and what is settled for them: to the last digit, once, however it is cut and whatever comes in between. */
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { asc, eq, sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { db } from '../base/db.ts'
import { add, amount, format, percentOf, subtract, wholeUnits, ZERO, type Amount } from '../money/amount.ts'
import { correct, earn, owedTo, settleUpTo, trialSum, type Call } from '../tests/earnings.ts'
import { bindings, signIn } from '../tests/world.ts'
import { attribute, begin, totalsOf } from './close.ts'
import { dayOf, dueEnd, lastEnd, nextEnd, settlesAt, startOf } from './periods.ts'
import { settle, type SettlementMessage } from './settle.ts'
import { settlementsQueue } from './settlements.queue.ts'
import { pages } from './statement.ts'
import { settlementParts, settlements } from './tables.ts'

const newCreator = async (): Promise<string> => (await signIn('creator')).id
const settlementsOf = (creatorId: string) =>
  db(bindings)
    .select()
    .from(settlements)
    .where(eq(settlements.creatorId, creatorId))
    .orderBy(asc(settlements.periodStart))
const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (thrown: Error & { cause?: Error }) => thrown.cause?.message ?? thrown.message,
  )

async function textOf(settlement: { id: string; creatorId: string }): Promise<string> {
  let text = ''
  for await (const page of pages(bindings, settlement)) text += page
  return text
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toHex()
}

/** What a CSV says itself: the sums of its lines, and its last line. */
function sumsIn(text: string) {
  const rows = text
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(','))
  const total = rows.pop() ?? []
  const sum = (column: number): string => format(rows.map((row) => amount(row[column] ?? '')).reduce(add, ZERO))
  return {
    calls: rows.filter(([kind]) => kind === 'call').length,
    ids: rows.filter(([kind]) => kind === 'call').map((row) => row[1]),
    gross: sum(7),
    fee: sum(9),
    net: sum(10),
    total: { calls: Number(total[1]), gross: total[7], fee: total[9], net: total[10] },
  }
}

describe('periods', () => {
  it('are days, weeks that begin on Mondays, and months, all half open and in UTC', () => {
    expect(lastEnd('week', '2026-11-23')).toBe('2026-11-23')
    expect(lastEnd('week', '2026-11-29')).toBe('2026-11-23')
    expect(nextEnd('week', '2026-11-22')).toBe('2026-11-23')
    expect(nextEnd('week', '2026-11-23')).toBe('2026-11-30')
    expect([lastEnd('month', '2026-12-31'), nextEnd('month', '2026-12-31')]).toEqual(['2026-12-01', '2027-01-01'])
    expect([lastEnd('day', '2026-02-28'), nextEnd('day', '2026-02-28')]).toEqual(['2026-02-28', '2026-03-01'])
  })

  it('are met by every day exactly once', () => {
    const day = fc.integer({ min: 0, max: 40_000 }).map((days) => dayOf(days * 86_400_000))
    fc.assert(
      fc.property(day, fc.constantFrom('day' as const, 'week' as const, 'month' as const), (some, kind) => {
        expect(lastEnd(kind, some) <= some && some < nextEnd(kind, some)).toBe(true)
        expect(lastEnd(kind, nextEnd(kind, some))).toBe(nextEnd(kind, some))
        expect(nextEnd(kind, lastEnd(kind, some))).toBe(nextEnd(kind, some))
      }),
    )
  })

  it('are due when they have been over for as long as earnings are held', () => {
    // A Wednesday: the week that ended on Monday is held until the next Monday.
    const wednesday = startOf('2026-11-25') + 3_600_000
    expect(dueEnd(bindings, wednesday)).toBe('2026-11-16')
    expect(dayOf(settlesAt(bindings, '2026-11-16'))).toBe('2026-11-30')
    expect(dueEnd({ ...bindings, SETTLEMENT_HOLD_DAYS: '0' }, wednesday)).toBe('2026-11-23')
    expect(dueEnd({ ...bindings, SETTLEMENT_HOLD_DAYS: '0', SETTLEMENT_PERIOD: 'day' }, wednesday)).toBe('2026-11-25')
  })
})

describe('a settlement', () => {
  it('takes every line before its end, those that came late too, and leaves the others', async () => {
    const creator = await newCreator()
    await earn(creator, [
      { day: '2026-11-03', revenue: '0.30' },
      { day: '2026-11-08', revenue: '0.70' },
      { day: '2026-11-09', revenue: '5' },
    ])
    await settleUpTo(creator, '2026-11-09')
    expect(await settlementsOf(creator)).toEqual([
      expect.objectContaining({
        periodStart: '2026-11-03',
        periodEnd: '2026-11-09',
        status: 'posted',
        calls: 2,
        amount: '1.00000000',
        platformFee: '0.20000000',
        netAmount: '0.80000000',
      }),
    ])
    expect(await owedTo(creator)).toEqual({ pending: '5.00', available: '1.00', inFlight: '0.00' })
    // Late, of a day that has been settled: it falls into the next period, and this one stays as it is.
    await earn(creator, [{ day: '2026-11-05', revenue: '0.001' }])
    await settleUpTo(creator, '2026-11-09')
    expect(await settlementsOf(creator)).toHaveLength(1)
    await settleUpTo(creator, '2026-11-16')
    expect((await settlementsOf(creator))[1]).toMatchObject({
      periodStart: '2026-11-09',
      periodEnd: '2026-11-16',
      amount: '5.00100000',
      calls: 2,
    })
    expect(await owedTo(creator)).toEqual({ pending: '0.00', available: '6.001', inFlight: '0.00' })
  })

  it('takes corrections off, whenever they were made; what comes to nothing waits', async () => {
    const creator = await newCreator()
    await earn(creator, [
      { day: '2026-11-03', revenue: '2' },
      { day: '2026-11-10', revenue: '9' },
    ])
    await correct(creator, { usd: '2', day: '2026-11-12' })
    await settleUpTo(creator, '2026-11-09')
    expect(await settlementsOf(creator)).toEqual([])
    expect(await owedTo(creator)).toMatchObject({ pending: '9.00', available: '0.00' })
    await settleUpTo(creator, '2026-11-16')
    expect(await settlementsOf(creator)).toEqual([
      expect.objectContaining({ periodStart: '2026-11-03', periodEnd: '2026-11-16', amount: '9.00000000', calls: 2 }),
    ])
  })

  it('leaves the lines of a fee rate at which they come to less than nothing', async () => {
    const creator = await newCreator()
    await earn(creator, [
      { day: '2026-11-03', revenue: '4', feePercent: 20 },
      { day: '2026-11-04', revenue: '1', feePercent: 15 },
      { day: '2026-11-10', revenue: '3', feePercent: 15 },
    ])
    await correct(creator, { usd: '2', feePercent: 15 })
    await settleUpTo(creator, '2026-11-09')
    expect(await settlementsOf(creator)).toMatchObject([{ amount: '4.00000000', platformFee: '0.80000000' }])
    await settleUpTo(creator, '2026-11-16')
    expect((await settlementsOf(creator))[1]).toMatchObject({ amount: '2.00000000', platformFee: '0.30000000' })
    expect(await owedTo(creator)).toMatchObject({ pending: '0.00', available: '6.00' })
  })

  it('is one, however often it is asked for and by how many at once', async () => {
    const creator = await newCreator()
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    await Promise.all(Array.from({ length: 8 }, () => settleUpTo(creator, '2026-11-09')))
    expect(await settlementsOf(creator)).toHaveLength(1)
    expect(await owedTo(creator)).toMatchObject({ pending: '0.00', available: '1.00' })
  })

  it('goes on from wherever it was broken off', async () => {
    const creator = await newCreator()
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    const id = await begin(bindings, creator, { to: '2026-11-09', asOf: null, expected: null })
    expect(await begin(bindings, creator, { to: '2026-11-09', asOf: null, expected: null })).toBeNull()
    const closing = { id: id ?? '', creatorId: creator, periodEnd: '2026-11-09' }
    expect(await attribute(bindings, closing)).toBe(true)
    // It has its line, and is not closed yet; what comes now waits for the next one.
    await earn(creator, [{ day: '2026-11-04', revenue: '7' }])
    await settleUpTo(creator, '2026-11-16')
    expect((await settlementsOf(creator)).map((one) => [one.amount, one.status, one.periodEnd])).toEqual([
      ['1.00000000', 'posted', '2026-11-09'],
      ['7.00000000', 'posted', '2026-11-16'],
    ])
  })

  it('that corrections have left nothing while it was being closed was never there', async () => {
    const creator = await newCreator()
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    const id = (await begin(bindings, creator, { to: '2026-11-09', asOf: null, expected: null })) ?? ''
    await correct(creator, { usd: '1' })
    expect(await attribute(bindings, { id, creatorId: creator, periodEnd: '2026-11-09' })).toBe(false)
    expect(await settlementsOf(creator)).toEqual([])
  })

  it('stays as it is once it is closed, and its lines too: the database refuses everything else', async () => {
    const creator = await newCreator()
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    await settleUpTo(creator, '2026-11-09')
    const [{ id } = { id: '' }] = await settlementsOf(creator)
    for (const statement of [
      sql`UPDATE settlements SET amount = 2, net_amount = 1.8 WHERE id = ${id}`,
      sql`UPDATE settlements SET status = 'computed', settled_at = NULL WHERE id = ${id}`,
      sql`UPDATE settlements SET period_end = '2027-01-01' WHERE id = ${id}`,
      sql`DELETE FROM settlements WHERE id = ${id}`,
      sql`UPDATE earnings SET settlement_id = NULL WHERE settlement_id = ${id}`,
      sql`UPDATE settlement_parts SET withdrawn_usd = 2 WHERE settlement_id = ${id}`,
    ])
      expect(await refusal(db(bindings).execute(statement))).not.toBe('nothing')
  })

  it('is told to its creator, once', async () => {
    const creator = await newCreator()
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    const sent: unknown[] = []
    const EVENTS = { sendBatch: async (messages: { body: unknown }[]) => void sent.push(...messages) }
    const env = { ...bindings, EVENTS } as unknown as typeof bindings
    const message: SettlementMessage = { version: 1, creatorId: creator, to: '2026-11-09', asOf: null, expected: null }
    expect(await settle(env, message)).toBeNull()
    expect(await settle(env, message)).toBeNull()
    const [settlement] = await settlementsOf(creator)
    expect(sent).toEqual([
      {
        body: expect.objectContaining({
          type: 'settlement.closed',
          userId: creator,
          data: { settlement_id: settlement?.id, net_usd: '0.80000000', period_end: startOf('2026-11-09') },
        }),
      },
    ])
  })
})

describe('the queue settlements', () => {
  async function take(body: SettlementMessage, env = bindings) {
    const batch = createMessageBatch<SettlementMessage>('settlements', [
      { id: 'one', body, attempts: 1, timestamp: new Date() },
    ])
    await settlementsQueue(batch, env)
    const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext())
    return { acks: explicitAcks, retries: retryMessages.length }
  }

  it('settles a creator with one message, and takes what it cannot read or work off again', async () => {
    const creator = await newCreator()
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    const good: SettlementMessage = { version: 1, creatorId: creator, to: '2026-11-09', asOf: null, expected: null }
    expect(await take(good)).toEqual({ acks: ['one'], retries: 0 })
    expect(await settlementsOf(creator)).toMatchObject([{ status: 'posted' }])
    expect(await take({ ...good, version: 2 } as unknown as SettlementMessage)).toEqual({ acks: [], retries: 1 })
    const nowhere = {
      ...bindings,
      DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
      DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
    }
    expect(await take(good, nowhere)).toEqual({ acks: [], retries: 1 })
  })
})

describe('statements', () => {
  it('list the calls of the settlement and no others, its corrections, and what they come to', async () => {
    const creator = await newCreator()
    await earn(creator, [
      { day: '2026-11-03', revenue: '0.005' },
      { day: '2026-11-03', revenue: '0.123456' },
      { day: '2026-11-09', revenue: '8' },
    ])
    await earn(creator, [{ day: '2026-11-03', revenue: '0.0005' }])
    await correct(creator, { usd: '0.005' })
    await settleUpTo(creator, '2026-11-09')
    const [settlement] = await settlementsOf(creator)
    if (!settlement) throw new Error('Nothing was settled.')
    const text = await textOf(settlement)
    expect(text.split('\r\n')[0]).toBe(
      'kind,call_id,settled_at,agent_id,agent_version,funding,price_usd,revenue_usd,fee_percent,fee_usd,net_usd',
    )
    expect(text).toMatch(
      /\r\ncall,[0-9a-f-]{36},2026-11-03T[\d:.]+Z,[0-9a-f-]{36},1,paid,0\.123456,0\.123456,20,0\.0246912,0\.0987648\r\n/,
    )
    expect(text).toMatch(/\r\ncorrection,,\d{4}-\d\d-\d\d,,,,,-0\.005,20,-0\.001,-0\.004\r\n/)
    const { total, ...sums } = sumsIn(text)
    expect(sums).toMatchObject({ calls: 3, gross: '0.123956', fee: '0.0247912', net: '0.0991648' })
    expect(total).toEqual({ calls: 3, gross: sums.gross, fee: sums.fee, net: sums.net })
    expect(format(amount(settlement.amount))).toBe(sums.gross)
    expect(settlement.statementSha256).toBe(await sha256(text))
    expect(settlement.statementBytes).toBe(new TextEncoder().encode(text).length)
    // What happens later does not change a byte of it.
    await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
    await settleUpTo(creator, '2026-11-16')
    expect(await textOf(settlement)).toBe(text)
  })

  it('longer than a page, written with many messages, come out the same', async () => {
    const creator = await newCreator()
    await earn(
      creator,
      Array.from({ length: 5_400 }, (_, at) => ({
        day: at % 20 === 0 ? '2026-11-02' : '2026-11-04',
        revenue: '0.001',
      })),
    )
    let message: SettlementMessage | null = {
      version: 1,
      creatorId: creator,
      to: '2026-11-09',
      asOf: null,
      expected: null,
    }
    let messages = 0
    for (; message; messages++) {
      // What travels through a queue is JSON.
      message = await settle(bindings, JSON.parse(JSON.stringify(message)) as SettlementMessage, 1)
      if (messages > 100) throw new Error('It does not come to an end.')
    }
    const [settlement] = await settlementsOf(creator)
    if (!settlement) throw new Error('Nothing was settled.')
    const text = await textOf(settlement)
    expect(messages).toBeGreaterThan(4)
    expect(settlement).toMatchObject({ status: 'posted', calls: 5_400, amount: '5.40000000' })
    expect(settlement.statementSha256).toBe(await sha256(text))
    expect(new Set(sumsIn(text).ids).size).toBe(5_400)
  })
})

/** Prices have at most six decimals, fees are whole percents. */
const someRevenue = fc
  .integer({ min: 1, max: 100_000_000 })
  .map((millionths) => format((BigInt(millionths) * 100n) as Amount))
const DAYS = Array.from({ length: 28 }, (_, at) => dayOf(startOf('2026-02-02') + at * 86_400_000))
const someCall = fc.record({
  day: fc.constantFrom(...DAYS),
  revenue: someRevenue,
  feePercent: fc.constantFrom(20, 20, 20, 15, 0, 100),
})
const someCalls = fc.array(someCall, { minLength: 1, maxLength: 30 })

function sumOf(calls: Call[]): { gross: Amount; fee: Amount } {
  const gross = calls.map(({ revenue }) => amount(revenue)).reduce(add, ZERO)
  const fee = calls.map(({ revenue, feePercent = 20 }) => percentOf(amount(revenue), feePercent)).reduce(add, ZERO)
  return { gross, fee }
}

async function settledSums(creatorId: string) {
  const rows = await settlementsOf(creatorId)
  return {
    gross: rows.map((row) => amount(row.amount)).reduce(add, ZERO),
    fee: rows.map((row) => amount(row.platformFee)).reduce(add, ZERO),
    net: rows.map((row) => amount(row.netAmount)).reduce(add, ZERO),
    calls: rows.reduce((sum, row) => sum + row.calls, 0),
  }
}

test('property 15: what is settled of any period is the revenue of its calls less the fee, to the last digit', async () => {
  await fc.assert(
    fc.asyncProperty(someCalls, fc.constantFrom(...DAYS), async (calls, to) => {
      const creator = await newCreator()
      await earn(creator, calls)
      await settleUpTo(creator, to)
      const { gross, fee } = sumOf(calls.filter(({ day }) => day < to))
      const sums = await settledSums(creator)
      expect(sums).toMatchObject({ gross, fee, net: subtract(gross, fee) })
      const parts = await db(bindings).select().from(settlementParts).where(eq(settlementParts.creatorId, creator))
      expect(parts.map(({ feePercent, grossUsd }) => percentOf(amount(grossUsd), feePercent)).reduce(add, ZERO)).toBe(
        fee,
      )
    }),
    { numRuns: 15 },
  )
})

test('property 15: by day, by week or as a whole, settlements come to the same, with corrections among them', async () => {
  const cuts = { day: DAYS, week: DAYS.filter((_, at) => at % 7 === 0), month: [] }
  const [MIDDLE, END] = ['2026-02-16', '2026-03-02']
  await fc.assert(
    fc.asyncProperty(someCalls, fc.array(fc.nat(), { maxLength: 6 }), async (calls, taken) => {
      const sums = []
      for (const cut of ['day', 'week', 'month'] as const) {
        const creator = await newCreator()
        await earn(creator, calls)
        // Half of some calls is taken back: of those of the first half before anything is settled, of the others in between.
        const picked = [...new Set(taken.map((one) => one % calls.length))].flatMap((pick) => calls[pick] ?? [])
        const takeBack = async (some: Call[]): Promise<void> => {
          for (const { revenue, feePercent = 20, day } of some) {
            const usd = wholeUnits(percentOf(amount(revenue), 50), amount('0.000001'))
            if (usd > ZERO) await correct(creator, { usd: format(usd), day, feePercent })
          }
        }
        await takeBack(picked.filter(({ day }) => day < MIDDLE))
        for (const to of cuts[cut].filter((end) => end <= MIDDLE)) await settleUpTo(creator, to)
        await takeBack(picked.filter(({ day }) => day >= MIDDLE))
        for (const to of [...cuts[cut].filter((end) => end > MIDDLE), END]) await settleUpTo(creator, to)
        sums.push({ ...(await settledSums(creator)), ...(await owedTo(creator)) })
      }
      expect(sums[1]).toEqual(sums[0])
      expect(sums[2]).toEqual(sums[0])
      expect(sums[0]?.pending).toBe('0.00')
    }),
    { numRuns: 5 },
  )
  expect(await trialSum()).toBe(ZERO)
})

test('property 31: the calls that a settlement shows are the calls of its period in the log, and those of its statement', async () => {
  await fc.assert(
    fc.asyncProperty(someCalls, fc.constantFrom(...DAYS), async (calls, to) => {
      const creator = await newCreator()
      await earn(creator, calls)
      await settleUpTo(creator, to)
      const { rows } = await db(bindings).execute<{ count: number }>(sql`
        SELECT count(*)::int AS count FROM call_logs WHERE creator_id = ${creator} AND created_at < ${`${to}T00:00:00Z`}::timestamptz`)
      const [settlement] = await settlementsOf(creator)
      expect(settlement?.calls ?? 0).toBe(rows[0]?.count)
      if (settlement) expect(sumsIn(await textOf(settlement)).calls).toBe(rows[0]?.count)
    }),
    { numRuns: 10 },
  )
})

test('what is expected and what is there must be the same for a settlement to begin', async () => {
  const creator = await newCreator()
  await earn(creator, [{ day: '2026-11-03', revenue: '1' }])
  const totals = await totalsOf(bindings, creator, '2026-11-09', null)
  expect(totals).toMatchObject({ from: '2026-11-03', lines: 1, calls: 1 })
  const wrong = { lines: 1, gross: '1.00', fee: '0.21' }
  expect(await begin(bindings, creator, { to: '2026-11-09', asOf: null, expected: wrong })).toBeNull()
  const right = { lines: 1, gross: '1.00', fee: '0.20' }
  expect(await begin(bindings, creator, { to: '2026-11-09', asOf: null, expected: right })).not.toBeNull()
})
