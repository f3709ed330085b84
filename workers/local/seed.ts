/**
 * Fills an empty stack with one believable market: its creators and agents, two developers with keys, an admin. Ids are
 * made from names, so that seeding twice changes nothing. The passwords and keys below open nothing but a local stack.
 */
import { argon2Sync, createHash, randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { keccak256, toHex } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { AgentConfig } from '../agents/config.ts'
import { sealConfig, type Place, type SealedRecord, type VaultEnv } from '../agents/vault.ts'
import { hashKey, prefixOf } from '../keys/key-format.ts'
import { FEATURED, market, type MarketAgent } from './market.ts'
import type { Postgres } from './postgres.ts'

const PASSWORD = 'correct horse battery staple'
const DEVELOPER = { email: 'developer@agentlink.test', apiKey: 'ak_DemoDeveloperLocalOnly00001uVitz' }
/** A developer who has bought nothing: 100 promotional calls, ten a minute. */
const NEWCOMER = { email: 'newcomer@agentlink.test', apiKey: 'ak_DemoNewcomerLocalOnly000002zxrik' }
const ADMIN_EMAIL = 'admin@agentlink.test'
/** What the developer has bought: calls, and money for agents dearer than a unit. */
const PACKAGE = { id: 'seed-package', calls: 10_000, price_usd: '80.00' }
const TOP_UP = { id: 'seed-top-up', amount_usd: '50.00' }

type Database = Pick<Postgres, 'query'>

export type SeedOptions = {
  postgres: Database
  /** Where the Worker answers; it must be up. */
  apiUrl: string
  operatorToken: string
  /** `ENCRYPTION_KEY` as the Worker has it. */
  encryptionKey: string
}

type Account = { email: string; password: string }
export type Seeded = {
  developer: Account & { apiKey: string }
  newcomer: Account & { apiKey: string }
  creator: Account
  /** All creators, by the slug of each. */
  creators: Record<string, Account>
  admin: Account
  /** Those that can be called. */
  agents: { id: string; slug: string; provider: string; model: string; price_per_call: string }[]
}

/** Seeds a migrated database and the developer's account. Repeatable. Rejects if Postgres or the Worker does not answer. */
export async function seed({ postgres, apiUrl, operatorToken, encryptionKey }: SeedOptions): Promise<Seeded> {
  for (const creator of market.creators) {
    const id = await addUser(postgres, creator.email, 'creator')
    await postgres.query(
      `INSERT INTO creator_profiles (user_id, display_name, bio, verified) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [id, creator.display_name, creator.bio, creator.verified],
    )
    // As if proven, so that their agents' tokens are minted; a wallet that its creator has chosen since stays.
    await postgres.query('UPDATE users SET wallet_address = $2 WHERE id = $1 AND wallet_address IS NULL', [
      id,
      privateKeyToAddress(keccak256(toHex(`wallet of ${creator.email}`))),
    ])
  }
  for (const agent of market.agents) await addAgent(postgres, agent, { ENCRYPTION_KEY: encryptionKey })
  await addUser(postgres, ADMIN_EMAIL, 'admin')
  for (const { email, apiKey } of [DEVELOPER, NEWCOMER]) {
    const userId = await addUser(postgres, email, 'developer')
    await postgres.query(
      `INSERT INTO api_keys (id, user_id, key_hash, key_prefix, name) VALUES ($1, $2, $3, $4, 'Demo') ON CONFLICT DO NOTHING`,
      [idOf(`key of ${email}`), userId, hashKey(apiKey), prefixOf(apiKey)],
    )
  }
  await fillAccount(apiUrl, operatorToken)

  const open = (email: string): Account => ({ email, password: PASSWORD })
  const [creator] = market.creators
  if (!creator) throw new Error('The market has no creator.')
  return {
    developer: { ...open(DEVELOPER.email), apiKey: DEVELOPER.apiKey },
    newcomer: { ...open(NEWCOMER.email), apiKey: NEWCOMER.apiKey },
    creator: open(creator.email),
    creators: Object.fromEntries(market.creators.map(({ slug, email }) => [slug, open(email)])),
    admin: open(ADMIN_EMAIL),
    agents: market.agents
      .filter(({ status }) => status === 'active')
      .map(({ slug, provider, model, price_per_call }) => ({
        id: agentId(slug),
        slug,
        provider,
        model,
        price_per_call,
      })),
  }
}

async function addUser(postgres: Database, email: string, type: 'creator' | 'developer' | 'admin'): Promise<string> {
  const id = idOf(`user ${email}`)
  // Hashing is slow on purpose, so who is there already is not hashed again.
  const rows = await postgres.query('SELECT 1 FROM users WHERE id = $1', [id])
  if (rows.length > 0) return id
  await postgres.query(
    `INSERT INTO users (id, email, password_hash, user_type, admin_role, email_verified) VALUES ($1, $2, $3, $4, $5, TRUE)
     ON CONFLICT DO NOTHING`,
    [id, email, hashPassword(PASSWORD), type, type === 'admin' ? 'super_admin' : null],
  )
  return id
}

async function addAgent(postgres: Database, agent: MarketAgent, env: VaultEnv): Promise<void> {
  const id = agentId(agent.slug)
  const creator = market.creators.find(({ slug }) => slug === agent.creator)
  if (!creator) throw new Error(`The agent ${agent.slug} has no creator.`)
  const config = AgentConfig.parse(agent)
  const shown = [config.provider, config.model, config.price_per_call]
  const place: Place = { table: 'agents', column: 'config_encrypted', agentId: id, version: 1 }
  // As text, since the ways to Postgres differ in how they take bytes.
  const columns = ({ ciphertext, iv, keyId }: SealedRecord): string[] => [bytesToHex(ciphertext), bytesToHex(iv), keyId]
  await postgres.query(
    `INSERT INTO agents (id, creator_id, slug, name, description, category, status, published_at,
       featured_rank, provider, model, price_per_call, config_encrypted, config_iv, key_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7::varchar, CASE WHEN $7::varchar = 'draft' THEN NULL ELSE now() END, $8, $9, $10, $11, decode($12, 'hex'), decode($13, 'hex'), $14)
     ON CONFLICT DO NOTHING`,
    [
      id,
      idOf(`user ${creator.email}`),
      agent.slug,
      agent.name,
      agent.description,
      agent.category,
      agent.status,
      FEATURED.includes(agent.slug) ? FEATURED.indexOf(agent.slug) + 1 : null,
      ...shown,
      ...columns(await sealConfig(env, place, config)),
    ],
  )
  await postgres.query(
    `INSERT INTO agent_versions (id, agent_id, version, provider, model, price_per_call, config_encrypted, config_iv, key_id)
     VALUES ($1, $2, 1, $3, $4, $5, decode($6, 'hex'), decode($7, 'hex'), $8) ON CONFLICT DO NOTHING`,
    [
      idOf(`version 1 of ${agent.slug}`),
      id,
      ...shown,
      ...columns(await sealConfig(env, { ...place, table: 'agent_versions' }, config)),
    ],
  )
}

/** Gives the developer calls and a balance, as an operator does: booked and in the account, once by their ids. */
async function fillAccount(apiUrl: string, operatorToken: string): Promise<void> {
  const userId = idOf(`user ${DEVELOPER.email}`)
  const account = `${apiUrl}/api/v1/admin/accounts/${userId}`
  await post(`${account}/lots`, operatorToken, PACKAGE)
  await post(`${account}/deposits`, operatorToken, TOP_UP)
}

async function post(url: string, token: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`POST ${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 500)}`)
}

/** Argon2id at OWASP's first recommendation, in the PHC string format. */
function hashPassword(password: string): string {
  const nonce = randomBytes(16)
  const tag = argon2Sync('argon2id', {
    message: password,
    nonce,
    parallelism: 1,
    memory: 19_456,
    passes: 2,
    tagLength: 32,
  })
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return `$argon2id$v=19$m=19456,t=2,p=1$${text(nonce)}$${text(tag)}`
}

const agentId = (slug: string): string => idOf(`agent ${slug}`)

/** A UUID (version 8) made from a name: the same name always gives the same id. */
function idOf(name: string): string {
  const digest = createHash('sha256').update(`agentlink seed: ${name}`).digest().subarray(0, 16)
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
