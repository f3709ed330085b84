/**
 * A stand-in for Stripe: enough of its API for one-off payments by Checkout, refunds and disputes, spoken to by Stripe's own SDK
 * (`new Stripe(key, { host, port, protocol: 'http' })`), a page to pay at, and signed webhooks. No money moves.
 *
 * `/v1/…` is the API (`stripe/api.ts`), `/pay/:session` the page, `/` shows the latest payments, `/control/…` makes happen what buyers, banks and networks do
 * (`stripe/control.ts`, `courier-control.ts`). What it knows is kept in a file, if it is given one.
 */
import * as z from 'zod'
import { Courier, type WebhookSecrets } from './courier.ts'
import { afterwards, controlCourier } from './courier-control.ts'
import { type Answer, type Asked, type CUT, type HttpDoor, json, openHttpDoor } from './http-door.ts'
import { Idempotency } from './idempotency.ts'
import { Outage } from './outage.ts'
import { Shelves } from './shelves.ts'
import { answerApi, type Api } from './stripe/api.ts'
import { Books } from './stripe/books.ts'
import { controlPayments } from './stripe/control.ts'
import { dashboard, payPage, receiptPage } from './stripe/page.ts'
import { expireDue } from './stripe/pay.ts'
import { RefusedError } from './stripe/refused.ts'
import { stripeSigner } from './stripe/sign.ts'

const EXPIRE_EVERY_MS = 1_000

export type StripeOptions = {
  /** 0: any free one. */
  port: number
  /** The only key that opens the API. One that begins with `sk_live_` makes everything here live. */
  secretKey: string
  webhookSecrets: WebhookSecrets
  /** Where events are posted to. */
  targets?: string[]
  file?: string
  retryMs?: number[]
}

/** Opens the stand-in on 127.0.0.1. Rejects if the port is taken. */
export async function startStripe(options: StripeOptions): Promise<HttpDoor> {
  const { answer, at, expire, stop } = playStripe(options)
  const door = await openHttpDoor(options.port, answer)
  at(door.url)
  const timer = setInterval(expire, EXPIRE_EVERY_MS).unref()
  return {
    url: door.url,
    stop: async () => {
      clearInterval(timer)
      stop()
      await door.stop()
    },
  }
}

export type PlayedStripe = {
  answer: (asked: Asked) => Promise<Answer | typeof CUT>
  /** Says under which address it is reached. */
  at: (url: string) => void
  /** Ends the sessions whose time is over. */
  expire: () => void
  stop: () => void
}

/** The stand-in without a door: for whoever asks it in the same process, and lets time pass for it. */
export function playStripe(options: Omit<StripeOptions, 'port'>): PlayedStripe {
  const { secretKey, webhookSecrets, targets = [], file, retryMs } = options
  const shelves = new Shelves(file)
  const courier = new Courier({ shelves, targets, sign: stripeSigner(webhookSecrets), ...(retryMs && { retryMs }) })
  const books = new Books(shelves, courier)
  const api: Api = { books, idempotency: new Idempotency(shelves), url: '', secretKey }
  const outage = new Outage()
  return {
    answer: (asked) => answer({ api, courier, outage, shelves }, asked),
    at: (url) => void (api.url = url),
    expire: () => shelves.together(() => expireDue(books)),
    stop: () => courier.stop(),
  }
}

type Parts = { api: Api; courier: Courier; outage: Outage; shelves: Shelves }

async function answer({ api, courier, outage, shelves }: Parts, asked: Asked): Promise<Answer | typeof CUT> {
  const { books } = api
  if (asked.path.startsWith('/v1/')) return outage.around(() => shelves.together(() => answerApi(api, asked)))
  if (asked.path.startsWith('/pay/')) return shelves.together(() => payPage(books, asked))
  if (asked.path.startsWith('/receipts/')) return receiptPage(books, asked)
  if (asked.path === '/') return dashboard(books)
  try {
    const told = shelves.together(() => controlPayments(books, asked)) ?? outage.control(asked)
    return afterwards(asked, told ?? (await controlCourier(courier, asked)))
  } catch (thrown) {
    if (thrown instanceof RefusedError) return thrown.answer()
    if (thrown instanceof z.ZodError) return json(400, { problem: z.prettifyError(thrown) })
    throw thrown
  }
}
