/** `POST /v1/checkout/sessions`: reads what Stripe reads, and refuses what it would refuse. Only one-off payments are modelled. */
import * as z from 'zod'
import type { Books } from './books.ts'
import type { Form } from './form.ts'
import { newLineItem, newSession } from './session-shape.ts'
import { Metadata, readParams, whole } from './params.ts'
import { RefusedError } from './refused.ts'
import { newId, seconds, type Session } from './things.ts'

const MINUTE = 60
const DAY = 24 * 60 * MINUTE
const CENTS_MIN = 50
const CENTS_MAX = 99_999_999

const NewSession = z.strictObject({
  mode: z.literal('payment'),
  ui_mode: z.literal('hosted_page').optional(),
  line_items: z
    .array(
      z.strictObject({
        quantity: whole,
        price_data: z.strictObject({
          currency: z.string().regex(/^[a-zA-Z]{3}$/, 'Invalid currency'),
          unit_amount: whole,
          product_data: z.strictObject({ name: z.string().min(1), description: z.string().optional() }),
          tax_behavior: z.string().optional(),
        }),
      }),
    )
    .min(1)
    .max(100),
  success_url: z.url({ protocol: /^https?$/, error: 'Not a valid URL' }),
  cancel_url: z.url({ protocol: /^https?$/, error: 'Not a valid URL' }).optional(),
  client_reference_id: z.string().max(200).optional(),
  customer_email: z.email().optional(),
  metadata: Metadata.default({}),
  payment_intent_data: z
    .strictObject({
      metadata: Metadata.default({}),
      description: z.string().optional(),
      statement_descriptor_suffix: z.string().max(22).optional(),
    })
    .optional(),
  payment_method_types: z.array(z.string()).min(1).default(['card']),
  expires_at: whole.optional(),
  locale: z.string().optional(),
  submit_type: z.string().optional(),
})

/** Opens a session from a form. Throws Stripe's refusal. */
export function openSession(books: Books, form: Form, { url, livemode }: { url: string; livemode: boolean }): Session {
  const { line_items: lines, payment_intent_data: intentData, ...given } = readParams(NewSession, form)
  const currencies = new Set(lines.map((line) => line.price_data.currency.toLowerCase()))
  const [currency = ''] = currencies
  if (currencies.size > 1) throw new RefusedError('All line items must be in the same currency.', 'line_items')
  const amount = lines.reduce((sum, line) => sum + line.quantity * line.price_data.unit_amount, 0)
  if (amount < CENTS_MIN)
    throw new RefusedError(
      "The Checkout Session's total amount due must add up to at least $0.50 usd",
      undefined,
      'amount_too_small',
    )
  if (amount > CENTS_MAX)
    throw new RefusedError(
      "The Checkout Session's total amount must be no more than $999,999.99",
      undefined,
      'amount_too_large',
    )
  const expiresAt = given.expires_at ?? seconds() + DAY
  const lifetime = expiresAt - seconds()
  // A minute of grace for whoever computes half an hour and then takes a moment to ask.
  if (lifetime < 29 * MINUTE || lifetime > DAY + MINUTE)
    throw new RefusedError(
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      'expires_at',
    )
  const id = newId(`cs_${livemode ? 'live' : 'test'}_a1`, 56)
  const session = newSession({
    id,
    url: `${url}/pay/${id}`,
    livemode,
    amount,
    currency,
    success_url: given.success_url,
    cancel_url: given.cancel_url ?? null,
    client_reference_id: given.client_reference_id ?? null,
    customer_email: given.customer_email ?? null,
    metadata: given.metadata,
    payment_method_types: given.payment_method_types,
    expires_at: expiresAt,
  })
  const items = lines.map(({ quantity, price_data: price }) =>
    newLineItem({ name: price.product_data.name, unitAmount: price.unit_amount, quantity, currency, livemode }),
  )
  books.orders.put(id, {
    items,
    intentMetadata: intentData?.metadata ?? {},
    description: intentData?.description ?? null,
    door: url,
  })
  return books.sessions.put(id, session)
}
