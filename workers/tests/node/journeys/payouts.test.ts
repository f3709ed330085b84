/**
 * Payouts whose server is killed: the Worker that would be deployed, in workerd with its objects on disk, dies by SIGKILL at a
 * moment of a payout, and with it all that lay in its queues, which is more than the platform ever loses. PostgreSQL and the
 * chain stay. `PAYOUT_KILLS=20 PAYOUT_SEED=7` chooses how often and when.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { createTestClient, getAbiItem, http, publicActions, type Hex } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { baseSepolia } from 'viem/chains'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { mockUsdcAbi } from '../../../../contracts/generated/mock-usdc.ts'
import { settlementAbi } from '../../../../contracts/generated/settlement.ts'
import { addEarnings } from '../../../local/bench/earn.ts'
import { startBuiltWorker, type BuiltWorker } from '../../../local/built-worker.ts'
import { chainVariables, startChain, type Chain } from '../../../local/chain.ts'
import { migrate } from '../../../local/migrate.ts'
import '../../../local/newer-node.ts'
import { startPostgres, type Postgres } from '../../../local/postgres.ts'
import { testBindings } from '../../../local/test-bindings.ts'
import { Random } from '../../simulation/random.ts'

const SEED = Number(process.env['PAYOUT_SEED'] ?? 20_261_125)
/** From 0 up to so many milliseconds after what the name says; at one question to the node, before or after its answer. */
const MOMENTS = {
  'after the request was sent': { ms: 120 },
  'after the request was answered': { ms: 1_000 },
  'at a question before signing': { ms: 0 },
  'signed, and not sent': { ms: 0 },
  'sent, and not heard of': { ms: 0 },
  'sent, and in no block': { ms: 500 },
  'in a block': { ms: 2_500 },
} as const
type Moment = keyof typeof MOMENTS
const ALL = Object.keys(MOMENTS) as Moment[]
const KILLS = Number(process.env['PAYOUT_KILLS'] ?? ALL.length)
const BLOCK_MS = 150
/** As many as the signer asks before it signs, and never less. */
const QUESTIONS_MAX = 14
const GROSS = 11_000_000n
const FEE_PERCENT = 20n

// Named by variables, because what the Worker is typed with does not hold in Node; what it does, does.
const SETTLE = '../../../settlements/settle.ts'
const TOKENS = '../../../auth/access-token.ts'
const PAYOUTS = '../../../chain/payout-work.ts'
type Message = { version: 1; creatorId: string; to: string; asOf: null; expected: null }
type Modules = {
  settle(env: unknown, message: unknown): Promise<Message | null>
  signAccessToken(env: unknown, claims: object): Promise<string>
  payoutKey(chain: { chainId: number; settlement: string }, id: string): Hex
}

let postgres: Postgres
let chain: Chain
let node: ReturnType<typeof clientOf>
let worker: BuiltWorker
let modules: Modules
let variables: Record<string, string>
let stateDir: string
let creator: { id: string; wallet: Hex; sessionId: string }
const random = new Random(SEED)
const stops: (() => unknown)[] = []

/** Is asked before and after each question that the Worker puts to the node; what it answers `true` to is not passed on. */
let onQuestion: (method: string, when: 'before' | 'after') => Promise<boolean> = async () => false
let isMining = true

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'payouts-'))
  stops.push(() => rm(stateDir, { recursive: true, force: true }))
  postgres = await startPostgres({ port: 0 })
  stops.push(() => postgres.stop())
  await migrate(postgres.url)
  const keys = { mintKey: `0x${'2b'.repeat(32)}`, settleKey: `0x${'6f'.repeat(32)}` } as const
  chain = await startChain({ port: 0, keys, apiUrl: 'https://api.test' })
  stops.push(() => chain.stop())
  node = clientOf(chain.rpcUrl)
  await node.setAutomine(false)
  const mining = setInterval(() => void (isMining && node.mine({ blocks: 1 }).catch(() => {})), BLOCK_MS)
  stops.push(() => clearInterval(mining))
  const gate = createServer((request, response) => void pass(request, response)).listen(0, '127.0.0.1')
  stops.push(() => gate.close())
  await new Promise((resolve) => gate.once('listening', resolve))
  const rpcUrl = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`
  variables = {
    ...testBindings(inject('doors')),
    DATABASE_URL: postgres.url,
    DATABASE_HTTP_URL: postgres.httpUrl,
    ...chainVariables({ ...chain, rpcUrl }),
    SIGNER_INTERVAL_MS: '100',
  }
  const loaded = await Promise.all([SETTLE, TOKENS, PAYOUTS].map((path) => import(path)))
  modules = Object.assign({}, ...loaded) as Modules
  creator = await newCreator()
  await startWorker()
  stops.push(() => worker.stop())
})
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop()
})

async function startWorker(): Promise<void> {
  worker = await startBuiltWorker({ bindings: variables, storage: { dir: stateDir } })
}

function clientOf(rpcUrl: string) {
  return createTestClient({ mode: 'anvil', chain: baseSepolia, transport: http(rpcUrl), cacheTime: 0 }).extend(
    publicActions,
  )
}

/** Passes a question on to the node, unless somebody has died of it. */
async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const { method } = JSON.parse(body) as { method: string }
    if (await onQuestion(method, 'before')) return void response.destroy()
    const answer = await fetch(chain.rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const text = await answer.text()
    if (await onQuestion(method, 'after')) return void response.destroy()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  } catch {
    response.destroy()
  }
}

/** Somebody with enough settled to withdraw as often as the server is killed, and a wallet that they have had for a while. */
async function newCreator(): Promise<typeof creator> {
  const id = crypto.randomUUID()
  const sessionId = crypto.randomUUID()
  const wallet = privateKeyToAddress(`0x${'3c'.repeat(32)}`)
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  // A call earns 0.004.
  const calls = Number((GROSS * BigInt(KILLS + 1)) / 4_000n)
  await addEarnings(client, { creatorId: id, calls, callsPerLine: 5_000, from: '2026-11-02' })
  await client.end()
  await postgres.query(
    `UPDATE users SET wallet_address = $2, wallet_changed_at = now() - interval '30 days', email_verified = TRUE WHERE id = $1`,
    [id, wallet],
  )
  await postgres.query('INSERT INTO creator_profiles (user_id, display_name) VALUES ($1, $2)', [id, 'Ada'])
  await postgres.query(`INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, now() + interval '1 day')`, [
    sessionId,
    id,
  ])
  const env = { ...variables, EVENTS: { sendBatch: async () => {} } }
  let message: Message | null = { version: 1, creatorId: id, to: '2026-11-09', asOf: null, expected: null }
  while (message) message = await modules.settle(env, message)
  return { id, wallet, sessionId }
}

async function api<Answer>(path: string, body?: object): Promise<Answer> {
  const claims = {
    user_id: creator.id,
    user_type: 'creator',
    email: `${creator.id}@bench.test`,
    sid: creator.sessionId,
  }
  const token = await modules.signAccessToken(variables, claims)
  const response = await fetch(`${worker.url}/api/v1/creators/me/withdrawals${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status}: ${text}`)
  return JSON.parse(text) as Answer
}

const DOLLARS = '11.00'
type Withdrawal = { state: string; tx_hash: string | null }
const ask = (id: string) => api<Withdrawal>('', { id, amount_usd: DOLLARS })
const look = (id: string) => api<Withdrawal>(`/${id}`)

/** Asks for a withdrawal and kills the server at this moment of it. Says where the payout then was, as the chain has it. */
async function killAt(moment: Moment, id: string): Promise<string> {
  const ms = random.below(MOMENTS[moment].ms)
  const question = 1 + random.below(QUESTIONS_MAX)
  let isDead = false
  const kill = async (): Promise<boolean> => {
    isDead = true
    await worker.stop()
    return true
  }
  let questions = 0
  const sent = Promise.withResolvers<void>()
  onQuestion = async (method, when) => {
    if (isDead) return true
    const isSending = method === 'eth_sendRawTransaction'
    if (when === 'before') questions++
    if (isSending && when === 'after') sent.resolve()
    const dies = {
      'at a question before signing': when === 'before' && (questions === question || isSending),
      'signed, and not sent': when === 'before' && isSending,
      'sent, and not heard of': when === 'after' && isSending,
    }
    return moment in dies && dies[moment as keyof typeof dies] ? kill() : false
  }
  isMining = moment !== 'sent, and in no block'
  // What dies with the server has no answer.
  const asked = ask(id).catch(() => undefined)
  if (moment === 'after the request was sent') await sleep(ms).then(kill)
  if (moment === 'after the request was answered') await asked.then(() => sleep(ms)).then(kill)
  if (moment === 'sent, and in no block') await sent.promise.then(() => sleep(ms)).then(kill)
  if (moment === 'in a block') {
    await expect.poll(() => settled(id), { timeout: 20_000, interval: 10 }).toBeGreaterThan(0n)
    await sleep(ms).then(kill)
  }
  await expect.poll(() => isDead, { timeout: 20_000, interval: 5 }).toBe(true)
  await asked
  onQuestion = async () => false
  const { pending } = await node.getTxpoolStatus()
  const [row] = await postgres.query<{ state: string }>('SELECT state FROM chain_payouts WHERE id = $1', [id])
  isMining = true
  return `${ms} ms, question ${question}: ${pending} pending, ${await settled(id)} settled, ${row?.state ?? 'not asked for'}`
}

function settled(id: string): Promise<bigint> {
  const args = [modules.payoutKey(chain, id)] as const
  return node.readContract({ address: chain.settlement, abi: settlementAbi, functionName: 'settled', args })
}

/** Fires the sweep for what was silent for a while, until the chain cannot take the payout back. */
async function untilFinal(id: string): Promise<Withdrawal> {
  for (const deadline = Date.now() + 45_000; ;) {
    await age()
    await worker.runCron('1-59/2 * * * *')
    const withdrawal = await look(id)
    if (withdrawal.state === 'final') return withdrawal
    if (Date.now() > deadline) throw new Error(`It came only to ${withdrawal.state}.`)
    await sleep(150)
  }
}

/** A minute passes for withdrawals of which nothing is heard. */
async function age(): Promise<void> {
  await postgres.query('ALTER TABLE withdrawals DISABLE TRIGGER withdrawals_touched')
  await postgres.query(`UPDATE withdrawals SET updated_at = updated_at - interval '2 minutes'`)
  await postgres.query('ALTER TABLE withdrawals ENABLE TRIGGER withdrawals_touched')
}

async function figures() {
  const { settlement, usdc, settleKey } = chain
  const balanceOf = { address: usdc, abi: mockUsdcAbi, functionName: 'balanceOf' } as const
  const [wallet, float, nonce] = await Promise.all([
    node.readContract({ ...balanceOf, args: [creator.wallet] }),
    node.readContract({ ...balanceOf, args: [settlement] }),
    node.getTransactionCount({ address: privateKeyToAddress(settleKey) }),
  ])
  return { wallet, float, nonce }
}

test(`a payout whose server is killed is paid exactly once, at each of ${KILLS} moments (seed ${SEED})`, async () => {
  const moments = Array.from({ length: Math.ceil(KILLS / ALL.length) }, () => ALL)
    .flat()
    .slice(0, KILLS)
  const net = GROSS - (GROSS * FEE_PERCENT) / 100n
  const story: string[] = []
  for (const [kill, moment] of moments.entries()) {
    const id = crypto.randomUUID()
    const before = await figures()
    const where = await killAt(moment, id)
    const killedAt = performance.now()
    await startWorker()
    // Whoever had no answer asks again.
    await ask(id)
    const { tx_hash } = await untilFinal(id)
    const took = Math.round(performance.now() - killedAt)
    const place = `kill ${kill + 1}, ${moment} (${where}), seed ${SEED}`
    story.push(`${place}: final after ${took} ms`)
    const after = await figures()
    expect(
      {
        paid: after.wallet - before.wallet,
        spent: before.float - after.float,
        transactions: after.nonce - before.nonce,
      },
      place,
    ).toEqual({ paid: net, spent: net, transactions: 1 })
    const events = await node.getLogs({
      address: chain.settlement,
      event: getAbiItem({ abi: settlementAbi, name: 'Settled' }),
      args: { id: modules.payoutKey(chain, id) },
      fromBlock: 0n,
    })
    expect(
      events.map(({ args, transactionHash }) => ({ ...args, transactionHash })),
      place,
    ).toMatchObject([{ creator: creator.wallet, amount: net, credited: false, transactionHash: tx_hash }])
    expect(await booked(id), place).toEqual([
      `cash_usdc -${dollars(net)}`,
      `payout_in_flight:${creator.id} ${dollars(GROSS)}`,
      `platform_fee -${dollars(GROSS - net)}`,
    ])
  }
  if (process.env['PAYOUT_KILLS'] !== undefined) console.info(story.join('\n'))
  const owed = await postgres.query<{ account: string; balance: string }>(
    `SELECT split_part(account, ':', 1) AS account, balance FROM ledger_balances
     WHERE account LIKE '%:' || $1 AND account NOT LIKE 'lot:%' ORDER BY account`,
    [creator.id],
  )
  expect(owed).toEqual([
    { account: 'creator_available', balance: `-${dollars(GROSS)}` },
    { account: 'creator_pending', balance: '0.00000000' },
    { account: 'payout_in_flight', balance: '0.00000000' },
  ])
  const [trial] = await postgres.query<{ sum: string }>('SELECT sum(balance) AS sum FROM ledger_balances')
  expect(Number(trial?.sum)).toBe(0)
}, 600_000)

/** The entries of what was posted as this payout. */
async function booked(id: string): Promise<string[]> {
  const rows = await postgres.query<{ account: string; amount: string }>(
    `SELECT account, amount FROM ledger_entries JOIN ledger_transactions t ON t.id = transaction_id
     WHERE kind = 'payout' AND source = $1 ORDER BY account`,
    [id],
  )
  return rows.map(({ account, amount }) => `${account} ${amount}`)
}

/** Of millionths, as the ledger writes them. */
function dollars(millionths: bigint): string {
  return `${millionths / 1_000_000n}.${String(millionths % 1_000_000n).padStart(6, '0')}00`
}
