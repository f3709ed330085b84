/** The tables of this room: what was asked of the chain, how far it is, and what the chain's own events say. */
import {
  bigint,
  boolean,
  decimal,
  integer,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'

const tokenId = () => numeric('token_id', { precision: 78, scale: 0, mode: 'bigint' })
const address = (name: string) => varchar(name, { length: 42 })
const hash = (name: string) => varchar(name, { length: 66 })

/** How far a signer has got with what it was asked for, besides its state. */
const progress = {
  reason: varchar('reason', { length: 40 }),
  txHash: hash('tx_hash'),
  blockNumber: bigint('block_number', { mode: 'number' }),
  /** Of the signer's last word; 0 before its first. */
  revision: bigint('revision', { mode: 'number' }).notNull().default(0),
  /** Whether an event of the chain says the same. */
  matched: boolean('matched').notNull().default(false),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
}

const place = {
  txHash: hash('tx_hash').notNull(),
  blockNumber: bigint('block_number', { mode: 'number' }).notNull(),
  logIndex: integer('log_index').notNull(),
  /** Whether we asked for this. */
  matched: boolean('matched').notNull().default(false),
}

export const TOKEN_STATES = [
  'none',
  'queued',
  'signed',
  'broadcast',
  'mined',
  'safe',
  'final',
  'blocked_wallet',
  'conflict',
  'failed',
] as const

export const agentTokens = pgTable('agent_tokens', {
  agentId: uuid('agent_id').primaryKey(),
  creatorId: uuid('creator_id').notNull(),
  tokenId: tokenId().notNull().unique(),
  name: varchar('name', { length: 100 }).notNull(),
  description: text('description').notNull(),
  agentCreatedAt: timestamp('agent_created_at', { withTimezone: true }).notNull(),
  /** Null, as the next three, until there is a wallet to mint to. */
  wallet: address('wallet'),
  /** The JSON whose hash is on chain, as its bytes are served. */
  metadata: text('metadata'),
  metadataHash: hash('metadata_hash'),
  chainId: integer('chain_id'),
  state: varchar('state', { length: 20, enum: TOKEN_STATES }).notNull().default('none'),
  ...progress,
})

export const chainPayouts = pgTable(
  'chain_payouts',
  {
    id: uuid('id').primaryKey(),
    chainId: integer('chain_id').notNull(),
    contract: address('contract').notNull(),
    /** The id under which the contract settles it. */
    key: hash('key').notNull(),
    payee: address('payee').notNull(),
    /** Millionths of a USDC. */
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    state: varchar('state', {
      length: 20,
      enum: ['queued', 'signed', 'broadcast', 'mined', 'safe', 'final', 'failed'],
    })
      .notNull()
      .default('queued'),
    /** The token refused the payee, and the contract holds the amount for him. */
    credited: boolean('credited'),
    ...progress,
  },
  (table) => [unique().on(table.chainId, table.contract, table.key)],
)

export const settledEvents = pgTable(
  'settled_events',
  {
    chainId: integer('chain_id').notNull(),
    contract: address('contract').notNull(),
    key: hash('key').notNull(),
    payee: address('payee').notNull(),
    amount: numeric('amount', { precision: 78, scale: 0, mode: 'bigint' }).notNull(),
    credited: boolean('credited').notNull(),
    ...place,
    settledAt: timestamp('settled_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.chainId, table.contract, table.key] })],
)

export const mintedEvents = pgTable(
  'minted_events',
  {
    chainId: integer('chain_id').notNull(),
    contract: address('contract').notNull(),
    tokenId: tokenId().notNull(),
    agentId: text('agent_id').notNull(),
    creator: address('creator').notNull(),
    metadataHash: hash('metadata_hash').notNull(),
    ...place,
    mintedAt: timestamp('minted_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.chainId, table.contract, table.tokenId] })],
)

/** What transactions have cost that are final. */
export const chainCosts = pgTable(
  'chain_costs',
  {
    chainId: integer('chain_id').notNull(),
    hash: hash('hash').notNull(),
    signer: varchar('signer', { length: 20, enum: ['mint', 'settle'] }).notNull(),
    /** Of the chain's own coin. */
    wei: numeric('wei', { precision: 78, scale: 0, mode: 'bigint' }).notNull(),
    /** What the ledger has for it, and what a coin was worth then; null until it is booked. */
    usd: decimal('usd', { precision: 18, scale: 8 }),
    nativeUsd: decimal('native_usd', { precision: 18, scale: 8 }),
    bookedAt: timestamp('booked_at', { withTimezone: true }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.chainId, table.hash] })],
)

export const chainCursors = pgTable(
  'chain_cursors',
  {
    chainId: integer('chain_id').notNull(),
    contracts: varchar('contracts', { length: 85 }).notNull(),
    nextBlock: bigint('next_block', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.chainId, table.contracts] })],
)
