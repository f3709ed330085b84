/** The receipt of a payment: for programs as JSON, for people as one page that prints well. */
import * as z from 'zod'
import { AppError } from '../base/errors.ts'
import { html } from '../base/html.ts'
import { Id, Moment } from '../base/wire.ts'
import { add, amount, format, subtract, ZERO } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { nameOf } from './packages.ts'
import { Method, ReversalAnswer } from './payment-answer.ts'
import { isEffective } from './provider.ts'
import type { Known } from './payments.ts'

const NUMBER_CHARS = 12
const METHOD_NAMES = { stripe: 'Card (Stripe)', coinbase: 'USDC (Coinbase)' } as const

export const Receipt = z.object({
  number: z.string(),
  payment_id: Id,
  issued_at: Moment,
  buyer: z.object({ id: Id, email: z.string() }),
  lines: z.array(
    z.object({ description: z.string(), quantity: z.int(), unit_price_usd: Dollars, amount_usd: Dollars }),
  ),
  total_usd: Dollars,
  currency: z.string(),
  method: Method,
  /** The provider's id of the payment. */
  provider_reference: z.string().nullable(),
  reversals: z.array(ReversalAnswer.omit({ id: true })),
  /** What is left of the total after what went back. */
  balance_usd: Dollars,
})
type Receipt = z.output<typeof Receipt>

/** Throws `notPaid` for a payment that does not count. */
export function receiptOf({ payment, reversals }: Known, buyer: { id: string; email: string }): Receipt {
  const { id, completedAt, currency, paymentMethod, reference, paymentId } = payment
  if (completedAt === null) throw new AppError('notPaid')
  const total = amount(payment.receivedUsd ?? payment.amountUsd)
  const back = reversals.filter(({ outcome }) => isEffective(outcome)).map(({ amountUsd }) => amount(amountUsd))
  const description = nameOf(payment)
  const line = { description, quantity: 1, unit_price_usd: format(total), amount_usd: format(total) }
  return Receipt.parse({
    number: `AL-${id.replaceAll('-', '').slice(0, NUMBER_CHARS).toUpperCase()}`,
    payment_id: id,
    issued_at: completedAt,
    buyer,
    lines: [line],
    total_usd: format(total),
    currency,
    method: paymentMethod,
    provider_reference: reference ?? paymentId,
    reversals: reversals.map(({ kind, amountUsd, outcome, createdAt }) => ({
      kind,
      amount_usd: amountUsd,
      outcome,
      created_at: createdAt,
    })),
    balance_usd: format(subtract(total, back.reduce(add, ZERO))),
  })
}

/** The same as a page. Nothing is fetched for it, and nothing in it runs. */
export function receiptPage(receipt: Receipt): Response {
  const { number, issued_at, buyer, lines, total_usd, method, provider_reference, reversals, balance_usd } = receipt
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Receipt ${number}</title>
        <style>
          body {
            margin: 3rem auto;
            max-width: 40rem;
            padding: 0 1rem;
            font:
              1rem/1.5 system-ui,
              sans-serif;
            color: #111;
            background: #fff;
          }
          h1 {
            margin: 0 0 2rem;
            font-size: 1.5rem;
          }
          dl {
            display: grid;
            grid-template-columns: 10rem 1fr;
            margin: 0 0 2rem;
          }
          dt {
            color: #555;
          }
          dd {
            margin: 0;
            overflow-wrap: anywhere;
          }
          table {
            width: 100%;
            border-collapse: collapse;
          }
          th,
          td {
            padding: 0.5rem 0;
            border-bottom: 1px solid #ddd;
            text-align: left;
          }
          td:last-child,
          th:last-child {
            text-align: right;
            font-variant-numeric: tabular-nums;
          }
          tfoot th {
            border: 0;
          }
          @media print {
            body {
              margin: 0;
            }
          }
        </style>
      </head>
      <body>
        <h1>AgentLink receipt</h1>
        <dl>
          <dt>Number</dt>
          <dd>${number}</dd>
          <dt>Date</dt>
          <dd>${day(issued_at)}</dd>
          <dt>Buyer</dt>
          <dd>${buyer.email}</dd>
          <dt>Paid with</dt>
          <dd>${METHOD_NAMES[method]}</dd>
          <dt>Reference</dt>
          <dd>${provider_reference ?? ''}</dd>
        </dl>
        <table>
          <thead>
            <tr>
              <th scope="col">Description</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            ${lines.map((line) => row(line.description, `$${line.amount_usd}`))}
            ${reversals.map((one) =>
              row(
                `${one.kind === 'refund' ? 'Refund' : 'Dispute'} of ${day(one.created_at)}, ${one.outcome}`,
                back(one),
              ),
            )}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total paid</th>
              <th>$${total_usd}</th>
            </tr>
            <tr>
              <th scope="row">After what went back</th>
              <th>$${balance_usd}</th>
            </tr>
          </tfoot>
        </table>
      </body>
    </html>`
  return new Response(page.text, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    },
  })
}

function row(description: string, value: string) {
  return html`<tr>
    <td>${description}</td>
    <td>${value}</td>
  </tr>`
}

/** What did not go back after all stands there without taking anything off. */
function back({ amount_usd, outcome }: Receipt['reversals'][number]): string {
  return isEffective(outcome) ? `−$${amount_usd}` : '$0.00'
}

function day(moment: string): string {
  return moment.slice(0, 10)
}
