/** The pages of Coinbase: where a buyer pays, and what the shop sees. */
import { deskPage, type Row } from '../desk.ts'
import { escape, html } from '../html.ts'
import { type Answer, type Asked, seeOther } from '../http-door.ts'
import { type Checkout, type Checkouts, HOWS } from './checkouts.ts'

const LISTED = 50

/** `/pay/:checkout` shown, or a button of it pressed. Pressed twice it does the same once. */
export function payPage(checkouts: Checkouts, { method, path, body }: Asked): Answer {
  checkouts.expireDue()
  const checkout = checkouts.find(path.split('/')[2] ?? '')
  if (!checkout) return html(404, 'Nothing to pay', '<p>There is no such page.</p>')
  if (method !== 'POST') return shown(checkout)
  const pressed = new URLSearchParams(body).get('how')
  if (pressed === 'cancel') return wayBack(checkout.failRedirectUrl) ?? shown(checkout)
  if (pressed === 'expire') return shown(checkouts.expire(checkout.id))
  const how = HOWS.find((one) => one === pressed)
  if (how === undefined) return html(400, 'Nothing to do', '<p>That is no way to pay.</p>')
  const after = checkouts.pay(checkout.id, how)
  if (after.status === 'COMPLETED') return wayBack(after.successRedirectUrl) ?? shown(after)
  return (after.status === 'FAILED' ? wayBack(after.failRedirectUrl) : undefined) ?? shown(after)
}

/** `/`, as the dashboard: the latest checkouts. */
export function dashboard(checkouts: Checkouts): Answer {
  const rows = checkouts
    .all()
    .slice(0, LISTED)
    .map(({ id, url, status, amount, currency, refunds = [] }): Row => {
      const acts: Row['acts'] = []
      if (status === 'ACTIVE') acts.push(['expire', 'Expire'])
      if (status === 'PROCESSING') acts.push(['settle', 'Settle'])
      if (status === 'COMPLETED' || status === 'PARTIALLY_REFUNDED') acts.push(['refund', 'Refund'])
      if (refunds.some((refund) => refund.status === 'PENDING')) acts.push(['refund/end', 'End the refund'])
      return { payment: id, sum: `${amount} ${currency}`, state: status, url: status === 'ACTIVE' ? url : null, acts }
    })
  return deskPage('Coinbase', rows)
}

function shown(checkout: Checkout): Answer {
  const { status, amount, currency, network, description = '', successRedirectUrl } = checkout
  const sum = `<p class="sum">${escape(`${amount} ${currency}`)}</p>`
  if (status !== 'ACTIVE') {
    const link =
      successRedirectUrl === undefined ? '' : `<p><a href="${escape(successRedirectUrl)}">Back to the shop</a></p>`
    return html(200, 'Checkout', `${sum}<p>${TELLING[status]}</p>${status === 'COMPLETED' ? link : ''}`)
  }
  const buttons = [
    ['exact', `Pay ${amount} ${currency}`],
    ['pending', 'Pay, with the chain taking its time'],
    ['under', 'Send too little'],
    ['over', 'Send twice as much'],
    ['fail', 'Let the payment fail'],
    ['expire', 'Let it expire'],
    ['cancel', 'Back without paying'],
  ].map(([how, label]) => `<button name="how" value="${how}">${escape(label ?? '')}</button>`)
  const line = `<ul><li>${escape(description)}<span>${escape(network)}</span></li></ul>`
  return html(200, 'Checkout', `${sum}${line}<form class="pay" method="post">${buttons.join('')}</form>`)
}

const TELLING: Record<Exclude<Checkout['status'], 'ACTIVE'>, string> = {
  PROCESSING: 'The payment has been seen on the chain and is being settled.',
  DEACTIVATED: 'The shop has withdrawn this page. Nothing was taken.',
  EXPIRED: 'This page has expired. Nothing was taken.',
  COMPLETED: 'Already paid. Nothing more is taken.',
  FAILED: 'The payment has failed. What was sent goes back.',
  REFUNDED: 'Paid and refunded.',
  PARTIALLY_REFUNDED: 'Paid, and refunded in part.',
}

function wayBack(url: string | undefined): Answer | undefined {
  return url === undefined ? undefined : seeOther(url)
}
