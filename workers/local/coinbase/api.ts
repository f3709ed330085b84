/** The Checkouts API: https://docs.cdp.coinbase.com/api-reference/business-api/rest-api/checkouts/introduction */
import * as z from 'zod'
import { type Answer, type Asked, json } from '../http-door.ts'
import type { Idempotency } from '../idempotency.ts'
import type { Shelves } from '../shelves.ts'
import { type Checkouts, STATUSES } from './checkouts.ts'
import { RefusedError } from './refused.ts'
import { type ApiKey, checkToken } from './token.ts'

const EXPIRES_STANDARD_MS = 60 * 60_000
const AMOUNT_MAX = 100_000_000

const amount = z
  .string()
  .max(12)
  .regex(/^\d+(\.\d{1,2})?$/)
/** https, as Coinbase asks, or this machine. */
const redirect = z
  .url()
  .max(2_048)
  .regex(/^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])/)

const NewCheckout = z.strictObject({
  amount: amount.refine((text) => Number(text) >= 0.01 && Number(text) <= AMOUNT_MAX),
  currency: z.literal('USDC'),
  network: z.literal('base').default('base'),
  description: z.string().max(500).exactOptional(),
  expiresAt: z.iso
    .datetime({ offset: true })
    .refine((text) => Date.parse(text) > Date.now(), 'must be in the future')
    .optional(),
  metadata: z
    .record(z.string(), z.string().max(100))
    .refine((pairs) => Object.keys(pairs).length <= 20)
    .default({}),
  successRedirectUrl: redirect.exactOptional(),
  failRedirectUrl: redirect.exactOptional(),
})

const NewRefund = z.strictObject({
  amount,
  currency: z.literal('USDC').optional(),
  reason: z.string().max(500).exactOptional(),
})

const Listed = z.object({
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
  pageToken: z.string().optional(),
  status: z.array(z.enum(STATUSES)).optional(),
  startTime: z.iso.datetime({ offset: true }).optional(),
  endTime: z.iso.datetime({ offset: true }).optional(),
})

export type Api = ApiKey & { checkouts: Checkouts; idempotency: Idempotency; shelves: Shelves; url: string }

/** Answers a request. One with an idempotency key is done once: https://docs.cdp.coinbase.com/api-reference/v2/idempotency. */
export async function answerApi(api: Api, asked: Asked): Promise<Answer> {
  try {
    await checkToken(api, asked)
    return api.shelves.together(() => {
      api.checkouts.expireDue()
      return idempotent(api, asked)
    })
  } catch (thrown) {
    if (thrown instanceof RefusedError) return thrown.answer()
    if (thrown instanceof z.ZodError)
      return new RefusedError('invalid_request', z.prettifyError(thrown).replaceAll('\n', ' ')).answer()
    throw thrown
  }
}

function idempotent(api: Api, asked: Asked): Answer {
  const key = asked.headers['x-idempotency-key']
  if (asked.method !== 'POST' || key === undefined) return route(api, asked)
  if (!z.uuidv4().safeParse(key).success)
    throw new RefusedError('invalid_request', 'The X-Idempotency-Key header must be a UUID of version 4.')
  const kept = api.idempotency.find(String(key), asked)
  if (kept === 'other')
    throw new RefusedError('idempotency_error', 'The idempotency key was used with other request parameters.')
  return kept ?? api.idempotency.keep(String(key), asked, route(api, asked))
}

function route({ checkouts, url }: Api, { method, path, query, body }: Asked): Answer {
  const place = path.replace(/^(\/sandbox)?\/api\/v1\/checkouts/, '')
  if (place === '' && method === 'GET') return json(200, list(checkouts, query))
  if (place === '' && method === 'POST') {
    const { currency: _, expiresAt, ...given } = NewCheckout.parse(readJson(body))
    const standard = new Date(Date.now() + EXPIRES_STANDARD_MS).toISOString()
    return json(201, checkouts.open(url, { ...given, expiresAt: expiresAt ?? standard }))
  }
  const [, id = '', act] = /^\/([0-9a-f]{24})(?:\/(deactivate|refund))?$/.exec(place) ?? []
  if (method === 'GET' && act === undefined) return json(200, checkouts.get(id))
  if (method === 'POST' && act === 'deactivate') return json(200, checkouts.deactivate(id))
  if (method === 'POST' && act === 'refund') {
    const { currency: _, ...asked } = NewRefund.parse(readJson(body))
    return json(200, checkouts.refund(id, asked))
  }
  throw new RefusedError('not_found', 'There is no such resource.')
}

function list(checkouts: Checkouts, query: URLSearchParams): object {
  const asked = Listed.parse({
    ...Object.fromEntries(query),
    status: query.has('status') ? query.getAll('status').flatMap((text) => text.split(',')) : undefined,
  })
  const { pageSize, pageToken, status, startTime, endTime } = asked
  const found = checkouts
    .all()
    .filter((one) => status?.includes(one.status) ?? true)
    .filter((one) => startTime === undefined || Date.parse(one.createdAt) >= Date.parse(startTime))
    .filter((one) => endTime === undefined || Date.parse(one.createdAt) <= Date.parse(endTime))
  const from = pageToken === undefined ? 0 : found.findIndex(({ id }) => id === pageToken) + 1
  const shown = found.slice(from, from + pageSize)
  const last = from + pageSize < found.length ? shown.at(-1)?.id : undefined
  return { checkouts: shown, ...(last === undefined ? {} : { nextPageToken: last }) }
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    throw new RefusedError('invalid_request', 'The request body is not JSON.')
  }
}
