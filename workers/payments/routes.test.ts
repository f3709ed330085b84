import { expect, test } from 'vitest'
import { books, deliverAll, eventually, happens, order, quotaOf, refreshed, total } from '../tests/buying.ts'

test.each(['stripe', 'coinbase'] as const)(
  'a package that is paid by %s is credited once, whoever tells of it',
  async (method) => {
    const bought = await order({ package: 'starter' }, { method })
    expect(await refreshed(bought)).toMatchObject({ status: 'pending', credited: false })
    await happens(bought, 'pay')
    await deliverAll(bought)
    await eventually(bought, ({ credited }) => credited === true)
    await deliverAll(bought)
    expect(await refreshed(bought)).toMatchObject({
      status: 'completed',
      credited: true,
      amount_usd: '10.00',
      calls: 1_000,
    })
    expect(await quotaOf(bought)).toMatchObject({ calls: 1_100 })
    expect(await books([`lot:${bought.id}`])).toEqual({ [`lot:${bought.id}`]: '-10.00' })
    expect(await total()).toBe(0n)
  },
)
