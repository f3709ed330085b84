/** What a notification says: the only place where the words stand. Plain text, for the list and for the mail alike. */
import { amount, format } from '../money/amount.ts'
import type { PlatformEvent } from './events.ts'
import type { Kind } from './preferences.ts'

export type Text = {
  title: string
  body: string
  /** A path of the site. */
  link: string
}

const NAME_CHARS_MAX = 80
/** The path of a published agent's page. */
const AGENT = (slug: string): string => `/agents/${encodeURIComponent(slug)}`
const BILLING = '/developer/billing'
const EARNINGS = '/creator/earnings'

/** The words for an event that is worth a notification. */
export function textOf(event: Extract<PlatformEvent, { type: Kind }>): Text {
  switch (event.type) {
    case 'quota.low':
      return quotaLow(event.data)
    case 'payment.succeeded': {
      const { amount_usd, calls } = event.data
      return {
        title: `Payment of ${dollars(amount_usd)} received`,
        body:
          calls > 0
            ? `${count(calls)} calls were added to your quota.`
            : 'The amount was added to your prepaid balance.',
        link: BILLING,
      }
    }
    case 'payment.failed':
      return {
        title: `Payment of ${dollars(event.data.amount_usd)} not made`,
        body: 'Nothing was charged and nothing was added to your account. You can start a new payment at any time.',
        link: BILLING,
      }
    case 'payment.refunded':
      return paymentRefunded(event.data)
    case 'payment.disputed':
      return paymentDisputed(event.data)
    case 'settlement.closed':
      return {
        title: `Settlement closed: ${dollars(event.data.net_usd)}`,
        body: `Your earnings up to ${day(event.data.period_end)} are settled. You can withdraw them now.`,
        link: EARNINGS,
      }
    case 'withdrawal.updated':
      return withdrawalUpdated(event.data)
    case 'agent.published': {
      const { name, version, price_per_call, slug } = event.data
      return {
        title: `${oneLine(name)} is published`,
        body: `Version ${version} can be called by everybody, at ${dollars(price_per_call)} a call.`,
        link: AGENT(slug),
      }
    }
    case 'agent.price_changed': {
      const { name, old_price_per_call, new_price_per_call, slug } = event.data
      return {
        title: `The price of ${oneLine(name)} has changed`,
        body: `A call costs ${dollars(new_price_per_call)} from now on. Before, it was ${dollars(old_price_per_call)}.`,
        link: AGENT(slug),
      }
    }
    case 'review.created':
      return {
        title: `A new review: ${event.data.rating} of 5`,
        body: 'Somebody who uses your agent has reviewed it. You can reply to it.',
        link: `/creator/agents/${event.data.agent_id}`,
      }
  }
}

function quotaLow({ percent, remaining }: { percent: number; remaining: number }): Text {
  const isUsedUp = remaining <= 0
  return {
    title: isUsedUp ? 'Your quota is used up' : `${percent} % of your calls are left`,
    body: isUsedUp
      ? 'Calls are refused until you buy a package.'
      : `${count(remaining)} ${remaining === 1 ? 'call is' : 'calls are'} left on your account. When they are used up, calls are refused until you buy a package.`,
    link: BILLING,
  }
}

function paymentRefunded({ amount_usd, status }: { amount_usd: string; status: string }): Text {
  const hasFailed = status === 'failed'
  return {
    title: hasFailed
      ? `Refund of ${dollars(amount_usd)} did not arrive`
      : `Refund of ${dollars(amount_usd)} on its way`,
    body: hasFailed
      ? 'The money came back to us, and what it had paid for is on your account again.'
      : 'What it had paid for was taken off your account as far as it was unused.',
    link: BILLING,
  }
}

function paymentDisputed({ amount_usd, status }: { amount_usd: string; status: string }): Text {
  const said: Record<string, [title: string, body: string]> = {
    open: ['is disputed', 'Its calls cannot be used until your bank has decided.'],
    won: ['is no longer disputed', 'Its calls can be used again.'],
    lost: ['went back', 'Your bank has returned the money. What it had paid for is off your account.'],
  }
  const [title = '', body = ''] = said[status] ?? []
  return { title: `Your payment of ${dollars(amount_usd)} ${title}`, body, link: BILLING }
}

function withdrawalUpdated({ status, net_usd }: { status: string; net_usd: string }): Text {
  const said: Record<string, [title: string, body: string]> = {
    completed: ['is paid out', 'The amount has arrived at your wallet.'],
    failed: ['has failed', 'The whole amount is back on your balance. Check your wallet address and try again.'],
    processing: ['is on its way', 'It is being sent to your wallet.'],
  }
  const [title, body] = said[status] ?? [`is ${oneLine(status)}`, 'Its details stand with your earnings.']
  return { title: `Your withdrawal of ${dollars(net_usd)} ${title}`, body, link: EARNINGS }
}

/** A name as its owner wrote it, on one line: a title becomes the subject of a mail. */
function oneLine(name: string): string {
  const line = name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const chars = Array.from(line)
  return chars.length > NAME_CHARS_MAX
    ? `${chars
        .slice(0, NAME_CHARS_MAX - 1)
        .join('')
        .trimEnd()}…`
    : line
}

function dollars(decimal: string): string {
  const text = format(amount(decimal))
  return text.startsWith('-') ? `-$${text.slice(1)}` : `$${text}`
}

function count(calls: number): string {
  return calls.toLocaleString('en-US')
}

function day(moment: Date | string | number): string {
  return new Date(moment).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
}
