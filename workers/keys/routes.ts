/** What a program can ask about the API key that it holds. */
import { Hono } from 'hono'
import { AppError } from '../base/errors.ts'
import { format, fromUnits } from '../money/amount.ts'
import { quotaOf } from '../quota/quota.ts'
import { identify } from './keys.ts'
import { readKey } from './read-key.ts'
import type { AppContext } from '../env.ts'

export const keys = new Hono<AppContext>()

/** The state of the key's account: calls left, running calls, balance, rate window, lots. */
keys.get('/api/v1/key', async (c) => {
  const caller = await identify(c.env, readKey(c.req.raw.headers))
  if (!caller) throw new AppError('invalidApiKey')
  const quota = await quotaOf(c.env, caller.accountId)
  return c.json({
    key_id: caller.keyId,
    calls: { remaining: quota.remaining, used: quota.used, held: quota.held, granted: quota.granted },
    balance_usd: format(fromUnits(quota.balance)),
    rate: {
      limit: quota.rate.limit,
      remaining: quota.rate.remaining,
      reset_seconds: Math.ceil(quota.rate.resetMs / 1_000),
    },
    lots: quota.lots,
    unsent_logs: quota.unsent,
  })
})
