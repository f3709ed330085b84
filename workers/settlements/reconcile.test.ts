/** Differences: each kind is made on purpose, found under its name, freezes what it should and nothing else, and thaws. */
import { eq, sql } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { amount, negate } from '../money/amount.ts'
import { post, type Entry } from '../money/ledger.ts'
import { bookBalance, bookLot } from '../quota/bought.ts'
import { credit, deposit, quotaOf } from '../quota/quota.ts'
import { newWallet } from '../tests/chain.ts'
import { aLog, deliver } from '../tests/call-logs.ts'
import { earn, giveWallet, settleUpTo } from '../tests/earnings.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { chainAndBooks, deadLetters, payouts } from './around.ts'
import { balancesPart, creatorsPart, stuck, trialBalance } from './books.ts'
import { isFrozen, record, type Difference, type Seen } from './differences.ts'
import { freezeCalls } from './freezes.ts'
import { judge, look } from './objects.ts'
import { reconcileCron } from './reconcile.cron.ts'
import { accountLooks, differences, withdrawals } from './tables.ts'
import { withdraw } from './withdrawals.ts'

let boss: Account
beforeAll(async () => {
  boss = await signIn('admin')
})

/** Runs database statements that production code cannot: as somebody who tampers with the tables. */
async function tamper(...statements: ReturnType<typeof sql>[]): Promise<void> {
  await db(bindings).batch([
    db(bindings).execute(sql`SET LOCAL session_replication_role = replica`),
    ...statements.map((statement) => db(bindings).execute(statement)),
  ])
}

async function newSettled(usd = '100'): Promise<Account> {
  const me = await signIn('creator')
  await giveWallet(me.id, newWallet())
  await earn(me.id, [{ day: '2026-11-03', revenue: usd }])
  await settleUpTo(me.id, '2026-11-09')
  return me
}

/** What a check in parts finds when it has looked at everybody. */
async function everything(part: typeof creatorsPart): Promise<Seen> {
  const seen: Seen = { names: [], scopes: [], found: [] }
  for (let cursor: string | null = ''; cursor !== null;) {
    const { seen: some, next }: Awaited<ReturnType<typeof creatorsPart>> = await part(bindings, cursor)
    seen.found.push(...some.found)
    seen.names = some.names
    seen.scopes?.push(...(some.scopes ?? []))
    cursor = next
  }
  return seen
}

const about = ({ found }: Seen, id: string) => found.filter(({ scope }) => scope.includes(id))

describe('the books', () => {
  it('agree with themselves after whatever the platform does', async () => {
    const me = await newSettled()
    await earn(me.id, [{ day: '2026-11-23', revenue: '0.123456' }])
    await api('POST /api/v1/creators/me/withdrawals', { as: me, body: { id: newId(), amount_usd: '40' } })
    expect(about(await everything(creatorsPart), me.id)).toEqual([])
    expect((await trialBalance(bindings)).found).toEqual([])
    expect(about(await everything(balancesPart), me.id)).toEqual([])
  })

  it.each([
    [
      'creator_pending',
      '101.00',
      '100.00',
      (id: string) => [
        sql`UPDATE ledger_balances SET balance = balance + 1 WHERE account = ${`creator_pending:${id}`}`,
      ],
    ],
    [
      'creator_available',
      '100.00',
      '99.00',
      (id: string) => [
        sql`UPDATE ledger_balances SET balance = balance + 1 WHERE account = ${`creator_available:${id}`}`,
      ],
    ],
    [
      'settlement_parts',
      '0.00',
      '7.00',
      (id: string) => [sql`UPDATE settlement_parts SET withdrawn_usd = withdrawn_usd + 7 WHERE creator_id = ${id}`],
    ],
  ])(
    'that do not (%s) stop the withdrawals of that creator until they do again',
    async (name, expected, found, statements) => {
      const [me, other] = [await newSettled(), await newSettled()]
      if (name === 'creator_pending') await earn(me.id, [{ day: '2026-11-23', revenue: '101' }])
      await tamper(...statements(me.id))
      const seen = await everything(creatorsPart)
      await record(bindings, seen)
      expect(about(seen, me.id)).toContainEqual({
        name,
        scope: `creator:${me.id}`,
        expected,
        found,
        freezes: `withdrawals:${me.id}`,
      })
      const ask = (as: Account) =>
        api('POST /api/v1/creators/me/withdrawals', { as, body: { id: newId(), amount_usd: '10' } })
      expect((await ask(me)).body.error.code).toBe('40935')
      expect((await ask(other)).status).toBe(201)
      const list = await api('GET /api/v1/admin/differences', { as: boss })
      expect(list.body.items).toContainEqual(
        expect.objectContaining({ name, scope: `creator:${me.id}`, expected, found, resolved_at: null }),
      )
      await tamper(
        sql`UPDATE ledger_balances SET balance = (SELECT sum(amount) FROM ledger_entries e WHERE e.account = ledger_balances.account)
        WHERE account LIKE ${`%${me.id}`}`,
        sql`UPDATE settlement_parts SET withdrawn_usd = 0 WHERE creator_id = ${me.id}`,
      )
      await record(bindings, await everything(creatorsPart))
      expect((await ask(me)).status).toBe(201)
      const after = await api('GET /api/v1/admin/differences?open=false', { as: boss })
      expect(after.body.items).toContainEqual(
        expect.objectContaining({ name, scope: `creator:${me.id}`, resolved_at: expect.any(String) }),
      )
    },
  )

  it('that do not come to zero stop every withdrawal', async () => {
    const account = `held:${newId()}`
    await tamper(sql`INSERT INTO ledger_balances VALUES (${account}, -3)`)
    const seen = await trialBalance(bindings)
    expect(seen.found).toEqual([
      { name: 'trial_balance', scope: 'ledger', expected: '0.00', found: '-3.00', freezes: 'withdrawals' },
    ])
    await record(bindings, seen)
    expect(await isFrozen(bindings, ['withdrawals', `withdrawals:${newId()}`])).toBe(true)
    expect((await everything(balancesPart)).found).toContainEqual(
      expect.objectContaining({ name: 'balance', scope: `account:${account}`, expected: '0.00', found: '-3.00' }),
    )
    await tamper(sql`DELETE FROM ledger_balances WHERE account = ${account}`)
    await record(bindings, await trialBalance(bindings))
    expect(await isFrozen(bindings, ['withdrawals'])).toBe(false)
  })

  it('a settlement and a withdrawal that do not go on are named', async () => {
    const me = await newSettled()
    await withdraw(bindings, { id: newId(), creatorId: me.id, amount: amount('10') })
    await tamper(
      sql`UPDATE settlements SET status = 'computed', settled_at = NULL, created_at = now() - interval '2 days' WHERE creator_id = ${me.id}`,
      sql`UPDATE withdrawal_steps SET at = now() - interval '2 hours'
        WHERE withdrawal_id IN (SELECT id FROM withdrawals WHERE creator_id = ${me.id})`,
      sql`UPDATE withdrawals SET state = 'broadcast' WHERE creator_id = ${me.id}`,
    )
    const { found } = await stuck(bindings)
    expect(found.map(({ name, found: state }) => [name, state])).toEqual(
      expect.arrayContaining([
        ['settlement_stuck', 'computed'],
        ['withdrawal_stuck', 'broadcast'],
      ]),
    )
    await tamper(
      sql`DELETE FROM withdrawal_steps WHERE withdrawal_id IN (SELECT id FROM withdrawals WHERE creator_id = ${me.id})`,
      sql`DELETE FROM withdrawal_parts WHERE withdrawal_id IN (SELECT id FROM withdrawals WHERE creator_id = ${me.id})`,
      sql`DELETE FROM withdrawals WHERE creator_id = ${me.id}`,
      sql`UPDATE settlements SET status = 'posted', settled_at = now() WHERE creator_id = ${me.id}`,
    )
  })
})

describe('the chain and the queues', () => {
  it('a payout of another amount than its withdrawal stops the withdrawals of its creator', async () => {
    const me = await newSettled()
    const id = newId()
    await tamper(
      sql`INSERT INTO withdrawals (id, creator_id, amount_usd, fee_usd, net_usd, wallet, state, paid_at)
        VALUES (${id}, ${me.id}, 10, 2, 8, ${newWallet()}, 'safe', now())`,
    )
    expect(about(await payouts(bindings), id)).toEqual([
      expect.objectContaining({ name: 'payout', found: 'no payout', freezes: `withdrawals:${me.id}` }),
    ])
    await tamper(sql`DELETE FROM withdrawals WHERE id = ${id}`)
    expect(about(await payouts(bindings), id)).toEqual([])
  })

  it('what the chain’s room finds is named after it', async () => {
    const { names, found } = await chainAndBooks(bindings)
    expect(names).toContain('chain_settlement_unknown')
    for (const { name } of found) expect(names).toContain(name)
  })

  it('dead letters are counted by queue until they are sent again', async () => {
    const queue = `queue-${newId().slice(0, 8)}`
    await db(bindings).execute(
      sql`INSERT INTO dead_letters (id, queue, body, attempts, sent_at) VALUES ('a', ${queue}, '{}', 1, now())`,
    )
    expect(about(await deadLetters(bindings), queue)).toMatchObject([{ name: 'dead_letters', found: '1' }])
    await db(bindings).execute(sql`DELETE FROM dead_letters WHERE queue = ${queue}`)
    expect(about(await deadLetters(bindings), queue)).toEqual([])
  })
})

describe('account objects and the books', () => {
  async function newBuyer(calls = 100) {
    const { id } = await signIn('developer')
    const lot = newId()
    const granted = { kind: 'grant', account: 'granted' } as const
    await db(bindings).batch([
      ...bookLot(bindings, { id: lot, userId: id, calls, price: amount(String(calls / 100)) }, granted),
      bookBalance(bindings, { id: newId(), userId: id, amount: amount('5') }, granted),
    ])
    await credit(bindings, id, { v: 1, id: lot, kind: 'paid', calls, unitValue: 1_000_000 })
    await deposit(bindings, id, { v: 1, id: newId(), amount: 500_000_000 })
    return { id, lot }
  }

  /** What an account says now, as if that had been an hour ago, and everything that was booked before it before that. */
  async function lookedAt(id: string): Promise<void> {
    await everyLook()
    await db(bindings)
      .update(accountLooks)
      .set({ at: new Date(Date.now() - 3_600_000) })
      .where(eq(accountLooks.userId, id))
    await tamper(sql`UPDATE ledger_transactions SET posted_at = posted_at - interval '2 hours' WHERE kind <> 'calls'`)
  }

  async function everyLook(): Promise<void> {
    for (let cursor: string | null = ''; cursor !== null;) cursor = (await look(bindings, cursor)).next
  }

  it('agree, with calls that were booked since put back', async () => {
    const { id, lot } = await newBuyer()
    await lookedAt(id)
    // Booked after the account was asked: it knew nothing of it then.
    await deliver([aLog({ userId: id, lotId: lot, unitValueUsd: '0.01', premiumUsd: '0.245' })])
    const seen = await judge(bindings)
    expect(seen.scopes).toEqual(expect.arrayContaining([`lot:${lot}`, `account:${id}`]))
    expect([...about(seen, id), ...about(seen, lot)]).toEqual([])
    expect(await db(bindings).select().from(accountLooks).where(eq(accountLooks.userId, id))).toEqual([])
  })

  it.each([
    ['a call that never reached the books', 'lot_units', -1],
    ['a call in the books that the account does not know', 'lot_units', 1],
  ])('do not: %s', async (_, name, units) => {
    const { id, lot } = await newBuyer()
    await lookedAt(id)
    await db(bindings)
      .execute(sql`UPDATE account_looks SET state = jsonb_set(state, '{lots,0,remaining}', to_jsonb(${100 + units}::int))
      WHERE user_id = ${id}`)
    const seen = await judge(bindings)
    expect(about(seen, lot)).toMatchObject([{ name, expected: '100 calls', found: `${100 + units} calls` }])
    await record(bindings, seen)
    await lookedAt(id)
    await record(bindings, await judge(bindings))
    const [row] = await db(bindings)
      .select()
      .from(differences)
      .where(eq(differences.scope, `lot:${lot}`))
    expect(row?.resolvedAt).toBeInstanceOf(Date)
  })

  it('do not: a balance, a lot that the account never got, one that nobody paid for', async () => {
    const { id, lot } = await newBuyer()
    const [lost, found] = [newId(), newId()]
    const granted = { kind: 'grant', account: 'granted' } as const
    await db(bindings).batch([...bookLot(bindings, { id: lost, userId: id, calls: 10, price: amount('1') }, granted)])
    await credit(bindings, id, { v: 1, id: found, kind: 'paid', calls: 3, unitValue: 1_000_000 })
    await lookedAt(id)
    await db(bindings).execute(
      sql`UPDATE account_looks SET state = state || '{"balance": 400000000}' WHERE user_id = ${id}`,
    )
    const seen = await judge(bindings)
    expect([lost, found, `account:${id}`].map((one) => about(seen, one)[0]?.name)).toEqual([
      'lot_missing',
      'lot_unknown',
      'prepaid_balance',
    ])
    expect(about(seen, lot)).toEqual([])
  })

  it('are not compared where something else than calls was booked meanwhile', async () => {
    const { id, lot } = await newBuyer()
    await lookedAt(id)
    const refund: Entry[] = [
      { account: `lot:${lot}`, amount: amount('0.5') },
      { account: 'chargeback_loss', amount: negate(amount('0.5')) },
    ]
    await db(bindings).batch([post(bindings, 'refund', newId(), refund)])
    const seen = await judge(bindings)
    expect(about(seen, lot)).toEqual([])
    expect(seen.scopes).not.toContain(`lot:${lot}`)
  })
})

describe('calls that the books do not have', () => {
  async function newLot(calls = 10) {
    const { id } = await signIn('developer')
    const lot = newId()
    await credit(bindings, id, { v: 1, id: lot, kind: 'paid', calls, unitValue: 1_000_000 })
    return { id, lot }
  }
  const stateOf = async ({ id, lot }: { id: string; lot: string }) =>
    (await quotaOf(bindings, id)).lots.find((one) => one.id === lot)?.state ?? 'active'
  const unknownLot = ({ id, lot }: { id: string; lot: string }, isThere = true): Seen => ({
    names: ['lot_unknown'],
    scopes: [`lot:${lot}`],
    found: isThere
      ? [
          {
            name: 'lot_unknown',
            scope: `lot:${lot}`,
            expected: 'none',
            found: '10 calls',
            freezes: `calls:${id}:${lot}`,
          },
        ]
      : [],
  })
  /** Sees it, and again an hour later. */
  async function seenTwice(seen: Seen): Promise<void> {
    await record(bindings, seen)
    for (const { scope } of seen.found)
      await db(bindings)
        .update(differences)
        .set({ firstSeen: new Date(Date.now() - 3_600_000) })
        .where(eq(differences.scope, scope))
  }

  it('stand still once they were seen twice, that lot and no other, and go on when the difference is gone', async () => {
    const buyer = await newLot()
    const other = { id: buyer.id, lot: newId() }
    await credit(bindings, buyer.id, { v: 1, id: other.lot, kind: 'paid', calls: 5, unitValue: 1_000_000 })
    await record(bindings, unknownLot(buyer))
    await freezeCalls(bindings)
    expect(await stateOf(buyer)).toBe('active')
    await seenTwice(unknownLot(buyer))
    await freezeCalls(bindings)
    await freezeCalls(bindings)
    expect([await stateOf(buyer), await stateOf(other)]).toEqual(['frozen', 'active'])
    // Nothing was taken: what the next comparison sees is what is there.
    expect((await quotaOf(bindings, buyer.id)).lots.map(({ remaining }) => remaining)).toEqual([100, 10, 5])
    await record(bindings, unknownLot(buyer, false))
    await freezeCalls(bindings)
    expect(await stateOf(buyer)).toBe('active')
    // When it comes back it is another time.
    await seenTwice(unknownLot(buyer))
    await freezeCalls(bindings)
    expect(await stateOf(buyer)).toBe('frozen')
  })

  it('stand still all together where there is more money than in the books, those that were bought by then', async () => {
    const { id } = await signIn('developer')
    const [lot, later] = [newId(), newId()]
    const granted = { kind: 'grant', account: 'granted' } as const
    const bought = async (one: string) => {
      await db(bindings).batch([...bookLot(bindings, { id: one, userId: id, calls: 10, price: amount('1') }, granted)])
      await credit(bindings, id, { v: 1, id: one, kind: 'paid', calls: 10, unitValue: 10_000_000 })
    }
    await bought(lot)
    await db(bindings).execute(sql`UPDATE quota_lots SET created_at = created_at - interval '1 day' WHERE id = ${lot}`)
    const more = { name: 'prepaid_balance', scope: `account:${id}`, expected: '1', found: '2', freezes: `calls:${id}` }
    await seenTwice({ names: [more.name], scopes: [more.scope], found: [more as Difference] })
    await bought(later)
    await freezeCalls(bindings)
    expect([await stateOf({ id, lot }), await stateOf({ id, lot: later })]).toEqual(['frozen', 'active'])
  })

  it('are let go by an admin, on record, and not stopped again while the difference is the same', async () => {
    const buyer = await newLot()
    await seenTwice(unknownLot(buyer))
    await freezeCalls(bindings)
    const body = { name: 'lot_unknown', scope: `lot:${buyer.lot}`, reason: 'the grant was booked by hand' }
    const developer = await signIn('developer')
    expect((await api('POST /api/v1/admin/differences/release', { as: developer, body })).status).toBe(403)
    expect(
      (await api('POST /api/v1/admin/differences/release', { as: boss, body: { ...body, reason: '' } })).status,
    ).toBe(400)
    expect((await api('POST /api/v1/admin/differences/release', { as: boss, body })).status).toBe(204)
    expect(await stateOf(buyer)).toBe('active')
    expect((await api('POST /api/v1/admin/differences/release', { as: boss, body })).status).toBe(404)
    await record(bindings, unknownLot(buyer))
    await freezeCalls(bindings)
    expect(await stateOf(buyer)).toBe('active')
    const { rows } = await db(bindings).execute(
      sql`SELECT action, details ->> 'scope' AS scope FROM audit_log WHERE actor_id = ${boss.id} AND action = 'difference.release'`,
    )
    expect(rows).toEqual([{ action: 'difference.release', scope: `lot:${buyer.lot}` }])
  })

  it('are those there are too many of: too few harm nobody but their owner, and stop nothing', async () => {
    const { id } = await signIn('developer')
    const lot = newId()
    const granted = { kind: 'grant', account: 'granted' } as const
    await db(bindings).batch([...bookLot(bindings, { id: lot, userId: id, calls: 10, price: amount('1') }, granted)])
    const look = (remaining: number) => ({ held: 0, balance: 0, lots: [{ id: lot, remaining }] })
    const found: (string | null)[] = []
    for (const remaining of [9, 11]) {
      await db(bindings)
        .insert(accountLooks)
        .values({ userId: id, at: new Date(Date.now() - 3_600_000), state: look(remaining) })
      await tamper(sql`UPDATE ledger_transactions SET posted_at = posted_at - interval '2 hours' WHERE kind <> 'calls'`)
      found.push(...about(await judge(bindings), lot).map(({ freezes }) => freezes))
    }
    expect(found).toEqual([null, `calls:${id}:${lot}`])
  })
})

it('all checks together run by the hour, and one that fails keeps no other from running', async () => {
  const { length } = await db(bindings).select().from(withdrawals)
  await reconcileCron(bindings)
  await reconcileCron(bindings)
  const nowhere = {
    ...bindings,
    DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c',
    DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
  }
  await reconcileCron(nowhere)
  expect(await db(bindings).select().from(withdrawals)).toHaveLength(length)
})
