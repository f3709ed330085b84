/**
 * A stand-in for Stripe: enough of its API for one-off payments by Checkout, refunds and disputes, spoken to by Stripe's own SDK
 * (`new Stripe(key, { host, port, protocol: 'http' })`), a page to pay at, and signed webhooks. No money moves.
 *
 * `/v1/…` is the API (`stripe/api.ts`), `/pay/:session` the page, `/control/…` makes happen what buyers, banks and networks do
 * (`stripe/control.ts`, `courier-control.ts`). What it knows is kept in a file, if it is given one.
 */
import * as z from 'zod'
import { Courier } from './courier.ts'
import { controlCourier } from './courier-control.ts'
import { type Answer, type Asked, json, openHttpDoor } from './http-door.ts'
import { Shelves } from './shelves.ts'
import { Api } from './stripe/api.ts'
import { controlPayments } from './stripe/control.ts'
import { payPage, receiptPage } from './stripe/page.ts'
import { RefusedError } from './stripe/refused.ts'
import { stripeSigner, type WebhookSecrets } from './stripe/sign.ts'
import { Till } from './stripe/till.ts'

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

export type StripeDoor = { url: string; stop(): Promise<void> }

/** Opens the stand-in on 127.0.0.1. Rejects if the port is taken. */
export async function startStripe(options: StripeOptions): Promise<StripeDoor> {
  const shelves = new Shelves(options.file)
  const courier = new Courier({
    shelves,
    targets: options.targets ?? [],
    sign: stripeSigner(options.webhookSecrets),
    ...(options.retryMs ? { retryMs: options.retryMs } : {}),
  })
  const till = new Till(shelves, courier, () => `${door.url}/receipts`)
  const door = await openHttpDoor(options.port, (asked) => answer({ till, courier, api }, asked))
  const api = new Api({ till, url: door.url, secretKey: options.secretKey })
  const timer = setInterval(() => till.expireDue(), EXPIRE_EVERY_MS).unref()
  return {
    url: door.url,
    stop: async () => {
      clearInterval(timer)
      courier.stop()
      await door.stop()
    },
  }
}

type Parts = { till: Till; courier: Courier; api: Api }

async function answer({ till, courier, api }: Parts, asked: Asked): Promise<Answer> {
  if (asked.path.startsWith('/v1/')) return api.answer(asked)
  if (asked.path.startsWith('/pay/')) return payPage(till, asked)
  if (asked.path.startsWith('/receipts/')) return receiptPage(till, asked)
  try {
    const told = controlPayments(till, asked) ?? (await controlCourier(courier, asked))
    return told ?? json(404, { problem: 'There is nothing here. See the top of workers/local/stripe.ts.' })
  } catch (thrown) {
    if (thrown instanceof RefusedError) return thrown.answer()
    if (thrown instanceof z.ZodError) return json(400, { problem: z.prettifyError(thrown) })
    throw thrown
  }
}
