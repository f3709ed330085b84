/** What anybody may read of the chain: whose an agent is, what was paid to a wallet, and the JSON behind the tokens. */
import { Hono } from 'hono'
import * as z from 'zod'
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { pageOf, PageQuery, readCursor, toPage } from '../base/page.ts'
import { anyone, publicText, routesOf } from '../base/route.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { settings, type AppContext } from '../env.ts'
import { getSettlementHistory } from './chain.ts'
import { needChain } from './config.ts'
import { tokenFile } from './metadata.ts'
import { nextBlockOf } from './mirror.ts'
import { getAgentOwnership, metadataJson, type Ownership } from './ownership.ts'
import { addressOf } from './signers.ts'
import { TOKEN_STATES } from './tables.ts'

export const chain = new Hono<AppContext>()
const route = routesOf(
  chain,
  'Chain',
  'What stands on chain, and where. Without a chain, or while an admin has switched off what is asked for, these answer 503 `50308`.',
)

const PER_MINUTE = 120
const TOKEN_FILE = /^[0-9a-f]{64}\.json$/
const JSON_TYPE = 'application/json; charset=utf-8'

const Wallet = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hexadecimal digits')
  .overwrite((text) => text.toLowerCase())
const Network = z.object({ id: z.int(), name: z.string(), explorer: z.string().nullable() })

route(
  'GET /api/v1/chain/status',
  {
    summary: 'Which chain, and which contracts',
    who: anyone,
    limit: { name: 'chain', perMinute: PER_MINUTE },
    answer: z.object({
      chain: Network,
      agent_token: z.string(),
      settlement: z.string(),
      usdc: z.string(),
      signers: z.object({ mint: z.string(), settle: z.string() }).describe('The accounts that mint and pay.'),
      is_minting: z.boolean(),
      is_paying: z.boolean(),
      next_block: z.int().describe('Events of all blocks before this one are in the lists.'),
    }),
    cache: 'public',
    errors: ['chainOff'],
  },
  async ({ env }) => {
    const config = await needChain(env)
    const { enable_blockchain_mint, enable_crypto_payments } = await flags(env)
    return {
      chain: { id: config.chainId, name: config.name, explorer: config.explorer },
      agent_token: config.agentToken,
      settlement: config.settlement,
      usdc: config.usdc,
      signers: { mint: addressOf(config, 'mint'), settle: addressOf(config, 'settle') },
      is_minting: enable_blockchain_mint,
      is_paying: enable_crypto_payments,
      next_block: await nextBlockOf(env, config),
    }
  },
)

route(
  'GET /api/v1/chain/agents/:id',
  {
    summary: 'Whose an agent is',
    description:
      'Everything by which anybody can check it: the token is number `token_id` of the contract, its JSON is at `metadata_path`, and the keccak256 of those bytes is what the contract holds as `metadata_hash`. `state` says how far the chain has settled it: `none` while its creator has shown no wallet, `blocked_wallet` if that wallet takes no tokens, then `queued`, `signed`, `broadcast`, `mined`, `safe` and `final`.',
    who: anyone,
    limit: { name: 'chain', perMinute: PER_MINUTE },
    params: IdParams,
    answer: z.object({
      agent_id: Id,
      state: z.enum(TOKEN_STATES),
      reason: z.string().nullable(),
      chain: Network,
      contract: z.string(),
      token_id: z.string().describe('A decimal number: the keccak256 of the agent’s id.'),
      creator: z.string().nullable().describe('The wallet for which it was minted.'),
      metadata_hash: z.string().nullable(),
      metadata_path: z.string().nullable(),
      tx_hash: z.string().nullable(),
      block_number: z.int().nullable(),
      on_chain: z
        .object({
          owner: z.string().nullable(),
          creator: z.string(),
          metadata_hash: z.string(),
          created_at: Moment,
          is_retired: z.boolean(),
        })
        .nullable()
        .describe('What the contract answers at this moment; null if it has no token yet, or cannot be asked.'),
      is_verified: z
        .boolean()
        .nullable()
        .describe('Whether the contract says what is said here; null if it cannot be asked.'),
    }),
    cache: 'public',
    errors: ['notFound', 'chainOff'],
  },
  async ({ env, params }) => {
    const ownership = await getAgentOwnership(env, params.id)
    if (!ownership) throw new AppError('notFound')
    return shown(ownership)
  },
)

const Settlement = z.object({
  id: z.string().describe('The id on chain: 32 bytes in hexadecimal.'),
  amount_usdc: z.string(),
  credited: z.boolean().describe('The token refused the wallet; the contract holds the amount for it, see `withdraw`.'),
  tx_hash: z.string(),
  block_number: z.int(),
  settled_at: Moment,
})
const PaidPlace = z.tuple([z.int().min(0), z.int().min(0)])

route(
  'GET /api/v1/chain/settlements',
  {
    summary: 'What was paid to a wallet, newest first',
    description: 'As the contract’s own events say, once they are final.',
    who: anyone,
    limit: { name: 'chain', perMinute: PER_MINUTE },
    query: PageQuery.extend({ creator: Wallet.describe('The wallet.') }),
    answer: pageOf(Settlement),
    cache: 'public',
    errors: ['chainOff'],
  },
  async ({ env, query: { creator, limit, cursor } }) => {
    const rows = await getSettlementHistory(env, creator, { limit: limit + 1, after: readCursor(cursor, PaidPlace) })
    const page = toPage(rows, limit, ({ blockNumber, logIndex }) => [blockNumber, logIndex])
    const items = page.items.map(({ key, amount, credited, txHash, blockNumber, settledAt }) => ({
      id: key,
      amount_usdc: inUsdc(amount),
      credited,
      tx_hash: txHash,
      block_number: blockNumber,
      settled_at: settledAt,
    }))
    return { ...page, items }
  },
)

// These two stand in the contracts, and are read by wallets and markets for as long as there are tokens: no flag ends them.
route(
  'GET /api/v1/chain/tokens/:file',
  {
    summary: 'The JSON of a token',
    description: 'Named by the token’s id as 64 lower-case hex digits, and `.json` (ERC-1155). Its bytes never change.',
    who: anyone,
    limit: { name: 'chain', perMinute: PER_MINUTE },
    params: z.object({ file: z.string() }),
    produces: 'application/json',
    errors: ['notFound'],
  },
  async ({ c, env, params: { file } }) => {
    const json = TOKEN_FILE.test(file) ? await metadataJson(env, BigInt(`0x${file.slice(0, 64)}`)) : null
    if (json === null) throw new AppError('notFound')
    return publicText(c, json, JSON_TYPE)
  },
)

route(
  'GET /api/v1/chain/collection.json',
  {
    summary: 'The JSON of all tokens together (ERC-7572)',
    who: anyone,
    limit: { name: 'chain', perMinute: PER_MINUTE },
    answer: z.object({ name: z.string(), description: z.string(), external_link: z.string() }),
    cache: 'public',
  },
  async ({ env }) => ({
    name: 'AgentLink agents',
    description: 'One token for each agent that is published on AgentLink, held by who made it. They cannot be sold.',
    external_link: settings(env).SITE_URL,
  }),
)

function shown({ token, chain, onChain, isVerified }: Ownership) {
  return {
    agent_id: token.agentId,
    state: token.state,
    reason: token.reason,
    chain: { id: chain.chainId, name: chain.name, explorer: chain.explorer },
    contract: chain.contract,
    token_id: String(token.tokenId),
    creator: token.wallet,
    metadata_hash: token.metadataHash,
    metadata_path: token.metadata === null ? null : `/api/v1/chain/tokens/${tokenFile(token.tokenId)}`,
    tx_hash: token.txHash,
    block_number: token.blockNumber,
    on_chain: onChain && {
      owner: onChain.owner,
      creator: onChain.creator,
      metadata_hash: onChain.metadataHash,
      created_at: onChain.createdAt * 1_000,
      is_retired: onChain.isRetired,
    },
    is_verified: isVerified,
  }
}

/** Millionths of a USDC as a decimal with six places. */
function inUsdc(amount: bigint): string {
  const text = String(amount).padStart(7, '0')
  return `${text.slice(0, -6)}.${text.slice(-6)}`
}
