/**
 * A stand-in for Coinbase Business Checkouts, the successor of Coinbase Commerce's charges (shut down on 31 March 2026).
 * `/api/v1/checkouts…` is the API, also under `/sandbox`; `/pay/:checkout` the page; `/` shows the latest checkouts; `/control/…` makes happen what buyers, chains
 * and networks do (`coinbase/control.ts`, `courier-control.ts`). What it knows is kept in a file, if it is given one.
 *
 * Found in Coinbase's documentation (docs.cdp.coinbase.com, read in November 2026):
 *
 * - paths, fields, limits, statuses: /api-reference/business-api/rest-api/checkouts/{introduction,create-checkout,get-checkout,
 *   list-checkouts,deactivate-checkout,refund-checkout}. A checkout takes one payment of one amount, and then is over. Refunds
 *   are PENDING first, then COMPLETED or FAILED.
 * - the sandbox is the same under `/sandbox`, with the same keys: /coinbase-business/checkout-apis/sandbox
 * - events, their bodies, and the signature: /coinbase-business/checkout-apis/webhooks and /webhooks/verify-signatures (`coinbase/sign.ts`)
 * - the bearer token: /get-started/authentication/jwt-authentication (`coinbase/token.ts`)
 * - idempotency keys are UUIDs of version 4, kept for 24 hours, refused for another request: /api-reference/v2/idempotency
 * - errors are `{errorType, errorMessage, correlationId, errorLink}`: /api-reference/v2/errors
 *
 * Not found, and assumed here:
 *
 * - a payment of another amount than asked: no status or event is for it. Too little ends as FAILED, too much as COMPLETED with
 *   a larger `settlement.totalAmount`.
 * - the fee: shown to each merchant only. The 1.25 % of the examples is taken.
 * - when a checkout expires that does not say: one hour on one page, 24 hours in other copies. One hour is taken.
 * - an event's mode, or an event's id in its body: neither is there. The id is in the header `x-event-id`.
 * - how often deliveries are repeated, and whether a secret can be rolled while the old one still signs.
 * - the status of a key used for another request: 422 `idempotency_error` is taken, from the list of errors.
 *
 * Otherwise than Coinbase, redirects may go to http on this machine.
 */
import * as z from 'zod'
import { answerApi, type Api } from './coinbase/api.ts'
import { controlCheckouts } from './coinbase/control.ts'
import { Checkouts } from './coinbase/checkouts.ts'
import { dashboard, payPage } from './coinbase/page.ts'
import { RefusedError } from './coinbase/refused.ts'
import { coinbaseSigner } from './coinbase/sign.ts'
import { publicKeyOf } from './coinbase/token.ts'
import { Courier, type WebhookSecrets } from './courier.ts'
import { afterwards, controlCourier } from './courier-control.ts'
import { type Answer, type Asked, type CUT, type HttpDoor, json, openHttpDoor } from './http-door.ts'
import { Idempotency } from './idempotency.ts'
import { Outage } from './outage.ts'
import { Shelves } from './shelves.ts'

const EXPIRE_EVERY_MS = 1_000

export type CoinbaseOptions = {
  /** 0: any free one. */
  port: number
  keyId: string
  /** Base64 (Ed25519) or PEM (ES256), as the Worker has it; only its public half is used. */
  keySecret: string
  webhookSecrets: WebhookSecrets
  /** Where events are posted to. */
  targets?: string[]
  file?: string
  retryMs?: number[]
}

/** Opens the stand-in on 127.0.0.1. Rejects if the port is taken. */
export async function startCoinbase(options: CoinbaseOptions): Promise<HttpDoor> {
  const { port, keyId, keySecret, webhookSecrets, targets = [], file, retryMs } = options
  const shelves = new Shelves(file)
  const courier = new Courier({ shelves, targets, sign: coinbaseSigner(webhookSecrets), ...(retryMs && { retryMs }) })
  const checkouts = new Checkouts(shelves, courier)
  const idempotency = new Idempotency(shelves)
  const api: Api = { checkouts, shelves, idempotency, url: '', keyId, publicKey: publicKeyOf(keySecret) }
  const outage = new Outage()
  const door = await openHttpDoor(port, (asked) => answer({ api, courier, outage, shelves }, asked))
  api.url = door.url
  const timer = setInterval(() => shelves.together(() => checkouts.expireDue()), EXPIRE_EVERY_MS).unref()
  return {
    url: door.url,
    stop: async () => {
      clearInterval(timer)
      courier.stop()
      await door.stop()
    },
  }
}

type Parts = { api: Api; courier: Courier; outage: Outage; shelves: Shelves }

async function answer({ api, courier, outage, shelves }: Parts, asked: Asked): Promise<Answer | typeof CUT> {
  const { checkouts } = api
  if (/^(\/sandbox)?\/api\/v1\//.test(asked.path)) return outage.around(() => answerApi(api, asked))
  if (asked.path.startsWith('/pay/')) return shelves.together(() => payPage(checkouts, asked))
  if (asked.path === '/') return dashboard(checkouts)
  try {
    const told = shelves.together(() => controlCheckouts(checkouts, asked)) ?? outage.control(asked)
    return afterwards(asked, told ?? (await controlCourier(courier, asked)))
  } catch (thrown) {
    if (thrown instanceof RefusedError) return thrown.answer()
    if (thrown instanceof z.ZodError) return json(400, { problem: z.prettifyError(thrown) })
    throw thrown
  }
}
