/** Buying as tests do it: a developer at the checkout, what happens at the till, and the webhooks that tell of it. */
import { runDurableObjectAlarm, SELF } from 'cloudflare:test'
import { inArray, sql } from 'drizzle-orm'
import { expect } from 'vitest'
import { db } from '../base/db.ts'
import { settings } from '../env.ts'
import { newId } from '../base/ids.ts'
import { amount, format, toUnits, type Amount } from '../money/amount.ts'
import { callLogs } from '../quota/tables.ts'
import type { AccountObject } from '../quota/account.object.ts'
import { bindings, api, signIn, type Account } from './world.ts'
import { control, hooks, type SignedRequest } from './tills.ts'

export type Method = 'stripe' | 'coinbase'
export type Bought = { id: string; url: string; method: Method; developer: Account }

const WAIT_MS = 15_000

export const tillOf = (method: Method): string =>
  method === 'stripe' ? settings(bindings).STRIPE_BASE_URL : settings(bindings).COINBASE_BASE_URL

/** An order at the checkout, not paid yet. */
export async function order(
  what: { package: string } | { top_up_usd: string },
  { method = 'stripe', developer }: { method?: Method; developer?: Account } = {},
): Promise<Bought> {
  const buyer = developer ?? (await signIn('developer'))
  const { status, body } = await api('POST /api/v1/payments/checkout', { as: buyer, body: { ...what, method } })
  if (status !== 201) throw new Error(`The checkout answered ${status}: ${JSON.stringify(body)}`)
  return { id: body.payment_id, url: body.checkout_url, method, developer: buyer }
}

/** Makes something happen to a payment at its till. */
export function happens({ id, method }: Bought, what: string, more: object = {}): Promise<unknown> {
  return control(tillOf(method), what, { payment: id, ...more })
}

/** The webhooks that tell of a payment, signed now. */
export function news({ id, method }: Bought, wanted: object = {}): Promise<SignedRequest[]> {
  return hooks(tillOf(method), { about: id, ...wanted })
}

/** Posts a webhook through the Worker's door, whoever's it is. */
export async function post(
  method: Method,
  { headers, body }: Pick<SignedRequest, 'headers' | 'body'>,
): Promise<number> {
  const url = `https://agentlink.test/api/v1/payments/webhook/${method}`
  const response = await SELF.fetch(url, { method: 'POST', headers, body })
  await response.body?.cancel()
  return response.status
}

/** Delivers all that there is to tell of a payment. */
export async function deliverAll(bought: Bought): Promise<void> {
  for (const request of await news(bought)) expect(await post(bought.method, request)).toBe(200)
}

/** A payment that is paid and has been told of, once it is credited. */
export async function paid(...asked: Parameters<typeof order>): Promise<Bought> {
  const bought = await order(...asked)
  await happens(bought, 'pay')
  await refreshed(bought)
  return bought
}

/** The payment after its provider was asked. */
export async function refreshed({ id, developer }: Bought) {
  const { status, body } = await api(`GET /api/v1/payments/${id}?refresh=true`, { as: developer })
  expect(status).toBe(200)
  return body
}

/** The payment as we have it. */
export async function stateOf({ id, developer }: Bought) {
  return (await api(`GET /api/v1/payments/${id}`, { as: developer })).body
}

/** The payment, once it fits: the queue takes a moment. */
export async function eventually(bought: Bought, fits: (payment: Record<string, unknown>) => boolean) {
  for (const deadline = Date.now() + WAIT_MS; ;) {
    const payment = await stateOf(bought)
    if (fits(payment) || Date.now() > deadline) return payment
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** What an account may still call and spend. */
export async function quotaOf({ developer }: Bought) {
  const { body } = await api('GET /api/v1/developers/quota', { as: developer })
  return { calls: body.calls.remaining as number, balance: body.balance_usd as string, lots: body.lots }
}

/** Balances of the ledger by account, those of nothing left out. */
export async function books(accounts: string[]): Promise<Record<string, string>> {
  const list = JSON.stringify(accounts)
  const { rows } = await db(bindings).execute<{ account: string; balance: string }>(
    sql`SELECT account, balance FROM ledger_balances
      WHERE account IN (SELECT jsonb_array_elements_text(${list}::jsonb)) AND balance <> 0`,
  )
  return Object.fromEntries(rows.map(({ account, balance }) => [account, format(amount(balance))]))
}

/** What all accounts together come to: nothing. */
export async function total(): Promise<Amount> {
  const { rows } = await db(bindings).execute<{ sum: string }>(sql`SELECT sum(balance) AS sum FROM ledger_balances`)
  return amount(rows[0]?.sum ?? '0')
}

/** The object of the buyer's account. */
export function accountOf({ developer }: Pick<Bought, 'developer'>): DurableObjectStub<AccountObject> {
  return bindings.ACCOUNT.get(bindings.ACCOUNT.idFromName(developer.id))
}

export type Use = { creatorId: string; price: string; id?: string }

/** Lets the buyer's account admit a call. */
export async function begin(
  bought: Pick<Bought, 'developer'>,
  { creatorId, price, id = newId() }: Use,
): Promise<string> {
  const admission = await accountOf(bought).admit({
    v: 1,
    callId: id,
    requestId: id,
    accountId: bought.developer.id,
    keyId: newId(),
    agentId: newId(),
    agentVersion: 1,
    creatorId,
    provider: 'openai',
    model: 'm',
    stream: false,
    price: toUnits(amount(price)),
    trial: false,
    leaseMs: 600_000,
  })
  if (admission.kind !== 'admitted') throw new Error(`The call was not admitted: ${JSON.stringify(admission)}`)
  return id
}

/** Ends a call. */
export async function end(bought: Pick<Bought, 'developer'>, id: string, charge: boolean): Promise<void> {
  const counts = { inputTokens: 1, outputTokens: 1, latencyMs: 1, firstContentMs: 1 }
  const outcome = charge
    ? ({ status: 'success', errorCode: null } as const)
    : ({ status: 'error', errorCode: '50201' } as const)
  await accountOf(bought).settle({ v: 1, callId: id, charge, ...outcome, ...counts })
}

/** Lets the buyer make calls that succeed, and waits until they are booked. */
export async function use(bought: Pick<Bought, 'developer'>, uses: Use[]): Promise<string[]> {
  const ids: string[] = []
  for (const one of uses) {
    const id = await begin(bought, one)
    await end(bought, id, true)
    ids.push(id)
  }
  await booked(bought, ids)
  return ids
}

/** Waits until these calls are in the log. */
export async function booked(bought: Pick<Bought, 'developer'>, ids: string[]): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; ;) {
    await runDurableObjectAlarm(accountOf(bought))
    const rows = await db(bindings).select({ id: callLogs.id }).from(callLogs).where(inArray(callLogs.id, ids))
    if (rows.length === ids.length) return
    if (Date.now() > deadline) throw new Error(`${rows.length} of ${ids.length} calls are booked.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Takes away the calls that an account is given, so that the next one is drawn from what was bought. */
export async function withoutGift(bought: Bought): Promise<Bought> {
  await accountOf(bought).takeBack({ v: 1, id: 'gift', lotId: 'promotional', max: 100 })
  return bought
}
