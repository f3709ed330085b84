/**
 * The operator's doors, opened by the operator token: scripts and the local stack come in here. What they do goes through
 * the same faces of the rooms as everything else.
 */
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError } from '../base/errors.ts'
import { createKey, revokeKey } from '../keys/keys.ts'
import { amount, format, fromUnits, toUnits } from '../money/amount.ts'
import { credit, deposit, quotaOf } from '../quota/quota.ts'
import { settings, type AppContext, type Bindings } from '../env.ts'
import type { Context } from 'hono'

const id = z.string().min(1).max(128)
const dollars = z
  .string()
  .refine((text) => isDollars(text), 'must be a decimal string of dollars above 0, such as "10.00"')

const LotBody = z.strictObject({ id, calls: z.int().min(1).max(10_000_000), price_usd: dollars })
const DepositBody = z.strictObject({ id, amount_usd: dollars })
const KeyBody = z.strictObject({ name: z.string().trim().min(1).max(100) })

export const admin = new Hono<AppContext>()

admin.use('/api/v1/admin/*', async (c, next) => {
  if (!(await isOperator(c.env, c.req.header('authorization')))) throw new AppError('invalidCredentials')
  await next()
})

/** Credits a lot of calls, once per lot id. */
admin.post('/api/v1/admin/accounts/:userId/lots', async (c) => {
  const body = await read(c, LotBody)
  const unitValue = toUnits(amount(body.price_usd)) / body.calls
  if (!Number.isInteger(unitValue))
    throw new AppError('validationFailed', {
      message: 'price_usd: does not divide into equal units for this many calls',
    })
  return c.json(await credit(c.env, userId(c), { v: 1, id: body.id, kind: 'paid', calls: body.calls, unitValue }))
})

/** Adds prepaid money for premiums, once per deposit id. */
admin.post('/api/v1/admin/accounts/:userId/deposits', async (c) => {
  const body = await read(c, DepositBody)
  const { balance } = await deposit(c.env, userId(c), { v: 1, id: body.id, amount: toUnits(amount(body.amount_usd)) })
  return c.json({ balance_usd: format(fromUnits(balance)) })
})

/** The figures of an account's object. */
admin.get('/api/v1/admin/accounts/:userId/quota', async (c) => c.json(await quotaOf(c.env, userId(c))))

/** Makes an API key for a user. The key itself is in this answer and never again. */
admin.post('/api/v1/admin/accounts/:userId/keys', async (c) => {
  const { name } = await read(c, KeyBody)
  return c.json(await createKey(c.env, userId(c), { name }), 201)
})

/** Revokes a key. Once this has answered, no call is admitted with it. */
admin.delete('/api/v1/admin/keys/:keyId', async (c) => {
  const keyId = z.uuid().safeParse(c.req.param('keyId'))
  if (!keyId.success) throw new AppError('keyNotFound')
  await revokeKey(c.env, keyId.data)
  return c.body(null, 204)
})

function userId(c: Context<AppContext>): string {
  const parsed = z.uuid().safeParse(c.req.param('userId'))
  if (!parsed.success) throw new AppError('userNotFound')
  return parsed.data
}

async function read<T>(c: Context<AppContext>, schema: z.ZodType<T>): Promise<T> {
  const json: unknown = await c.req.json().catch(() => {
    throw new AppError('invalidRequest', { message: 'The request body is not valid JSON.' })
  })
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const fields = result.error.issues.map((issue) => ({ field: issue.path.join('.'), problem: issue.message }))
  throw new AppError('validationFailed', { details: { fields } })
}

/** Compares digests, so that the time it takes tells nothing of the token. */
async function isOperator(env: Bindings, authorization: string | undefined): Promise<boolean> {
  const digest = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [sent, own] = await Promise.all([digest(authorization ?? ''), digest(`Bearer ${settings(env).OPERATOR_TOKEN}`)])
  return crypto.subtle.timingSafeEqual(sent, own)
}

function isDollars(text: string): boolean {
  return /^\d{1,9}(\.\d{1,8})?$/.test(text) && amount(text) > 0n
}
