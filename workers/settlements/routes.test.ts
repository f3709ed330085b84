/** What creators see of their earnings, what admins see and settle by hand: every number is the ledger's. */
import { SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { auditLog } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { add, amount, format, ZERO } from '../money/amount.ts'
import { correct, earn, owedTo, settleUpTo } from '../tests/earnings.ts'
import { api, bindings, signIn, type Account } from '../tests/world.ts'
import { dayOf, settlesAt, startOf } from './periods.ts'
import { settlements } from './tables.ts'

const ME = '/api/v1/creators/me'
const ADMIN = '/api/v1/admin/settlements'
const newCreator = (): Promise<Account> => signIn('creator')

describe('earnings', () => {
  it('of somebody who has none are nothing', async () => {
    const { status, body } = await api(`GET ${ME}/earnings`, { as: await newCreator() })
    const nothing = { gross_usd: '0.00', fee_usd: '0.00', net_usd: '0.00' }
    expect([status, body]).toEqual([
      200,
      {
        pending_usd: '0.00',
        available_usd: '0.00',
        withdrawable_usd: '0.00',
        payable_from: null,
        in_flight_usd: '0.00',
        paid_out: nothing,
        lifetime: nothing,
        next_settlement_at: null,
      },
    ])
  })

  it('are what the ledger has, and the fee of what is pending too', async () => {
    const me = await newCreator()
    await earn(me.id, [
      { day: '2026-11-03', revenue: '12.3456' },
      { day: '2026-11-11', revenue: '1', feePercent: 10 },
    ])
    await settleUpTo(me.id, '2026-11-09')
    await correct(me.id, { usd: '0.5', feePercent: 10 })
    const { body } = await api(`GET ${ME}/earnings`, { as: me })
    expect(body).toEqual({
      pending_usd: '0.50',
      available_usd: '12.3456',
      withdrawable_usd: '12.34',
      payable_from: null,
      in_flight_usd: '0.00',
      paid_out: { gross_usd: '0.00', fee_usd: '0.00', net_usd: '0.00' },
      lifetime: { gross_usd: '12.8456', fee_usd: '2.51912', net_usd: '10.32648' },
      next_settlement_at: new Date(settlesAt(bindings, '2026-11-11')).toISOString(),
    })
    expect(await owedTo(me.id)).toEqual({ pending: '0.50', available: '12.3456', inFlight: '0.00' })
  })

  it('are a creator’s, and theirs alone', async () => {
    expect((await api(`GET ${ME}/earnings`, { as: await signIn('developer') })).status).toBe(403)
    expect((await api(`GET ${ME}/earnings`)).status).toBe(401)
  })
})

describe('settlements of a creator', () => {
  it('are listed newest first, and add up to what was settled', async () => {
    const me = await newCreator()
    for (const week of ['2026-11-02', '2026-11-09', '2026-11-16']) {
      await earn(me.id, [{ day: week, revenue: '1.5' }])
      await settleUpTo(me.id, dayOf(startOf(week) + 7 * 86_400_000))
    }
    const first = (await api(`GET ${ME}/settlements?limit=2`, { as: me })).body
    const rest = (await api(`GET ${ME}/settlements?limit=2&cursor=${first.next_cursor}`, { as: me })).body
    const all = [...first.items, ...rest.items]
    expect(all.map(({ period_start, period_end }) => [period_start, period_end])).toEqual([
      ['2026-11-16', '2026-11-23'],
      ['2026-11-09', '2026-11-16'],
      ['2026-11-02', '2026-11-09'],
    ])
    const sum = all.map(({ gross_usd }) => amount(gross_usd)).reduce(add, ZERO)
    expect(format(sum)).toBe((await owedTo(me.id)).available)
    expect(all[0]).toEqual({
      id: expect.any(String),
      period_start: '2026-11-16',
      period_end: '2026-11-23',
      status: 'posted',
      calls: 1,
      gross_usd: '1.50',
      fee_usd: '0.30',
      net_usd: '1.20',
      statement: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: expect.any(Number) },
      created_at: expect.any(String),
      settled_at: expect.any(String),
    })
  })

  it('have details, and a statement whose bytes have the hash that they say', async () => {
    const me = await newCreator()
    await earn(me.id, [
      { day: '2026-11-03', revenue: '2' },
      { day: '2026-11-04', revenue: '1', feePercent: 10 },
    ])
    await correct(me.id, { usd: '0.5' })
    await settleUpTo(me.id, '2026-11-09')
    const { id } = (await api(`GET ${ME}/settlements`, { as: me })).body.items[0]
    const { body } = await api(`GET ${ME}/settlements/${id}`, { as: me })
    expect(body).toMatchObject({
      gross_usd: '2.50',
      fee_usd: '0.40',
      net_usd: '2.10',
      corrections_usd: '-0.50',
      parts: [
        { fee_percent: 10, gross_usd: '1.00', withdrawn_usd: '0.00' },
        { fee_percent: 20, gross_usd: '1.50', withdrawn_usd: '0.00' },
      ],
    })
    const answer = await SELF.fetch(`https://agentlink.test${ME}/settlements/${id}/statement.csv`, {
      headers: { authorization: `Bearer ${me.token}` },
    })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    expect([bytes.length, hash.toHex()]).toEqual([body.statement.bytes, body.statement.sha256])
    expect(
      Object.fromEntries(
        ['content-type', 'content-disposition', 'repr-digest', 'cache-control'].map((name) => [
          name,
          answer.headers.get(name),
        ]),
      ),
    ).toEqual({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="settlement-2026-11-03-2026-11-09.csv"',
      'repr-digest': `sha-256=:${hash.toBase64()}:`,
      'cache-control': 'no-store',
    })
    expect(new TextDecoder().decode(bytes).split('\r\n').at(-2)).toBe('total,2,,,,,,2.50,,0.40,2.10')
  })

  it('of somebody else, or that are none, are not there; one that is not written yet has no statement', async () => {
    const [me, other] = [await newCreator(), await newCreator()]
    await earn(me.id, [{ day: '2026-11-03', revenue: '2' }])
    await settleUpTo(me.id, '2026-11-09')
    const { id } = (await api(`GET ${ME}/settlements`, { as: me })).body.items[0]
    for (const path of [`${ME}/settlements/${id}`, `${ME}/settlements/${id}/statement.csv`]) {
      const [theirs, none] = [
        await api(`GET ${path}`, { as: other }),
        await api(`GET ${path.replace(id, newId())}`, { as: other }),
      ]
      expect([theirs.status, theirs.body.error]).toEqual([404, none.body.error])
    }
    expect((await api(`GET ${ME}/settlements/nonsense`, { as: me })).status).toBe(400)
    const early = newId()
    await db(bindings).insert(settlements).values({
      id: early,
      creatorId: other.id,
      periodStart: '2026-11-02',
      periodEnd: '2026-11-09',
      status: 'closing',
      amount: '0',
      platformFee: '0',
      netAmount: '0',
    })
    expect((await api(`GET ${ME}/settlements/${early}/statement.csv`, { as: other })).status).toBe(409)
    await db(bindings).delete(settlements).where(eq(settlements.id, early))
  })
})

describe('settling by hand', () => {
  const reason = 'Asked for by the creator.'
  const trigger = (as: Account, body: object) => api(`POST ${ADMIN}/trigger`, { as, body })

  it('shows first what would be settled and changes nothing; then settles exactly that, on record', async () => {
    const [boss, me] = [await signIn('admin'), await newCreator()]
    await earn(me.id, [
      { day: '2026-11-03', revenue: '2' },
      { day: '2026-11-20', revenue: '1' },
    ])
    const asked = { creator_id: me.id, to: '2026-11-20' }
    const dry = await trigger(boss, asked)
    expect([dry.status, dry.body]).toEqual([
      200,
      {
        dry_run: true,
        to: '2026-11-20',
        settlements: [
          {
            creator_id: me.id,
            period_start: '2026-11-03',
            period_end: '2026-11-20',
            lines: 1,
            calls: 1,
            gross_usd: '2.00',
            fee_usd: '0.40',
            net_usd: '1.60',
          },
        ],
        gross_usd: '2.00',
        fee_usd: '0.40',
        net_usd: '1.60',
        is_all: true,
        token: expect.any(String),
      },
    ])
    expect((await api(`GET ${ME}/settlements`, { as: me })).body.items).toEqual([])
    const done = await trigger(boss, { ...asked, dry_run: false, token: dry.body.token, reason })
    expect([done.status, done.body]).toEqual([200, { ...dry.body, dry_run: false }])
    const settled = await posted(me, 1)
    expect(settled).toMatchObject([{ period_end: '2026-11-20', gross_usd: '2.00', status: 'posted' }])
    const log = await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, me.id))
    expect(log).toMatchObject([
      { action: 'settlement.trigger', actorId: boss.id, reason, details: { gross_usd: '2.00' } },
    ])
    // Once more with the same token: it is not so any more.
    const again = await trigger(boss, { ...asked, dry_run: false, token: dry.body.token, reason })
    expect([again.status, again.body.error.code]).toEqual([409, '40936'])
  })

  it('leaves out what came after the dry run, and does nothing if something was taken back since', async () => {
    const [boss, me] = [await signIn('admin'), await newCreator()]
    await earn(me.id, [{ day: '2026-11-03', revenue: '2' }])
    const asked = { creator_id: me.id, to: '2026-11-20' }
    const { token } = (await trigger(boss, asked)).body
    await earn(me.id, [{ day: '2026-11-04', revenue: '5' }])
    expect((await trigger(boss, { ...asked, dry_run: false, token, reason })).status).toBe(200)
    expect(await posted(me, 1)).toMatchObject([{ gross_usd: '2.00' }])
    const next = (await trigger(boss, { ...asked, to: '2026-11-21' })).body
    expect(next).toMatchObject({ gross_usd: '5.00' })
    await correct(me.id, { usd: '1' })
    const changed = await trigger(boss, { ...asked, to: '2026-11-21', dry_run: false, token: next.token, reason })
    expect(changed.body.error.code).toBe('40936')
    expect(await posted(me, 1)).toHaveLength(1)
  })

  it('of everybody is of all who are due, and lists nobody else', async () => {
    const [boss, me, later] = [await signIn('admin'), await newCreator(), await newCreator()]
    await earn(me.id, [{ day: '2026-10-03', revenue: '2' }])
    await earn(later.id, [{ day: dayOf(Date.now()), revenue: '2' }])
    const { body } = await trigger(boss, {})
    const creators = body.settlements.map(({ creator_id }: { creator_id: string }) => creator_id)
    expect(creators).toContain(me.id)
    expect(creators).not.toContain(later.id)
  })

  it.each([
    ['a day that has not come', { to: '2999-01-01' }, 'to'],
    ['no day', { to: 'tomorrow' }, 'to'],
    ['no token', { dry_run: false, reason }, 'token'],
    ['another token', { dry_run: false, token: 'abc', reason }, 'token'],
    ['no reason', { dry_run: false, token: `1.${'0'.repeat(64)}` }, 'reason'],
    ['no creator', { creator_id: 'x' }, 'creator_id'],
  ])('with %s is refused by the field', async (_, body, field) => {
    const { status, body: answer } = await trigger(await signIn('admin'), body)
    expect([status, answer.error.details.fields[0].field]).toEqual([400, field])
  })

  it('is for those who manage payments', async () => {
    for (const as of [await signIn('admin', 'support'), await signIn('admin', 'moderator'), await newCreator()])
      expect((await trigger(as, {})).status).toBe(403)
  })

  it('pending lists who has earned and when that is due; history lists what was settled', async () => {
    const [boss, me] = [await signIn('admin'), await newCreator()]
    await earn(me.id, [{ day: '2026-11-03', revenue: '2' }])
    const find = async () => {
      for (let cursor = ''; ;) {
        const { body } = await api(`GET ${ADMIN}/pending?limit=100${cursor}`, { as: boss })
        const one = body.items.find((item: { creator_id: string }) => item.creator_id === me.id)
        if (one || body.next_cursor === null) return one
        cursor = `&cursor=${body.next_cursor}`
      }
    }
    expect(await find()).toEqual({
      creator_id: me.id,
      pending_usd: '2.00',
      oldest_day: '2026-11-03',
      settles_at: '2026-11-16T00:00:00.000Z',
      settlement: null,
    })
    await settleUpTo(me.id, '2026-11-09')
    expect(await find()).toBeUndefined()
    const history = await api(`GET ${ADMIN}/history?creator_id=${me.id}&status=posted`, { as: boss })
    expect(history.body.items).toMatchObject([{ creator_id: me.id, gross_usd: '2.00', status: 'posted' }])
    expect((await api(`GET ${ADMIN}/history?creator_id=${me.id}&status=closing`, { as: boss })).body.items).toEqual([])
  })
})

/** A creator's settlements, once there are so many and all are posted. */
async function posted(me: Account, count: number): Promise<{ status: string }[]> {
  for (const deadline = Date.now() + 20_000; ;) {
    const { items } = (await api(`GET ${ME}/settlements`, { as: me })).body
    const isDone = items.length >= count && items.every(({ status }: { status: string }) => status === 'posted')
    if (isDone || Date.now() > deadline) return items
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
