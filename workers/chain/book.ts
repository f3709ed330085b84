/**
 * What a signer knows, in its object's storage: the jobs it was given, the transactions it signed for them, and every variant
 * of each transaction, bytes and all. Each change is one synchronous transaction. What it means stands in `signer.object.ts`.
 */
import type { Address, Hex } from 'viem'

export type JobState = 'queued' | 'signed' | 'broadcast' | 'mined' | 'safe' | 'final' | 'failed'

export type Job = {
  id: string
  /** What is to be done, as JSON. It never changes. */
  facts: string
  state: JobState
  /** Of the transaction that does it; null while there is none, and where the chain had it done already. */
  nonce: number | null
  /** How many transactions for it have reverted for good. */
  reverts: number
  /** It is not tried before this time. */
  heldUntil: number
  reason: string | null
  txHash: Hex | null
  blockNumber: number | null
  /** What the receipt told, as JSON. */
  result: string | null
  /** Rises with every change that is told. */
  revision: number
}

/** `lost`: its nonce was used by another transaction, for good. */
type TxState = 'signed' | 'broadcast' | 'mined' | 'safe' | 'final' | 'lost'

export type Tx = {
  nonce: number
  to: Address
  data: Hex
  gas: bigint
  state: TxState
  /** Of the variant that was seen in a block; kept when a reorganisation takes it out again. */
  minedHash: Hex | null
  blockNumber: number | null
  isSuccess: boolean | null
  /** How often in a row the nonce was seen used, and none of our variants in a block. */
  missing: number
  /** Somebody has looked at that, and let the signer go on. */
  isGivenUp: boolean
  /** When its bytes were last handed to the node; 0: they are due. */
  sentAt: number
}

export type Variant = { hash: Hex; nonce: number; raw: Hex; maxFee: bigint; tip: bigint; madeAtBlock: number }

/** What a transaction has cost for good, in wei. */
export type Cost = { nonce: number; hash: Hex; wei: bigint }

/** Facts about the signer itself, by name. */
type Notes = {
  owner: { name: 'mint' | 'settle'; chainId: number; address: Address }
  /** The first nonce that no transaction of ours has. */
  nextNonce: number
  /** Nothing is signed until somebody says so. */
  halted: { reason: string; at: number }
  /** Nothing is signed until this has passed by itself. */
  paused: { reason: string; since: number }
  /** A nonce that nothing in the book or the chain has, and the block in which that was noticed. */
  gap: { nonce: number; atBlock: number }
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, state TEXT NOT NULL, nonce INTEGER,
    reverts INTEGER NOT NULL DEFAULT 0, held_until INTEGER NOT NULL DEFAULT 0, reason TEXT, tx_hash TEXT, block_number INTEGER,
    result TEXT, revision INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0)`,
  `CREATE INDEX IF NOT EXISTS jobs_open ON jobs (state, seq) WHERE state NOT IN ('final', 'failed')`,
  `CREATE INDEX IF NOT EXISTS jobs_by_nonce ON jobs (nonce)`,
  `CREATE INDEX IF NOT EXISTS jobs_untold ON jobs (seq) WHERE told < revision`,
  `CREATE TABLE IF NOT EXISTS transactions (
    nonce INTEGER PRIMARY KEY, recipient TEXT NOT NULL, data TEXT NOT NULL, gas TEXT NOT NULL, state TEXT NOT NULL,
    mined_hash TEXT, block_number INTEGER, is_success INTEGER, missing INTEGER NOT NULL DEFAULT 0,
    is_given_up INTEGER NOT NULL DEFAULT 0, sent_at INTEGER NOT NULL DEFAULT 0)`,
  `CREATE INDEX IF NOT EXISTS transactions_open ON transactions (nonce) WHERE state NOT IN ('final', 'lost')`,
  `CREATE TABLE IF NOT EXISTS variants (
    hash TEXT PRIMARY KEY, nonce INTEGER NOT NULL, raw TEXT NOT NULL, max_fee TEXT NOT NULL, tip TEXT NOT NULL,
    made_at_block INTEGER NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS variants_by_nonce ON variants (nonce)`,
  `CREATE TABLE IF NOT EXISTS costs (
    nonce INTEGER PRIMARY KEY, hash TEXT NOT NULL, wei TEXT NOT NULL, is_told INTEGER NOT NULL DEFAULT 0)`,
  `CREATE INDEX IF NOT EXISTS costs_untold ON costs (nonce) WHERE is_told = 0`,
]

const JOB = `id, facts, state, nonce, reverts, held_until AS heldUntil, reason, tx_hash AS txHash, block_number AS blockNumber,
  result, revision`

/** What may change of a job, and is told when it does. */
export type JobChange = Partial<
  Pick<Job, 'state' | 'nonce' | 'reverts' | 'heldUntil' | 'reason' | 'txHash' | 'blockNumber' | 'result'>
>
const JOB_COLUMNS: Record<keyof JobChange, string> = {
  state: 'state',
  nonce: 'nonce',
  reverts: 'reverts',
  heldUntil: 'held_until',
  reason: 'reason',
  txHash: 'tx_hash',
  blockNumber: 'block_number',
  result: 'result',
}

type TxChange = Partial<
  Pick<Tx, 'state' | 'minedHash' | 'blockNumber' | 'isSuccess' | 'missing' | 'isGivenUp' | 'sentAt'>
>
const TX_COLUMNS: Record<keyof TxChange, string> = {
  state: 'state',
  minedHash: 'mined_hash',
  blockNumber: 'block_number',
  isSuccess: 'is_success',
  missing: 'missing',
  isGivenUp: 'is_given_up',
  sentAt: 'sent_at',
}

export class Book {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
    for (const statement of SCHEMA) this.#sql.exec(statement)
  }

  /** All changes that `work` makes, or none. */
  atomically<T>(work: () => T): T {
    return this.#storage.transactionSync(work)
  }

  /** Takes a job in, once by its id. `differs`: there is another one under this id. One that is known is told again. */
  add({ id, facts }: Pick<Job, 'id' | 'facts'>, now: number): 'new' | 'known' | 'differs' {
    const known = this.job(id)
    if (known && known.facts !== facts) return 'differs'
    if (known) {
      this.#sql.exec('UPDATE jobs SET told = 0 WHERE id = ?', id)
      return 'known'
    }
    this.#sql.exec(`INSERT INTO jobs (id, facts, state, revision) VALUES (?, ?, 'queued', ?)`, id, facts, now)
    return 'new'
  }

  job(id: string): Job | null {
    return this.#jobs('WHERE id = ?', id)[0] ?? null
  }

  jobsOf(nonce: number): Job[] {
    return this.#jobs('WHERE nonce = ? ORDER BY seq', nonce)
  }

  /** Jobs that wait for a transaction and may be tried now, first come first. */
  queued(limit: number, now: number): Job[] {
    return this.#jobs(`WHERE state = 'queued' AND held_until <= ? ORDER BY seq LIMIT ?`, now, limit)
  }

  /** Jobs whose transaction is signed and in no block yet. */
  unmined(): Job[] {
    return this.#jobs(`WHERE state IN ('signed', 'broadcast') ORDER BY seq`)
  }

  /** Jobs that the chain has done by another transaction than one of ours, and not yet for good. */
  doneElsewhere(limit: number): Job[] {
    return this.#jobs(`WHERE state IN ('mined', 'safe') AND nonce IS NULL ORDER BY seq LIMIT ?`, limit)
  }

  /** Jobs whose latest change has not been told. */
  untold(limit: number): Job[] {
    return this.#jobs('WHERE told < revision ORDER BY seq LIMIT ?', limit)
  }

  told(jobs: Pick<Job, 'id' | 'revision'>[]): void {
    for (const { id, revision } of jobs) this.#sql.exec('UPDATE jobs SET told = ? WHERE id = ?', revision, id)
  }

  /** Writes what a transaction has cost, once it is final. */
  spend({ nonce, hash, wei }: Cost): void {
    this.#sql.exec('INSERT OR IGNORE INTO costs (nonce, hash, wei) VALUES (?, ?, ?)', nonce, hash, String(wei))
  }

  /** Costs that have not been told. */
  untoldCosts(limit: number): Cost[] {
    const rows = this.#sql.exec<{ nonce: number; hash: Hex; wei: string }>(
      'SELECT nonce, hash, wei FROM costs WHERE is_told = 0 ORDER BY nonce LIMIT ?',
      limit,
    )
    return [...rows].map((row) => ({ ...row, wei: BigInt(row.wei) }))
  }

  toldCosts(costs: Cost[]): void {
    for (const { nonce } of costs) this.#sql.exec('UPDATE costs SET is_told = 1 WHERE nonce = ?', nonce)
  }

  /** How many jobs are in each state, of those that are not over, and how many of these are held back and why; how much is untold. */
  counts(): { open: Partial<Record<JobState, number>>; held: Record<string, number>; untold: number } {
    const open = this.#sql.exec<{ state: JobState; count: number }>(
      `SELECT state, count(*) AS count FROM jobs WHERE state NOT IN ('final', 'failed') GROUP BY state`,
    )
    const held = this.#sql.exec<{ reason: string; count: number }>(
      `SELECT reason, count(*) AS count FROM jobs WHERE state = 'queued' AND held_until > 0 AND reason IS NOT NULL GROUP BY reason`,
    )
    const untold = this.#sql
      .exec<{ count: number }>(
        'SELECT (SELECT count(*) FROM jobs WHERE told < revision) + (SELECT count(*) FROM costs WHERE is_told = 0) AS count',
      )
      .one()
    return {
      open: Object.fromEntries([...open].map(({ state, count }) => [state, count])),
      held: Object.fromEntries([...held].map(({ reason, count }) => [reason, count])),
      untold: untold.count,
    }
  }

  /** Changes a job. Its revision rises if anything did change, and then is never below `now`. */
  changeJob(job: Job, change: JobChange, now: number): void {
    const changed = Object.entries(change).filter(([name, value]) => job[name as keyof JobChange] !== value)
    if (changed.length === 0) return
    const sets = changed.map(([name]) => `${JOB_COLUMNS[name as keyof JobChange]} = ?`).join(', ')
    const revision = Math.max(job.revision + 1, now)
    this.#sql.exec(
      `UPDATE jobs SET ${sets}, revision = ? WHERE id = ?`,
      ...changed.map(([, value]) => value),
      revision,
      job.id,
    )
  }

  /** Writes a signed transaction, its bytes and whose jobs it does, and takes its nonce: all at once, before it is sent. */
  sign(tx: Pick<Tx, 'to' | 'data' | 'gas'>, variant: Variant, jobs: Job[], now: number): void {
    this.atomically(() => {
      const { nonce, hash } = variant
      this.#sql.exec(
        `INSERT INTO transactions (nonce, recipient, data, gas, state) VALUES (?, ?, ?, ?, 'signed')`,
        nonce,
        tx.to,
        tx.data,
        String(tx.gas),
      )
      this.addVariant(variant)
      for (const job of jobs)
        this.changeJob(
          job,
          { state: 'signed', nonce, txHash: hash, blockNumber: null, reason: null, heldUntil: 0 },
          now,
        )
      // While it is to be read from the chain, what fills a gap below says nothing of it.
      const next = this.noted('nextNonce')
      if (next !== null || jobs.length > 0) this.note('nextNonce', Math.max(next ?? 0, this.nonceAfterLast()))
    })
  }

  addVariant({ hash, nonce, raw, maxFee, tip, madeAtBlock }: Variant): void {
    this.#sql.exec(
      'INSERT INTO variants (hash, nonce, raw, max_fee, tip, made_at_block) VALUES (?, ?, ?, ?, ?, ?)',
      hash,
      nonce,
      raw,
      String(maxFee),
      String(tip),
      madeAtBlock,
    )
  }

  /** All variants of a nonce, the newest first. */
  variants(nonce: number): Variant[] {
    const rows = this.#sql.exec<Record<string, string | number>>(
      'SELECT * FROM variants WHERE nonce = ? ORDER BY rowid DESC',
      nonce,
    )
    return [...rows].map((row) => ({
      hash: row['hash'] as Hex,
      nonce: row['nonce'] as number,
      raw: row['raw'] as Hex,
      maxFee: BigInt(row['max_fee'] as string),
      tip: BigInt(row['tip'] as string),
      madeAtBlock: row['made_at_block'] as number,
    }))
  }

  /** Transactions that are not over, in the order of their nonces. */
  openTransactions(): Tx[] {
    const rows = this.#sql.exec<Record<string, string | number | null>>(
      `SELECT * FROM transactions WHERE state NOT IN ('final', 'lost') ORDER BY nonce`,
    )
    return [...rows].map(toTx)
  }

  transaction(nonce: number): Tx | null {
    const rows = this.#sql.exec<Record<string, string | number | null>>(
      'SELECT * FROM transactions WHERE nonce = ?',
      nonce,
    )
    return [...rows].map(toTx)[0] ?? null
  }

  /** The nonce after the highest that anything here was signed under. */
  nonceAfterLast(): number {
    return this.#sql.exec<{ next: number }>('SELECT coalesce(max(nonce), -1) + 1 AS next FROM transactions').one().next
  }

  changeTx(tx: Tx, change: TxChange): void {
    const changed = Object.entries(change).filter(([name, value]) => tx[name as keyof TxChange] !== value)
    if (changed.length === 0) return
    const sets = changed.map(([name]) => `${TX_COLUMNS[name as keyof TxChange]} = ?`).join(', ')
    const values = changed.map(([, value]) => (typeof value === 'boolean' ? Number(value) : value))
    this.#sql.exec(`UPDATE transactions SET ${sets} WHERE nonce = ?`, ...values, tx.nonce)
  }

  note<Name extends keyof Notes>(name: Name, value: Notes[Name] | null): void {
    if (value === null) this.#storage.kv.delete(name)
    else this.#storage.kv.put(name, value)
  }

  noted<Name extends keyof Notes>(name: Name): Notes[Name] | null {
    return this.#storage.kv.get<Notes[Name]>(name) ?? null
  }

  #jobs(where: string, ...values: (string | number)[]): Job[] {
    return [...this.#sql.exec<Job>(`SELECT ${JOB} FROM jobs ${where}`, ...values)]
  }
}

function toTx(row: Record<string, string | number | null>): Tx {
  return {
    nonce: row['nonce'] as number,
    to: row['recipient'] as Address,
    data: row['data'] as Hex,
    gas: BigInt(row['gas'] as string),
    state: row['state'] as TxState,
    minedHash: row['mined_hash'] as Hex | null,
    blockNumber: row['block_number'] as number | null,
    isSuccess: row['is_success'] === null ? null : row['is_success'] === 1,
    missing: row['missing'] as number,
    isGivenUp: row['is_given_up'] === 1,
    sentAt: row['sent_at'] as number,
  }
}
