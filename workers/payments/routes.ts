/** Buying calls and prepaid balance: what there is, paying, what became of it, receipts. */
import { Hono } from 'hono'
import * as z from 'zod'
import { developer } from '../auth/auth.ts'
import { AppError, refuseField } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { pageOf, PageQuery } from '../base/page.ts'
import { anyone, routesOf } from '../base/route.ts'
import { throttle } from '../base/throttle.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { amount, format, fromUnits } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { unitValueOf } from '../quota/bought.ts'
import { checkout } from './checkout.ts'
import { PACKAGE_NAMES, PACKAGES, TOP_UP_MAX, TOP_UP_MIN } from './packages.ts'
import { Method, PaymentAnswer, PaymentInFull, shown, shownInFull, Status } from './payment-answer.ts'
import { ownPayment, paymentsOf, type Known } from './payments.ts'
import { openMethods } from './providers.ts'
import { Receipt, receiptOf, receiptPage } from './receipt.ts'
import { sync } from './sync.ts'
import type { AppContext, Bindings } from '../env.ts'

export const paymentRoutes = new Hono<AppContext>()
const route = routesOf(
  paymentRoutes,
  'Payments',
  'Packages of calls, and prepaid balance for agents dearer than a unit. Pay on the page that a checkout opens; a payment counts once its provider confirms it.',
)

/** How often somebody may open checkouts, and have a payment looked after at its provider. */
const CHECKOUTS = { name: 'checkout', limit: 30, windowSeconds: 600 }
const REFRESHES = { name: 'payment-refresh', limit: 60, windowSeconds: 60 }
const REQUEST_KEY = /^[\x21-\x7e]{1,255}$/

const Cents = z
  .string()
  .regex(/^\d{1,5}(\.\d{1,2})?$/, 'must be a decimal string of dollars and whole cents, such as "25.00"')
  .refine(
    (text) => !/^\d{1,5}(\.\d{1,2})?$/.test(text) || (amount(text) >= TOP_UP_MIN && amount(text) <= TOP_UP_MAX),
    `must be from ${format(TOP_UP_MIN)} to ${format(TOP_UP_MAX)}`,
  )

route(
  'GET /api/v1/payments/packages',
  {
    summary: 'What can be bought, and how it can be paid',
    who: anyone,
    limit: { name: 'packages', perMinute: 120 },
    answer: z.object({
      packages: z.array(
        z.object({
          id: z.enum(PACKAGE_NAMES),
          name: z.string(),
          calls: z.int(),
          price_usd: Dollars,
          price_per_call_usd: Dollars,
        }),
      ),
      top_up: z.object({ min_usd: Dollars, max_usd: Dollars }),
      methods: z.array(Method),
      currency: z.literal('USD'),
    }),
    cache: 'public',
  },
  async ({ env }) => ({
    packages: PACKAGE_NAMES.map((id) => {
      const { name, calls, price } = PACKAGES[id]
      const unit = fromUnits(unitValueOf({ calls, price }) ?? 0)
      return { id, name, calls, price_usd: format(price), price_per_call_usd: format(unit) }
    }),
    top_up: { min_usd: format(TOP_UP_MIN), max_usd: format(TOP_UP_MAX) },
    methods: await openMethods(env),
    currency: 'USD' as const,
  }),
)

route(
  'POST /api/v1/payments/checkout',
  {
    summary: 'Open a page to pay at',
    description:
      'Either a `package` or a `top_up_usd` of whole cents. With an `Idempotency-Key`, asking again for the same gives the same payment, and goes on where a failed try ended.',
    who: developer,
    body: z
      .object({
        package: z.enum(PACKAGE_NAMES).optional(),
        top_up_usd: Cents.optional(),
        method: Method,
      })
      .refine(({ package: bought, top_up_usd }) => (bought === undefined) !== (top_up_usd === undefined), {
        path: ['package'],
        message: 'either this or top_up_usd',
      }),
    answer: z.object({ payment_id: Id, checkout_url: z.string(), expires_at: Moment }),
    status: 201,
    errors: [
      'paymentMethodOff',
      'checkoutOver',
      'idempotencyMismatch',
      'rateLimited',
      'checkoutRefused',
      'checkoutUnavailable',
    ],
  },
  async ({ c, env, me, body }) => {
    const key = c.req.header('idempotency-key') ?? null
    if (key !== null && !REQUEST_KEY.test(key))
      throw refuseField('Idempotency-Key', 'is at most 255 visible ASCII characters')
    await throttle(env, { ...CHECKOUTS, key: me.id })
    const bought = body.package
    const order =
      bought === undefined
        ? { package: null, calls: 0, price: amount(body.top_up_usd ?? '0') }
        : { package: bought, ...PACKAGES[bought] }
    const { paymentId, url, expiresAt } = await checkout(env, { ...order, userId: me.id, method: body.method, key })
    return { payment_id: paymentId, checkout_url: url, expires_at: expiresAt }
  },
)

route(
  'GET /api/v1/payments/history',
  {
    summary: 'Your payments, newest first',
    who: developer,
    query: PageQuery.extend({ status: Status.optional() }),
    answer: pageOf(PaymentAnswer),
  },
  async ({ env, me, query: { status, ...page } }) => {
    const { items, next_cursor } = await paymentsOf(env, { userId: me.id, status }, page)
    return { items: items.map(shown), next_cursor }
  },
)

route(
  'GET /api/v1/payments/:id',
  {
    summary: 'One of your payments',
    description:
      'With `refresh=true` its provider is asked first: for the page that a buyer returns to. While the provider cannot be reached, the answer is what we know.',
    who: developer,
    params: IdParams,
    query: z.object({ refresh: z.enum(['true', 'false']).default('false') }),
    answer: PaymentInFull,
    errors: ['notFound', 'rateLimited'],
  },
  async ({ env, me, params, query }) => {
    const found = await ownPayment(env, me.id, params.id)
    if (query.refresh === 'false') return shownInFull(found)
    await throttle(env, { ...REFRESHES, key: me.id })
    return shownInFull(await refreshed(env, found))
  },
)

route(
  'GET /api/v1/payments/:id/receipt',
  {
    summary: 'The receipt of a payment',
    description: 'JSON; or a page to print, with `format=html` or for who accepts HTML before JSON.',
    who: developer,
    params: IdParams,
    query: z.object({ format: z.enum(['json', 'html']).optional() }),
    answer: Receipt,
    errors: ['notFound', 'notPaid'],
  },
  async ({ c, env, me, params, query }) => {
    const receipt = receiptOf(await ownPayment(env, me.id, params.id), me)
    const wanted = query.format ?? (c.req.header('accept')?.startsWith('text/html') ? 'html' : 'json')
    return wanted === 'html' ? receiptPage(receipt) : receipt
  },
)

/** The payment as its provider has it, or as we know it while that cannot be asked. */
async function refreshed(env: Bindings, found: Known): Promise<Known> {
  try {
    return await sync(env, found.payment.id)
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown
    log.warn('payments.not_refreshed', { payment_id: found.payment.id, error: describe(thrown) })
    return ownPayment(env, found.payment.userId, found.payment.id)
  }
}
