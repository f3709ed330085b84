/** Agents' tokens: from publishing, or from the proof of a wallet, to the chain and back into what everybody sees. */
import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { eq, sql } from 'drizzle-orm'
import * as fc from 'fast-check'
import { keccak256, stringToHex, toHex, type Address, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mintsCron } from '../agents/mints.cron.ts'
import { agents } from '../agents/tables.ts'
import { app } from '../app.ts'
import { users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { forgetFlags } from '../base/flags.ts'
import { newId } from '../base/ids.ts'
import { featureFlags } from '../base/tables.ts'
import {
  addressOf,
  agentToken,
  config,
  mined,
  newWallet,
  node,
  sentBy,
  signer,
  step,
  until,
  usdc,
  freshChain,
} from '../tests/chain.ts'
import { api, bindings, door, newAgent, signIn, type Account, type ApiAnswer } from '../tests/world.ts'
import { requestMint } from './chain.ts'
import { chainDifferences } from './differences.ts'
import { metadataOf } from './metadata.ts'
import { mintsQueue } from './mints.queue.ts'
import { tokenIdOf } from './mint-work.ts'
import { agentTokens, mintedEvents } from './tables.ts'
import { watcherCron } from './watcher.cron.ts'
import type { Bindings } from '../env.ts'
import type { MintMessage } from './states.ts'

const AGENT = {
  name: 'Rill',
  description: 'Explains how rivers work to children aged six to ten.',
  category: 'education',
  config: {
    system_prompt: 'You are Rill, who explains rivers to children in three short sentences and never mentions dams.',
    model: 'gpt-4.1-mini',
    provider: 'openai',
    temperature: 0.3,
    max_tokens: 400,
    top_p: 1,
    price_per_call: '0.02',
  },
}

async function newCreator(wallet: Address | null): Promise<Account> {
  const creator = await signIn('creator')
  if (wallet) await db(bindings).update(users).set({ walletAddress: wallet }).where(eq(users.id, creator.id))
  return creator
}

/** Makes an agent and publishes it, through the API; gives its id. */
async function publish(creator: Account): Promise<string> {
  const made = await api('POST /api/v1/agents', { as: creator, body: AGENT })
  const published = await api(`POST /api/v1/agents/${made.body.id}/publish`, { as: creator })
  expect(published.status, JSON.stringify(published.body)).toBe(200)
  return made.body.id
}

const row = async (agentId: string) =>
  (await db(bindings).select().from(agentTokens).where(eq(agentTokens.agentId, agentId)))[0]

/** What is held of an agent's token, once it is in this state; blocks are made meanwhile if it is to be final. */
async function come(agentId: string, state: string) {
  const seen = await until(
    'mint',
    async () => {
      if (state === 'final') await door('/chain/mine?n=1')
      return row(agentId)
    },
    (row) => row?.state === state,
  )
  return seen!
}

async function onChain(agentId: string) {
  return node.readContract({ ...agentToken, functionName: 'agentOf', args: [tokenIdOf(agentId)] })
}

/** Mints by hand, with the key that only the platform should have. */
async function mintByHand(agentId: string, creator: Address, metadataHash: Hex): Promise<void> {
  const account = addressOf('mint')
  await node.impersonateAccount({ address: account })
  const args = [creator, agentId, 1_700_000_000, metadataHash] as const
  await mined(node.writeContract({ ...agentToken, functionName: 'mint', args, account }))
}

/** Hands messages to the consumer as one batch. */
async function deliver(messages: MintMessage[], env: Bindings = bindings) {
  const batch = createMessageBatch<MintMessage>(
    'mints',
    messages.map((body) => ({ id: newId(), timestamp: new Date(), attempts: 1, body })),
  )
  await mintsQueue(batch, env)
  return getQueueResult(batch, createExecutionContext())
}

async function request(agentId: string, creatorId: string, wallet: Address | null): Promise<MintMessage> {
  const { name, description } = AGENT
  return {
    version: 1,
    kind: 'agent',
    agentId,
    creatorId,
    creatorWallet: wallet,
    name,
    description,
    createdAt: 1_750_000_000,
  }
}

beforeAll(freshChain)
afterAll(async () => {
  await db(bindings).delete(featureFlags)
  forgetFlags()
  await freshChain()
})

describe('publishing', () => {
  test('gives the creator’s wallet a token, whose JSON is what the chain holds the hash of', async () => {
    const wallet = newWallet()
    const creator = await newCreator(wallet)
    const startedAt = Date.now()
    const id = await publish(creator)
    await come(id, 'mined')
    expect(Date.now() - startedAt).toBeLessThan(5_000)
    const { txHash } = await come(id, 'final')

    const agent = await onChain(id)
    expect(agent.creator).toBe(wallet)
    const { body, headers, status } = await api(`GET /api/v1/chain/agents/${id}`)
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=300'])
    expect(body).toEqual({
      agent_id: id,
      state: 'final',
      reason: null,
      chain: { id: 84532, name: 'Base Sepolia', explorer: 'https://sepolia.basescan.org' },
      contract: config.agentToken,
      token_id: String(tokenIdOf(id)),
      creator: wallet,
      metadata_hash: agent.metadataHash,
      metadata_path: `/api/v1/chain/tokens/${toHex(tokenIdOf(id), { size: 32 }).slice(2)}.json`,
      tx_hash: txHash,
      block_number: expect.any(Number),
      on_chain: {
        owner: wallet,
        creator: wallet,
        metadata_hash: agent.metadataHash,
        created_at: new Date(agent.createdAt * 1_000).toISOString(),
        is_retired: false,
      },
      is_verified: true,
    })
    const uri = await node.readContract({ ...agentToken, functionName: 'uri', args: [tokenIdOf(id)] })
    const path = new URL(uri).pathname.replace('%7Bid%7D', toHex(tokenIdOf(id), { size: 32 }).slice(2))
    expect(path).toBe(body.metadata_path)
    const served = await app.request(path, {}, bindings)
    const json = await served.text()
    expect(keccak256(stringToHex(json))).toBe(agent.metadataHash)
    expect(JSON.parse(json)).toEqual({
      name: 'Rill',
      description: AGENT.description,
      agent_id: id,
      creator: wallet,
      created_at: agent.createdAt,
      platform: 'AgentLink',
    })
    const again = await app.request(path, { headers: { 'if-none-match': served.headers.get('etag') ?? '' } }, bindings)
    expect(again.status).toBe(304)

    const own = await api(`GET /api/v1/agents/${id}`, { as: creator })
    expect(own.body.token).toEqual({ id: String(tokenIdOf(id)), tx_hash: txHash })
    const page = await api(`GET /api/v1/marketplace/agents/${id}`)
    expect(page.body.token).toEqual({ id: String(tokenIdOf(id)), tx_hash: txHash })
  })

  test('does not wait for the chain, and does not fail with it', async () => {
    const creator = await newCreator(newWallet())
    await door('/chain/down')
    const id = await publish(creator)
    await door('/chain/up')
    await come(id, 'mined')
  })

  test('the same agent ten times at once: one token, one transaction', async () => {
    const wallet = newWallet()
    const creator = await newCreator(wallet)
    const sent = await sentBy('mint')
    const { id } = await newAgent()
    const message = { agentId: id, creatorId: creator.id, creatorWallet: wallet, ...AGENT, createdAt: 1_750_000_000 }
    await Promise.all(Array.from({ length: 10 }, () => requestMint(bindings, message)))
    await Promise.all(Array.from({ length: 10 }, async () => deliver([await request(id, creator.id, wallet)])))
    await come(id, 'final')
    await requestMint(bindings, { ...message, name: 'Another name', creatorWallet: newWallet() })
    await deliver([await request(id, creator.id, newWallet())])
    await step('mint')
    expect((await sentBy('mint')) - sent).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'final', name: 'Rill', wallet })
  })

  test('an agent that another creator has on chain is a conflict, and no transaction', async () => {
    const { id, creatorId } = await newAgent()
    await mintByHand(id, newWallet(), keccak256('0x01'))
    await signer('mint').resume()
    const sent = await sentBy('mint')
    await deliver([await request(id, creatorId, newWallet())])
    await come(id, 'conflict')
    expect(await sentBy('mint')).toBe(sent)
    expect((await api(`GET /api/v1/chain/agents/${id}`)).body).toMatchObject({ state: 'conflict', is_verified: false })
    expect((await db(bindings).select().from(agents).where(eq(agents.id, id)))[0]?.tokenId).toBeNull()
  })

  test('an agent whose very token is on chain already has it, and no transaction', async () => {
    const { id, creatorId } = await newAgent()
    const wallet = newWallet()
    const { name, description } = AGENT
    const fields = { name, description, agent_id: id, creator: wallet, created_at: 1_750_000_000 }
    await mintByHand(id, wallet, metadataOf(fields).hash)
    await signer('mint').resume()
    const sent = await sentBy('mint')
    await deliver([await request(id, creatorId, wallet)])
    const { txHash } = await come(id, 'final')
    expect(await sentBy('mint')).toBe(sent)
    expect(txHash).toMatch(/^0x[0-9a-f]{64}$/)
  })

  test('without a wallet there is no token, until one is proven', async () => {
    const creator = await newCreator(null)
    const id = await publish(creator)
    await come(id, 'none')
    expect((await api(`GET /api/v1/chain/agents/${id}`)).body).toMatchObject({
      state: 'none',
      creator: null,
      metadata_path: null,
      on_chain: null,
    })
    const wallet = privateKeyToAccount(generatePrivateKey())
    await prove(creator, wallet)
    await come(id, 'mined')
    expect((await onChain(id)).creator).toBe(wallet.address)
  })

  test('a wallet that takes no tokens is not asked again; another one gets it', async () => {
    const stubborn = newWallet()
    await node.setCode({ address: stubborn, bytecode: (await node.getCode({ address: usdc.address }))! })
    const creator = await newCreator(stubborn)
    const sent = await sentBy('mint')
    const id = await publish(creator)
    await come(id, 'blocked_wallet')
    await deliver([await request(id, creator.id, stubborn)])
    await step('mint')
    expect([await sentBy('mint'), (await row(id))?.state]).toEqual([sent, 'blocked_wallet'])
    const wallet = privateKeyToAccount(generatePrivateKey())
    await prove(creator, wallet)
    await come(id, 'final')
    expect((await onChain(id)).creator).toBe(wallet.address)
    expect((await api(`GET /api/v1/chain/agents/${id}`)).body).toMatchObject({ is_verified: true, reason: null })
  })

  test('what was published before there was a chain is found by the sweep, once', async () => {
    const { id, creatorId } = await newAgent()
    const wallet = newWallet()
    await db(bindings).update(users).set({ walletAddress: wallet }).where(eq(users.id, creatorId))
    await mintsCron(bindings)
    await come(id, 'mined')
    expect((await onChain(id)).creator).toBe(wallet)
  })
})

describe('what is told of it', () => {
  test('a late word about a mint does not set it back, and one about an earlier try says nothing', async () => {
    const { id, creatorId } = await newAgent()
    await deliver([await request(id, creatorId, newWallet())])
    const { revision, metadataHash, txHash } = await come(id, 'final')
    const late = { version: 1, kind: 'state', agentId: id, txHash: null, blockNumber: null, reason: null } as const
    await deliver([
      { ...late, metadataHash: metadataHash as Hex, revision: revision - 1, state: 'broadcast' },
      { ...late, metadataHash: keccak256('0x02'), revision: revision + 10_000, state: 'failed' },
    ])
    expect(await row(id)).toMatchObject({ state: 'final', txHash })
  })

  test('a token’s way back: the columns of the agent follow a reorganisation', async () => {
    const { id, creatorId } = await newAgent()
    await deliver([await request(id, creatorId, newWallet())])
    const tokenOf = async () => (await db(bindings).select().from(agents).where(eq(agents.id, id)))[0]?.tokenId ?? null
    await come(id, 'mined')
    expect(await tokenOf()).toBe(tokenIdOf(id))
    await door('/chain/automine?n=0')
    await door('/chain/reorg?n=1')
    await come(id, 'broadcast')
    expect(await tokenOf()).toBeNull()
    await door('/chain/automine?n=1')
    await door('/chain/mine?n=1')
    await come(id, 'final')
    expect(await tokenOf()).toBe(tokenIdOf(id))
  })

  test('a message that is none is retried, and harms no other', async () => {
    const { id, creatorId } = await newAgent()
    const nonsense = { version: 2, kind: 'agent' } as unknown as MintMessage
    const told = await deliver([nonsense, await request(id, creatorId, null)])
    expect([told.retryMessages.length, told.explicitAcks.length]).toEqual([1, 1])
    expect((await row(id))?.state).toBe('none')
  })

  test('the chain’s own events are copied, and what was never asked for is named', async () => {
    const stranger = newId()
    await mintByHand(stranger, newWallet(), keccak256('0x03'))
    await signer('mint').resume()
    await door('/chain/mine?n=3')
    await watcherCron(bindings)
    const differences = await chainDifferences(bindings)
    expect(differences.filter(({ id }) => id === stranger)).toMatchObject([{ kind: 'token_unknown' }])
    const events = await db(bindings).select().from(mintedEvents)
    const ours = await db(bindings)
      .select()
      .from(agentTokens)
      .where(sql`state = 'final'`)
    for (const { agentId } of ours)
      expect(events.find((event) => event.agentId === agentId)).toMatchObject({ matched: true })
    // The same blocks once more, by two at once: nothing changes.
    await Promise.all([watcherCron(bindings), watcherCron(bindings)])
    expect(await db(bindings).select().from(mintedEvents)).toHaveLength(events.length)
  })
})

describe('the JSON', () => {
  test('property 30: a token’s metadata has the agent’s id, its creator’s address and the time of its creation', () => {
    fc.assert(
      fc.property(
        fc.record({
          name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
          description: fc.string({ unit: 'grapheme', maxLength: 200 }),
          agent_id: fc.uuid(),
          creator: fc.constantFrom(newWallet(), newWallet()),
          created_at: fc.integer({ min: 1, max: 2 ** 40 }),
        }),
        (fields) => {
          const { json, hash } = metadataOf(fields)
          expect(JSON.parse(json)).toEqual({ ...fields, platform: 'AgentLink' })
          expect(hash).toBe(keccak256(stringToHex(json)))
          // Canonical: the order in which the fields came does not matter, and nothing stands between them.
          const reversed = Object.fromEntries(Object.entries(fields).toReversed()) as typeof fields
          expect(metadataOf(reversed).json).toBe(json)
          expect(Object.keys(JSON.parse(json))).toEqual(Object.keys(JSON.parse(json)).toSorted())
        },
      ),
    )
  })

  test.each(['0'.repeat(64), `${'0'.repeat(64)}.json`, `${'A'.repeat(64)}.json`, '1.json', `0x${'0'.repeat(62)}.json`])(
    'of a token that is not there, or no name of one (%s), is 404',
    async (file) => {
      expect((await api(`GET /api/v1/chain/tokens/${file}`)).status).toBe(404)
    },
  )

  test('of all tokens together is where the contract says', async () => {
    const uri = await node.readContract({ ...agentToken, functionName: 'contractURI' })
    expect((await api(`GET ${new URL(uri).pathname}`)).body).toMatchObject({ name: 'AgentLink agents' })
  })
})

describe('without a chain', () => {
  const { CHAIN_RPC_URL: _, ...without } = bindings as Record<string, unknown>
  const ask = async (path: string, env: unknown): Promise<ApiAnswer> => {
    const answer = await app.request(path, {}, env as Bindings, createExecutionContext())
    return { status: answer.status, headers: answer.headers, body: await answer.json() }
  }
  const PATHS = [
    `/api/v1/chain/agents/${newId()}`,
    `/api/v1/chain/settlements?creator=${newWallet()}`,
    '/api/v1/chain/status',
  ]

  test.each(PATHS)('%s says so, and is no fault of the caller', async (path) => {
    const { status, body } = await ask(path, without)
    expect([status, body.error.code, body.error.details]).toEqual([503, '50308', { because: 'not_configured' }])
  })

  test('property 30: with minting switched off agents are published all the same, and have their token later', async () => {
    await db(bindings).insert(featureFlags).values({ name: 'enable_blockchain_mint', enabled: false })
    forgetFlags()
    const creator = await newCreator(newWallet())
    const id = await publish(creator)
    const { status, body } = await api(`GET /api/v1/chain/agents/${id}`)
    expect([status, body.error.code, body.error.details]).toEqual([503, '50308', { because: 'enable_blockchain_mint' }])
    expect((await api('GET /api/v1/chain/status')).body).toMatchObject({ is_minting: false, is_paying: true })
    await mintsCron(bindings)
    expect(await row(id)).toBeUndefined()
    await db(bindings).delete(featureFlags)
    forgetFlags()
    await mintsCron(bindings)
    await come(id, 'mined')
  })
})

/** Connects a wallet, as its owner does. */
async function prove(creator: Account, wallet: ReturnType<typeof privateKeyToAccount>): Promise<void> {
  const { address } = wallet
  const asked = await api('POST /api/v1/creators/me/wallet/challenge', { as: creator, body: { address } })
  const signature = await wallet.signMessage({ message: asked.body.message })
  const connected = await api('PUT /api/v1/creators/me/wallet', { as: creator, body: { address, signature } })
  expect(connected.status).toBe(200)
}
