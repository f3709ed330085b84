/** The pages of Stripe: where a buyer pays, the receipt, and what the shop sees. */
import { deskPage, type Row } from '../desk.ts'
import { escape, html } from '../html.ts'
import { type Answer, type Asked, seeOther } from '../http-door.ts'
import type { Books } from './books.ts'
import { expireDue, HOWS, pay } from './pay.ts'
import type { Session } from './things.ts'

const LISTED = 50

/** `/pay/:session` shown, or a button of it pressed. Pressed twice it does the same once. */
export function payPage(books: Books, { method, path, body }: Asked): Answer {
  expireDue(books)
  const session = books.sessions.get(path.split('/')[2] ?? '')
  if (!session) return html(404, 'Nothing to pay', '<p>There is no such page.</p>')
  if (method !== 'POST') return shown(books, session)
  const pressed = new URLSearchParams(body).get('how')
  if (pressed === 'cancel') return session.cancel_url === null ? shown(books, session) : seeOther(session.cancel_url)
  const how = HOWS.find((one) => one === pressed)
  if (how === undefined) return html(400, 'Nothing to do', '<p>That is no way to pay.</p>')
  const after = pay(books, session.id, how)
  return after.status === 'complete' ? seeOther(successUrl(after)) : shown(books, after, how === 'decline')
}

/** `/receipts/:charge`. */
export function receiptPage(books: Books, { path }: Asked): Answer {
  const charge = books.charges.get(path.split('/')[2] ?? '')
  if (!charge?.paid) return html(404, 'No receipt', '<p>There is no such receipt.</p>')
  const refunded =
    charge.amount_refunded === 0 ? '' : `<p>Refunded: ${money(charge.amount_refunded, charge.currency)}</p>`
  return html(
    200,
    'Receipt',
    `<p class="sum">${money(charge.amount, charge.currency)}</p><p>Paid by Visa ending 4242 on ${new Date(charge.created * 1_000).toDateString()}</p>${refunded}`,
  )
}

/** `/`, as the dashboard: the latest payments. */
export function dashboard(books: Books): Answer {
  const latest = books.sessions.all().slice(-LISTED).toReversed()
  const rows = latest.map(({ id, url, status, payment_status: paid, payment_intent: intent, ...session }): Row => {
    const charge = books.charges.all().find((one) => one.paid && one.payment_intent === intent)
    const dispute = books.disputes.all().find((one) => one.charge === charge?.id)
    const acts: Row['acts'] = []
    if (status === 'open') acts.push(['expire', 'Expire'])
    if (status === 'complete' && !charge) acts.push(['settle', 'Settle'])
    if (charge && !charge.refunded && (!dispute || dispute.status === 'won')) acts.push(['refund', 'Refund'])
    if (charge && !dispute) acts.push(['dispute', 'Dispute'])
    if (dispute?.status === 'needs_response') acts.push(['dispute/won', 'Win'], ['dispute/lost', 'Lose'])
    const back = charge?.amount_refunded ? `, refunded ${money(charge.amount_refunded, charge.currency)}` : ''
    return {
      payment: id,
      sum: money(session.amount_total ?? 0, session.currency ?? 'usd'),
      state: `${status}, ${paid}${back}${dispute ? `, dispute ${dispute.status}` : ''}`,
      url,
      acts,
    }
  })
  return deskPage('Stripe', rows)
}

function shown(books: Books, session: Session, isDeclined = false): Answer {
  if (session.status === 'complete')
    return html(
      200,
      'Already paid',
      `<p>Nothing more is taken.</p><p><a href="${escape(successUrl(session))}">Back to the shop</a></p>`,
    )
  if (session.status === 'expired') return html(200, 'Expired', '<p>This page has expired. Nothing was taken.</p>')
  const lines = (books.orders.get(session.id)?.items ?? []).map(
    (item) =>
      `<li>${escape(item.description ?? '')} × ${item.quantity}<span>${money(item.amount_total, item.currency)}</span></li>`,
  )
  const buttons = [
    ['card', `Pay ${money(session.amount_total ?? 0, session.currency ?? 'usd')} by card`],
    ['decline', 'Pay with a card that is declined'],
    ['later', 'Pay by bank debit, which takes days'],
    ...(session.cancel_url === null ? [] : [['cancel', 'Back without paying']]),
  ].map(([how, label]) => `<button name="how" value="${how}">${label}</button>`)
  const alert = isDeclined ? '<p role="alert">Your card was declined. Nothing was taken.</p>' : ''
  return html(
    200,
    'Checkout',
    `<p class="sum">${money(session.amount_total ?? 0, session.currency ?? 'usd')}</p><ul>${lines.join('')}</ul>${alert}<form class="pay" method="post">${buttons.join('')}</form>`,
  )
}

function successUrl(session: Session): string {
  return (session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id)
}

function money(cents: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() }).format(cents / 100)
}
