/** Withdrawals: what is reserved, what the chain says of it, and what is booked for that. The chain's word is written by the tests but for one. */
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { asc, eq, sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import { app } from '../app.ts'
import { auditLog, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { forgetFlags } from '../base/flags.ts'
import { newId } from '../base/ids.ts'
import { featureFlags } from '../base/tables.ts'
import { payoutProof } from '../chain/chain.ts'
import { chainPayouts } from '../chain/tables.ts'
import { add, amount, format, percentOf, subtract, ZERO, type Amount } from '../money/amount.ts'
import { balanceOf as walletBalance, newWallet, until } from '../tests/chain.ts'
import { balancesOf } from '../tests/ledger.ts'
import { correct, earn, giveWallet, owedTo, settleUpTo, trialSum } from '../tests/earnings.ts'
import { api, bindings, door, signIn, type Account, type ApiAnswer } from '../tests/world.ts'
import { differences, settlementParts, withdrawals, withdrawalSteps } from './tables.ts'
import { advance } from './payouts.ts'
import { payoutStatesQueue } from './payout-states.queue.ts'
import { withdrawalsCron } from './withdrawals.cron.ts'
import { withdraw } from './withdrawals.ts'
import type { PayoutStateMessage } from '../chain/states.ts'
import type { Bindings } from '../env.ts'

/** With a chain that is asked for payouts, and never hears of it: what it says of them is for the tests to write. */
const silent = { ...bindings, PAYOUTS: { send: async () => {} } } as unknown as Bindings

beforeAll(() => door('/chain/reset'))
afterEach(async () => {
  await db(bindings).delete(featureFlags)
  forgetFlags()
})
afterAll(() => door('/chain/reset'))

type Rich = Account & { wallet: string }

/** A creator with a wallet, and so much settled. */
async function newRich(usd = '100', feePercent = 20): Promise<Rich> {
  const me = await signIn('creator')
  const wallet = newWallet()
  await giveWallet(me.id, wallet)
  await earn(me.id, [{ day: '2026-11-03', revenue: usd, feePercent }])
  await settleUpTo(me.id, '2026-11-09')
  return { ...me, wallet }
}

/** Asks the API with the silent chain. */
async function quietly(methodAndPath: string, as: Account, body?: unknown): Promise<ApiAnswer> {
  const [method = 'GET', path = '/'] = methodAndPath.split(' ')
  const request = new Request(`https://agentlink.test${path}`, {
    method,
    headers: { authorization: `Bearer ${as.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const response = await app.fetch(request, silent, createExecutionContext())
  return { status: response.status, headers: response.headers, body: await response.json() }
}

const PATH = '/api/v1/creators/me/withdrawals'
const ask = (as: Account, usd: string, id = newId()) => quietly(`POST ${PATH}`, as, { id, amount_usd: usd })
const read = async (as: Account, id: string) => (await quietly(`GET ${PATH}/${id}`, as)).body

/** What the chain says of a payout from now on; the room hears of it. */
async function chainSays(
  id: string,
  state: (typeof chainPayouts.$inferSelect)['state'],
  txHash = `0x${'ab'.repeat(32)}`,
) {
  await db(bindings)
    .update(chainPayouts)
    .set({
      state,
      txHash,
      blockNumber: 7,
      revision: sql`${chainPayouts.revision} + 1`,
      reason: state === 'failed' ? 'reverted' : null,
    })
    .where(eq(chainPayouts.id, id))
  await advance(silent, id)
}

async function statesOf(id: string): Promise<string[]> {
  const steps = db(bindings).select().from(withdrawalSteps).where(eq(withdrawalSteps.withdrawalId, id))
  return (await steps.orderBy(asc(withdrawalSteps.number))).map(({ state }) => state)
}

describe('asking for a withdrawal', () => {
  it('reserves the amount and asks for its payout: net of the fee, in USDC, to the wallet', async () => {
    const me = await newRich('100')
    const { status, body } = await ask(me, '40.00')
    expect([status, body]).toEqual([
      201,
      {
        id: expect.any(String),
        amount_usd: '40.00',
        fee_usd: '8.00',
        net_usd: '32.00',
        wallet: me.wallet,
        status: 'processing',
        state: 'queued',
        reason: null,
        tx_hash: null,
        block_number: null,
        created_at: expect.any(String),
        paid_at: null,
        ended_at: null,
        steps: [expect.objectContaining({ state: 'requested' }), expect.objectContaining({ state: 'queued' })],
        parts: [{ settlement_id: expect.any(String), fee_percent: 20, amount_usd: '40.00' }],
        payout: { chain_id: expect.any(Number), contract: expect.any(String), key: expect.any(String), credited: null },
      },
    ])
    expect(await owedTo(me.id)).toEqual({ pending: '0.00', available: '60.00', inFlight: '40.00' })
    expect(await payoutProof(bindings, body.id)).toMatchObject({ payee: me.wallet, amount: 32_000_000n })
  })

  it('twice with one id is once; with another amount it is refused', async () => {
    const me = await newRich('100')
    const id = newId()
    const first = await ask(me, '40', id)
    const again = await ask(me, '40.00', id.toUpperCase())
    expect([again.status, again.body]).toEqual([201, first.body])
    const other = await ask(me, '41', id)
    expect([other.status, other.body.error.code]).toEqual([422, '42201'])
    const stranger = await newRich('100')
    expect((await ask(stranger, '40', id)).body.error.code).toBe('42201')
    expect(await owedTo(me.id)).toMatchObject({ available: '60.00', inFlight: '40.00' })
    expect(await owedTo(stranger.id)).toMatchObject({ available: '100.00' })
  })

  it.each([
    ['nothing', ''],
    ['a number', 25],
    ['less than a cent', '25.001'],
    ['less than nothing', '-25'],
    ['an exponent', '1e3'],
    ['no number', 'all'],
    ['more than there is money', '12345678901'],
  ])('of %s is refused by the field', async (_, amount_usd) => {
    const me = await newRich('20')
    const { status, body } = await quietly(`POST ${PATH}`, me, { id: newId(), amount_usd })
    expect([status, body.error.code, body.error.details.fields[0].field]).toEqual([400, '40002', 'amount_usd'])
  })

  it('below the least says what that is; above what is settled says how much can be had', async () => {
    const me = await newRich('50.255')
    await earn(me.id, [{ day: '2026-11-23', revenue: '30' }])
    expect((await ask(me, '9.99')).body.error).toMatchObject({
      code: '40031',
      details: { least_usd: '10.00', withdrawable_usd: '50.25' },
    })
    const { status, body } = await ask(me, '50.26')
    expect([status, body.error]).toEqual([
      409,
      {
        code: '40931',
        message: 'At most $50.25 can be withdrawn at the moment.',
        details: { least_usd: '10.00', withdrawable_usd: '50.25' },
      },
    ])
    expect((await ask(me, '50.25')).status).toBe(201)
    expect(await owedTo(me.id)).toEqual({ pending: '30.00', available: '0.005', inFlight: '50.25' })
  })

  it('while another one runs names that one', async () => {
    const me = await newRich('100')
    const { body: first } = await ask(me, '40')
    const { status, body } = await ask(me, '40')
    expect([status, body.error.code, body.error.details]).toEqual([
      409,
      '40932',
      { withdrawal_id: first.id, state: 'queued', amount_usd: '40.00' },
    ])
  })

  it('without a wallet, or soon after a change of it, says what to do and when', async () => {
    const me = await newRich('100')
    await db(bindings).update(users).set({ walletAddress: null, walletChangedAt: null }).where(eq(users.id, me.id))
    expect((await ask(me, '40')).body.error.code).toBe('40933')
    const payableFrom = async () => (await api('GET /api/v1/creators/me/earnings', { as: me })).body.payable_from
    expect(await payableFrom()).toBeNull()
    await giveWallet(me.id, newWallet(), 71)
    const { body } = await ask(me, '40')
    const changed = Date.parse(body.error.details.wallet_changed_at)
    expect([body.error.code, Date.parse(body.error.details.possible_at) - changed]).toEqual(['40934', 72 * 3_600_000])
    expect(await payableFrom()).toBe(body.error.details.possible_at)
    await giveWallet(me.id, newWallet(), 73)
    expect((await ask(me, '40')).status).toBe(201)
  })

  it('while paying is switched off, or there is no chain, says so and reserves nothing', async () => {
    const me = await newRich('100')
    await db(bindings).delete(featureFlags)
    await db(bindings).insert(featureFlags).values({ name: 'enable_crypto_payments', enabled: false })
    forgetFlags()
    const off = await ask(me, '40')
    expect([off.status, off.body.error.code]).toEqual([503, '50308'])
    expect(await owedTo(me.id)).toMatchObject({ available: '100.00' })
    expect((await quietly('GET /api/v1/creators/me/earnings', me)).body).toMatchObject({ available_usd: '100.00' })
  })

  it('while a difference of the creator is unexplained is stopped, for nobody else', async () => {
    const [me, other] = [await newRich('100'), await newRich('100')]
    const scope = `creator:${me.id}`
    await db(bindings)
      .insert(differences)
      .values({ name: 'creator_available', scope, expected: '1', found: '2', freezes: `withdrawals:${me.id}` })
    expect((await ask(me, '40')).body.error.code).toBe('40935')
    expect((await ask(other, '40')).status).toBe(201)
    await db(bindings).update(differences).set({ resolvedAt: new Date() }).where(eq(differences.scope, scope))
    expect((await ask(me, '40')).status).toBe(201)
  })

  it('of everything fifty times at once is one', async () => {
    const me = await newRich('100')
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(me, '100')))
    const codes = answers.map(({ status, body }) => (status === 201 ? '201' : body.error.code))
    expect(codes.filter((code) => code === '201')).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set(['201', '40932']))
    expect(await owedTo(me.id)).toEqual({ pending: '0.00', available: '0.00', inFlight: '100.00' })
  })
})

describe('what the chain says', () => {
  it('is shown step by step; once it is safe the books have it, and the next withdrawal may begin', async () => {
    const me = await newRich('100')
    const { id } = (await ask(me, '40')).body
    const [cash = ZERO, fees = ZERO] = await balancesOf(['cash_usdc', 'platform_fee'])
    for (const state of ['signed', 'broadcast', 'mined'] as const) {
      await chainSays(id, state)
      expect(await read(me, id)).toMatchObject({ state, status: 'processing', paid_at: null })
    }
    expect(await owedTo(me.id)).toMatchObject({ inFlight: '40.00' })
    await chainSays(id, 'safe')
    expect(await read(me, id)).toMatchObject({ state: 'safe', status: 'completed', ended_at: null })
    expect(await owedTo(me.id)).toMatchObject({ available: '60.00', inFlight: '0.00' })
    const after = await balancesOf(['cash_usdc', 'platform_fee'])
    expect(after).toEqual([subtract(cash, amount('32')), subtract(fees, amount('8'))])
    expect((await ask(me, '10')).status).toBe(201)
    await chainSays(id, 'final')
    expect(await read(me, id)).toMatchObject({ state: 'final', block_number: 7, ended_at: expect.any(String) })
    expect(await statesOf(id)).toEqual(['requested', 'queued', 'signed', 'broadcast', 'mined', 'safe', 'final'])
    const earnings = (await quietly('GET /api/v1/creators/me/earnings', me)).body
    expect(earnings).toMatchObject({
      available_usd: '50.00',
      in_flight_usd: '10.00',
      paid_out: { gross_usd: '40.00', fee_usd: '8.00', net_usd: '32.00' },
      lifetime: { gross_usd: '100.00', fee_usd: '20.00', net_usd: '80.00' },
    })
  })

  it('heard twice, late or by several at once changes nothing more', async () => {
    const me = await newRich('100')
    const { id } = (await ask(me, '40')).body
    await chainSays(id, 'mined')
    await db(bindings).update(chainPayouts).set({ state: 'safe', revision: 9 }).where(eq(chainPayouts.id, id))
    await Promise.all(Array.from({ length: 10 }, () => advance(silent, id)))
    // Somebody who looked before speaks after.
    await db(bindings).update(chainPayouts).set({ state: 'broadcast', revision: 8 }).where(eq(chainPayouts.id, id))
    await advance(silent, id)
    expect(await read(me, id)).toMatchObject({ state: 'safe' })
    expect(await owedTo(me.id)).toMatchObject({ available: '60.00', inFlight: '0.00' })
    expect(await statesOf(id)).toEqual(['requested', 'queued', 'mined', 'safe'])
  })

  it('taken back after it was safe is shown as on its way; the books wait for what becomes of it', async () => {
    const me = await newRich('100')
    const { id } = (await ask(me, '40')).body
    await chainSays(id, 'safe')
    await chainSays(id, 'broadcast')
    expect(await read(me, id)).toMatchObject({ state: 'broadcast', status: 'processing', ended_at: null })
    expect(await owedTo(me.id)).toMatchObject({ available: '60.00', inFlight: '0.00' })
    await chainSays(id, 'mined', `0x${'cd'.repeat(32)}`)
    await chainSays(id, 'safe')
    await chainSays(id, 'final')
    expect(await read(me, id)).toMatchObject({ state: 'final' })
    expect(await owedTo(me.id)).toMatchObject({ available: '60.00', inFlight: '0.00' })
  })

  it('proven to have failed after it was booked undoes what was booked', async () => {
    const me = await newRich('100')
    const [cash = ZERO, fees = ZERO] = await balancesOf(['cash_usdc', 'platform_fee'])
    const { id } = (await ask(me, '40')).body
    await chainSays(id, 'safe')
    await chainSays(id, 'broadcast')
    await chainSays(id, 'failed')
    expect(await read(me, id)).toMatchObject({ state: 'returned', status: 'failed', reason: 'reverted' })
    expect(await owedTo(me.id)).toEqual({ pending: '0.00', available: '100.00', inFlight: '0.00' })
    expect(await balancesOf(['cash_usdc', 'platform_fee'])).toEqual([cash, fees])
    expect((await ask(me, '100')).status).toBe(201)
  })

  it('that is nothing is no failure, however long', async () => {
    const me = await newRich('100')
    const { id } = (await ask(me, '40')).body
    const old = new Date(Date.now() - 90 * 86_400_000)
    await db(bindings).execute(sql`ALTER TABLE withdrawals DISABLE TRIGGER withdrawals_touched`)
    await db(bindings).update(withdrawals).set({ updatedAt: old }).where(eq(withdrawals.id, id))
    await db(bindings).execute(sql`ALTER TABLE withdrawals ENABLE TRIGGER withdrawals_touched`)
    await withdrawalsCron(silent)
    expect(await read(me, id)).toMatchObject({ state: 'queued', ended_at: null })
    expect(await owedTo(me.id)).toMatchObject({ available: '60.00', inFlight: '40.00' })
  })
})

describe('what is lost on the way', () => {
  it('a payout that could not be asked for is asked for by the sweep, once', async () => {
    const me = await newRich('100')
    const broken = {
      ...silent,
      PAYOUTS: { send: async () => Promise.reject(new Error('away')) },
    } as unknown as Bindings
    const id = newId()
    await withdraw(bindings, { id, creatorId: me.id, amount: amount('40') })
    await expect(advance(broken, id)).rejects.toThrow('away')
    const asked: string[] = []
    const PAYOUTS = { send: async (body: { id: string }) => void asked.push(body.id) }
    await advance({ ...silent, PAYOUTS } as unknown as Bindings, id)
    expect(asked).toEqual([id])
    expect(await read(me, id)).toMatchObject({ state: 'queued' })
  })

  it('nothing leaves to somebody who has been suspended', async () => {
    const me = await newRich('100')
    const id = newId()
    await withdraw(bindings, { id, creatorId: me.id, amount: amount('40') })
    await db(bindings).update(users).set({ status: 'suspended' }).where(eq(users.id, me.id))
    await advance(silent, id)
    expect(await payoutProof(bindings, id)).toBeNull()
    await db(bindings).update(users).set({ status: 'active' }).where(eq(users.id, me.id))
    await advance(silent, id)
    expect(await payoutProof(bindings, id)).not.toBeNull()
  })

  it('an event that did not go out goes out later, under the same id', async () => {
    const me = await newRich('100')
    const { id } = (await ask(me, '40')).body
    const deaf = {
      ...silent,
      EVENTS: { sendBatch: async () => Promise.reject(new Error('away')) },
    } as unknown as Bindings
    await db(bindings).update(chainPayouts).set({ state: 'safe', revision: 9 }).where(eq(chainPayouts.id, id))
    await expect(advance(deaf, id)).rejects.toThrow('away')
    const heard: { id: string; data: unknown }[] = []
    const EVENTS = {
      sendBatch: async (all: { body: { id: string; data: unknown } }[]) =>
        void heard.push(...all.map(({ body }) => body)),
    }
    await advance({ ...silent, EVENTS } as unknown as Bindings, id)
    await advance({ ...silent, EVENTS } as unknown as Bindings, id)
    expect(heard.map(({ data }) => data)).toEqual([{ withdrawal_id: id, status: 'completed', net_usd: '32.00000000' }])
  })

  it('the queue takes what it cannot work off again, and leaves payouts that are of no withdrawal', async () => {
    const message = (body: object) => ({
      id: newId(),
      body: body as PayoutStateMessage,
      attempts: 1,
      timestamp: new Date(),
    })
    const batch = createMessageBatch<PayoutStateMessage>('payout-states', [
      message({ version: 1, id: newId() }),
      message({ version: 2, id: newId() }),
      message({ version: 1, id: 'nonsense' }),
    ])
    await payoutStatesQueue(batch, silent)
    const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext())
    expect([explicitAcks.length, retryMessages.length]).toEqual([1, 2])
  })
})

describe('withdrawals above the cap', () => {
  it('wait for an admin, who approves them with a reason on record', async () => {
    const [me, boss] = [await newRich('5000'), await signIn('admin')]
    const { body } = await ask(me, '1000.01')
    expect(body).toMatchObject({ state: 'held', status: 'held', payout: null })
    const { id } = body
    await advance(silent, id)
    expect(await payoutProof(bindings, id)).toBeNull()
    const list = await quietly('GET /api/v1/admin/withdrawals?state=held', boss)
    expect(list.body.items.map((item: { id: string }) => item.id)).toContain(id)
    const approve = () => quietly(`POST /api/v1/admin/withdrawals/${id}/approve`, boss, { reason: 'Known to us.' })
    const approved = await approve()
    expect([approved.status, approved.body]).toEqual([
      200,
      expect.objectContaining({ state: 'queued', creator_id: me.id }),
    ])
    const again = await approve()
    expect([again.status, again.body.error.code]).toEqual([409, '40903'])
    const log = await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, id))
    expect(log).toMatchObject([{ action: 'withdrawal.approve', actorId: boss.id, reason: 'Known to us.' }])
  })

  it('of exactly the cap do not', async () => {
    const me = await newRich('5000')
    expect((await ask(me, '1000')).body.state).toBe('queued')
  })

  it('are given back whole when they are refused, or taken back by their creator', async () => {
    const [me, boss] = [await newRich('5000'), await signIn('admin')]
    const first = (await ask(me, '2000')).body
    const rejected = await quietly(`POST /api/v1/admin/withdrawals/${first.id}/reject`, boss, {
      reason: 'Write to us.',
    })
    expect(rejected.body).toMatchObject({ state: 'rejected', status: 'rejected', reason: 'Write to us.' })
    expect(await owedTo(me.id)).toEqual({ pending: '0.00', available: '5000.00', inFlight: '0.00' })
    const second = (await ask(me, '2000')).body
    const stranger = await newRich('20')
    expect((await quietly(`POST ${PATH}/${second.id}/cancel`, stranger)).status).toBe(404)
    const canceled = await quietly(`POST ${PATH}/${second.id}/cancel`, me)
    expect([canceled.status, canceled.body.state]).toEqual([200, 'canceled'])
    expect((await quietly(`POST ${PATH}/${second.id}/cancel`, me)).status).toBe(409)
    expect(await owedTo(me.id)).toEqual({ pending: '0.00', available: '5000.00', inFlight: '0.00' })
    expect(
      (await quietly(`POST /api/v1/admin/withdrawals/${second.id}/approve`, boss, { reason: 'Late.' })).status,
    ).toBe(409)
    const going = (await ask(me, '20')).body
    expect((await quietly(`POST ${PATH}/${going.id}/cancel`, me)).status).toBe(409)
  })

  it('are decided once, however many decide at the same time', async () => {
    const [me, boss] = [await newRich('5000'), await signIn('admin')]
    const { id } = (await ask(me, '2000')).body
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () =>
        quietly(`POST /api/v1/admin/withdrawals/${id}/reject`, boss, { reason: 'No, no.' }),
      ),
      ...Array.from({ length: 4 }, () => quietly(`POST ${PATH}/${id}/cancel`, me)),
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await owedTo(me.id)).toMatchObject({ available: '5000.00', inFlight: '0.00' })
  })
})

describe('lists', () => {
  it('of withdrawals are newest first, page by page, and of nobody else', async () => {
    const me = await newRich('1000')
    const ids: string[] = []
    for (const usd of ['10', '20', '30']) {
      const { id } = (await ask(me, usd)).body
      await chainSays(id, 'final')
      ids.unshift(id)
    }
    await ask(await newRich('20'), '20')
    const first = (await quietly(`GET ${PATH}?limit=2`, me)).body
    const rest = (await quietly(`GET ${PATH}?limit=2&cursor=${first.next_cursor}`, me)).body
    expect([...first.items, ...rest.items].map((item: { id: string }) => item.id)).toEqual(ids)
    expect(rest.next_cursor).toBeNull()
  })
})

test('a withdrawal goes the whole way: from the door to the wallet on the chain, and into the books', async () => {
  const me = await newRich('100')
  const id = newId()
  const { status, body } = await api(`POST ${PATH}`, { as: me, body: { id, amount_usd: '25.00' } })
  expect([status, body.net_usd]).toEqual([201, '20.00'])
  const done = await until(
    'settle',
    async () => {
      await door('/chain/mine?n=1')
      return (await api(`GET ${PATH}/${id}`, { as: me })).body
    },
    ({ state }) => state === 'final',
  )
  expect(await walletBalance(me.wallet as `0x${string}`)).toBe(20_000_000n)
  expect(done).toMatchObject({
    status: 'completed',
    tx_hash: expect.stringMatching(/^0x/),
    payout: { credited: false },
  })
  expect(await owedTo(me.id)).toEqual({ pending: '0.00', available: '75.00', inFlight: '0.00' })
})

/** Settled amounts as calls add up to, at the rates of their time. */
const settled = fc.array(
  fc.record({
    revenue: fc.integer({ min: 1, max: 90_000_000 }).map((millionths) => format((BigInt(millionths) * 100n) as Amount)),
    feePercent: fc.constantFrom(20, 20, 15, 30),
  }),
  { minLength: 1, maxLength: 4 },
)

async function newSettled(weeks: { revenue: string; feePercent: number }[]): Promise<Rich> {
  const me = await signIn('creator')
  const wallet = newWallet()
  await giveWallet(me.id, wallet)
  for (const [week, { revenue, feePercent }] of weeks.entries()) {
    await earn(me.id, [{ day: `2026-0${week + 1}-03`, revenue, feePercent }])
    await settleUpTo(me.id, `2026-0${week + 1}-09`)
  }
  return { ...me, wallet }
}

test('property 16: of any withdrawal of X what is sent is X less the fee that was frozen on what it is taken from, exactly', async () => {
  await fc.assert(
    fc.asyncProperty(settled, fc.integer({ min: 1_000, max: 40_000 }), async (weeks, count) => {
      const me = await newSettled(weeks)
      const asked = (BigInt(count) * 1_000_000n) as Amount
      const { status, body } = await ask(me, format(asked))
      const { withdrawable_usd } = (await quietly('GET /api/v1/creators/me/earnings', me)).body
      if (status !== 201) {
        expect([body.error.code, amount(body.error.details.withdrawable_usd) < asked]).toEqual(['40931', true])
        expect(body.error.details.withdrawable_usd).toBe(withdrawable_usd)
        return
      }
      const fee = body.parts
        .map(
          (part: { amount_usd: string; fee_percent: number }) => [amount(part.amount_usd), part.fee_percent] as const,
        )
        .reduce(
          (sums: Map<number, Amount>, [piece, percent]: readonly [Amount, number]) =>
            sums.set(percent, add(sums.get(percent) ?? ZERO, piece)),
          new Map<number, Amount>(),
        )
      const fees = [...fee].map(([percent, base]: [number, Amount]) => percentOf(base, percent)).reduce(add, ZERO)
      expect(amount(body.fee_usd)).toBe(fees)
      expect(add(amount(body.net_usd), amount(body.fee_usd))).toBe(asked)
      const proof = await payoutProof(bindings, body.id)
      expect((proof?.amount ?? 0n) * 100n).toBe(BigInt(amount(body.net_usd)))
    }),
    { numRuns: 20 },
  )
})

test('property 17: no withdrawal below the least is taken, whatever is settled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 999 }), fc.constantFrom('5', '9.99', '500'), async (count, usd) => {
      const me = await newSettled([{ revenue: usd, feePercent: 20 }])
      const { status, body } = await ask(me, format((BigInt(count) * 1_000_000n) as Amount))
      expect([status, body.error.code]).toEqual([400, '40031'])
      expect(await owedTo(me.id)).toMatchObject({ available: format(amount(usd)), inFlight: '0.00' })
    }),
    { numRuns: 12 },
  )
})

test('property 32: whatever a withdrawal went through, once it has failed the whole amount is available again, once', async () => {
  const onTheWay = fc.constantFrom('queued', 'signed', 'broadcast', 'mined', 'safe')
  await fc.assert(
    fc.asyncProperty(
      settled,
      fc.integer({ min: 1_000, max: 9_000 }),
      fc.array(onTheWay, { maxLength: 5 }),
      fc.integer({ min: 1, max: 5 }),
      async (weeks, count, way, times) => {
        const me = await newSettled([...weeks, { revenue: '90', feePercent: 20 }].slice(-4))
        const before = await owedTo(me.id)
        const { body } = await ask(me, format((BigInt(count) * 1_000_000n) as Amount))
        for (const state of way) await chainSays(body.id, state)
        await db(bindings)
          .update(chainPayouts)
          .set({ state: 'failed', revision: 99 })
          .where(eq(chainPayouts.id, body.id))
        await Promise.all(Array.from({ length: times }, () => advance(silent, body.id)))
        await advance(silent, body.id)
        expect(await owedTo(me.id)).toEqual(before)
        const parts = await db(bindings).select().from(settlementParts).where(eq(settlementParts.creatorId, me.id))
        expect(parts.map(({ withdrawnUsd }) => amount(withdrawnUsd)).reduce(add, ZERO)).toBe(ZERO)
        expect(await read(me, body.id)).toMatchObject({ state: 'returned', status: 'failed' })
      },
    ),
    { numRuns: 12 },
  )
  expect(await trialSum()).toBe(ZERO)
})

test('refunds never reach what was settled', async () => {
  const me = await newRich('20')
  await earn(me.id, [{ day: '2026-11-23', revenue: '1' }])
  await correct(me.id, { usd: '1' })
  expect(await owedTo(me.id)).toMatchObject({ pending: '0.00', available: '20.00' })
  await expect(correct(me.id, { usd: '0.000001' })).rejects.toThrow()
})
