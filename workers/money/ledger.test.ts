import { env } from 'cloudflare:workers'
import { sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { add, amount, format, negate, ZERO, type Amount } from './amount.ts'
import { balanceOf, balancesOf, isPosted, post, type Entry } from './ledger.ts'
import { ledgerBalances, ledgerEntries } from './tables.ts'

const dollars = fc.bigInt({ min: 1n, max: 10n ** 14n }).map((units) => format(units as Amount))

/** Why the database refused, in its own words. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'nothing was refused'
  } catch (thrown) {
    return String((thrown as Error).cause ?? thrown)
  }
}

describe('the ledger', () => {
  it('books what happened once, and moves the balances with it', async () => {
    const user = newId()
    const payment = newId()
    const entries: Entry[] = [
      { account: 'cash_stripe', amount: amount('10') },
      { account: `prepaid:${user}`, amount: amount('-10') },
    ]
    await db(env).batch([post(env, 'payment', payment, entries)])
    const again = db(env).batch([post(env, 'payment', payment, entries)])
    expect(await again.then(() => false, isPosted)).toBe(true)
    expect(format(await balanceOf(env, `prepaid:${user}`))).toBe('-10.00')
    expect(format(await balanceOf(env, `prepaid:${newId()}`))).toBe('0.00')
  })

  it('refuses entries that do not come to zero, in the code and in the database', async () => {
    const lopsided: Entry[] = [{ account: 'cash_stripe', amount: amount('1') }]
    expect(() => post(env, 'payment', newId(), lopsided)).toThrow(RangeError)
    const raw = db(env).execute(sql`
      WITH t AS (INSERT INTO ledger_transactions (kind, source) VALUES ('payment', ${newId()}) RETURNING id)
      INSERT INTO ledger_entries SELECT id, 'cash_stripe', 1 FROM t`)
    expect(await refusal(raw)).toContain('come to zero, not to 1')
  })

  it('refuses a transaction without entries, and entries that come later', async () => {
    const empty = db(env).execute(sql`INSERT INTO ledger_transactions (kind, source) VALUES ('payment', ${newId()})`)
    expect(await refusal(empty)).toContain('at least two entries')
    const id = await posted()
    const later = db(env).execute(sql`
      INSERT INTO ledger_entries VALUES (${id}, 'gas', 1), (${id}, 'platform_fee', -1)`)
    expect(await refusal(later)).toContain('takes no entries later')
  })

  test.each([
    ['a change', sql`UPDATE ledger_entries SET amount = amount + 1`],
    ['a deletion', sql`DELETE FROM ledger_transactions`],
    ['emptying', sql`TRUNCATE ledger_entries`],
    ['a balance that is set', sql`UPDATE ledger_balances SET balance = 0`],
    ['a balance that is made', sql`INSERT INTO ledger_balances VALUES ('gas', 1)`],
  ])('refuses %s', async (_, statement) => {
    await posted()
    expect(await refusal(db(env).execute(statement))).toContain('refused')
  })

  it('lets nobody have less than nothing', async () => {
    const creator = newId()
    const entries: Entry[] = [
      { account: `creator_available:${creator}`, amount: amount('0.00000001') },
      { account: `payout_in_flight:${creator}`, amount: amount('-0.00000001') },
    ]
    expect(await refusal(db(env).batch([post(env, 'withdrawal', newId(), entries)]))).toContain('ledger_floor')
    expect(await balancesOf(env, [`payout_in_flight:${creator}`])).toEqual([ZERO])
  })

  it('has balances that are the sums of the entries, whatever is posted, to the last digit', async () => {
    const users = [newId(), newId(), newId()]
    const move = fc.record({ from: fc.nat(2), to: fc.nat(2), value: dollars })
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), async (moves) => {
        const entries = moves.flatMap(({ from, to, value }): Entry[] => [
          { account: `prepaid:${users[from]}`, amount: amount(value) },
          { account: `prepaid:${users[to]}`, amount: negate(amount(value)) },
        ])
        await db(env).batch([post(env, 'correction', newId(), entries)])
        const sums = await db(env)
          .select({ account: ledgerEntries.account, sum: sql<string>`sum(${ledgerEntries.amount})` })
          .from(ledgerEntries)
          .groupBy(ledgerEntries.account)
        const balances = new Map((await db(env).select().from(ledgerBalances)).map((row) => [row.account, row.balance]))
        for (const { account, sum } of sums) expect(amount(balances.get(account) ?? 'none')).toBe(amount(sum))
        expect(sums.map(({ sum }) => amount(sum)).reduce(add, ZERO)).toBe(ZERO)
      }),
      { numRuns: 25 },
    )
  })
})

/** The id of some transaction. */
async function posted(): Promise<string> {
  const source = newId()
  const entries: Entry[] = [
    { account: 'cash_stripe', amount: amount('3') },
    { account: `lot:${source}`, amount: amount('-3') },
  ]
  await db(env).batch([post(env, 'payment', source, entries)])
  const { rows } = await db(env).execute<{ id: string }>(
    sql`SELECT id FROM ledger_transactions WHERE source = ${source} AND kind = 'payment'`,
  )
  return rows[0]?.id ?? ''
}
