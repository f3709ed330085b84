/** What admins see of the two signers, and how one goes on that has halted. */
import { Hono } from 'hono'
import * as z from 'zod'
import { audited } from '../auth/audit.ts'
import { admin } from '../auth/auth.ts'
import { reach } from '../base/db.ts'
import { describe, log } from '../base/log.ts'
import { routesOf } from '../base/route.ts'
import { plainText } from '../base/text.ts'
import { Moment } from '../base/wire.ts'
import { needChain, SIGNERS, type ChainConfig, type SignerName } from './config.ts'
import { chainDifferences } from './differences.ts'
import { nodeAt } from './rpc.ts'
import { addressOf, signerOf } from './signers.ts'
import { amount, format } from '../money/amount.ts'
import { Dollars } from '../money/dollars.ts'
import { unbookedCosts } from './costs.ts'
import { settings, type AppContext, type Bindings } from '../env.ts'

export const signers = new Hono<AppContext>()
const route = routesOf(signers, 'Administration')

/** Somebody waits for the page. */
const RPC_MS = 3_000
const UNITS_OF_GWEI = 1_000_000_000n

const Count = z.record(z.string(), z.int())
const Signer = z.object({
  name: z.enum(SIGNERS),
  address: z.string(),
  next_nonce: z.int().nullable(),
  jobs: Count.describe('How many there are in each state that is not over.'),
  held: Count.describe('How many wait for their own sake, by reason.'),
  unmined: z.object({
    count: z.int(),
    nonce: z.int().nullable(),
    hashes: z.array(z.string()).describe('Of the transaction that the others wait for, the newest first.'),
  }),
  gas_gwei: z.string().nullable().describe('What it has for gas; null while the node does not answer.'),
  halted: z.object({ reason: z.string(), at: Moment }).nullable(),
  paused: z.object({ reason: z.string(), since: Moment }).nullable(),
})
const Difference = z.object({
  kind: z.string(),
  id: z.string(),
  tx_hash: z.string().nullable(),
  block_number: z.int(),
})

route(
  'GET /api/v1/admin/chain/signers',
  {
    summary: 'How minting and paying on chain stand',
    description:
      'A signer that is `paused` goes on by itself once the reason is gone (`gas_short`, `usdc_short`, `day_cap`, `fees_high`, `contract_paused`, `unreachable`, …); `usdc_refuses` means that the token lets our contract send to nobody, so that everybody would be credited there instead of paid. One that is `halted` waits for an admin: `foreign_transaction` and `nonce_taken` mean that somebody else has its key.',
    who: admin('payments:manage'),
    answer: z.object({
      signers: z.array(Signer),
      native_usd: Dollars.nullable().describe('What a coin of the chain is booked at; null: gas is not booked.'),
      unbooked_costs: z.int().describe('Transactions of which the cost is not in the ledger, as far as 100.'),
      differences: z.array(Difference).describe('Where the chain and what we hold say different things.'),
    }),
    errors: ['chainOff'],
  },
  async ({ env }) => {
    const chain = await needChain(env)
    const [states, differences, unbooked] = await Promise.all([
      Promise.all(SIGNERS.map((name) => statusOf(env, chain, name))),
      chainDifferences(env),
      unbookedCosts(env),
    ])
    const { NATIVE_USD } = settings(env)
    return {
      signers: states,
      native_usd: NATIVE_USD === undefined ? null : format(amount(NATIVE_USD)),
      unbooked_costs: unbooked,
      differences: differences.map(({ kind, id, txHash, blockNumber }) => ({
        kind,
        id,
        tx_hash: txHash,
        block_number: blockNumber,
      })),
    }
  },
)

route(
  'POST /api/v1/admin/chain/signers/:name/resume',
  {
    summary: 'Let a signer go on that has halted',
    description:
      'First find out who has used its key. What others did under its nonces stays; what it lost by that is signed anew once that is final. Of one that has not halted this changes nothing.',
    who: admin('payments:manage'),
    params: z.object({ name: z.enum(SIGNERS) }),
    body: z.object({ reason: plainText(3, 500) }),
    errors: ['chainOff'],
  },
  async ({ c, env, me, params: { name }, body: { reason } }) => {
    const chain = await needChain(env)
    const subject = { type: 'system', id: `signer:${name}` } as const
    await reach(async () =>
      audited(env, { actor: me, action: 'signer.resume', subject, reason, requestId: c.var.requestId }),
    )
    await signerOf(env, chain, name).resume()
  },
)

async function statusOf(env: Bindings, chain: ChainConfig, name: SignerName) {
  const address = addressOf(chain, name)
  const gas = nodeAt(chain.rpcUrl, RPC_MS)
    .balance(address)
    .then((wei) => String(wei / UNITS_OF_GWEI))
    .catch((thrown: unknown) => {
      log.warn('chain.unreached', { error: describe(thrown) })
      return null
    })
  const status = await signerOf(env, chain, name).status()
  return {
    name,
    address,
    next_nonce: status?.nextNonce ?? null,
    jobs: status?.jobs ?? {},
    held: status?.held ?? {},
    unmined: status?.unmined ?? { count: 0, nonce: null, hashes: [] },
    gas_gwei: await gas,
    halted: status?.halted ?? null,
    paused: status?.paused ?? null,
  }
}
