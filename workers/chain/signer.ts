/**
 * One step of a signer after the other; what states there are and what holds of them stands in `signer.object.ts`. Everything
 * from outside comes in (the node, the book, the time), so that the same code runs against a chain that a test makes up.
 */
import { type Address, type Hex } from 'viem'
import { keccak256 } from 'viem/utils'
import { log } from '../base/log.ts'
import type { Book, Job, JobChange, Tx, Variant } from './book.ts'
import type { ChainConfig } from './config.ts'
import type { Head, Node, Receipt } from './rpc.ts'
import type { Work } from './work.ts'

/** Transactions that are in no block yet, at most. */
export const UNCONFIRMED_MAX = 16
/** Blocks without it after which a transaction that is next is offered for more, and a gap is filled. */
const STUCK_BLOCKS = 5
const VARIANTS_MAX = 30
/** So often in a row a nonce has to look used by another before that is believed: nodes behind one address lag. */
const MISSING_MAX = 3
/** A job whose transactions have reverted so often for good is given back. */
const REVERTS_MAX = 3
/** Transactions looked after in one step. */
const FOLLOWED_MAX = 64
/** So deep a reorganisation is seen at once; a deeper one when the block would have become safe. */
const RECENT_BLOCKS = 10
/** A head that is so far behind one we have seen is not believed. */
const STALE_BLOCKS = 100
/** Blocks in which a transaction of somebody else is looked for. */
const TRACE_BLOCKS = 5_000
const RESEND_MS = 30_000
const HOLD_MS = 10 * 60_000
/** A node that says yes and no to the same question is asked again soon. */
const DOUBT_MS = 10_000
/** Far below what one transaction may use (EIP-7825). */
const GAS_MAX = 16_000_000n
const TRANSFER_GAS = 21_000n

export type Sign = (tx: {
  type: 'eip1559'
  chainId: number
  nonce: number
  to: Address
  data: Hex
  gas: bigint
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}) => Promise<Hex>

export type SignerParts = {
  book: Book
  node: Node
  /** A second node that has to agree before a job counts as settled. */
  check: Node | null
  work: Work
  address: Address
  /** Null where the key is not there any more: then what was signed is followed, and nothing else. */
  sign: Sign | null
  rules: Pick<ChainConfig, 'chainId' | 'books' | 'tipMin' | 'feeMax'>
  /** Resolves once all that was written is durable. */
  sync: () => Promise<void>
}

type View = { head: Head; nonce: number }
type Fees = { maxFee: bigint; tip: bigint }
type Plan = { jobs: Job[]; gas: bigint }

export class Signer {
  readonly #parts: SignerParts
  #seen = 0

  constructor(parts: SignerParts) {
    this.#parts = parts
  }

  /**
   * Everything that is to be done now, in an order in which being cut off anywhere does no harm. `mayTake`: new transactions
   * may be signed. Throws when the node does not answer; the next step is then as good as this one.
   */
  async step(now: number, mayTake: boolean): Promise<void> {
    const view = await this.#look(now)
    if (!view) return
    await this.#follow(view, now)
    await this.#followElsewhere(view, now)
    this.#watch(view, now)
    if (this.#parts.book.noted('halted')) return
    if (this.#parts.sign) {
      await this.#fillGap(view, now)
      await this.#replaceStuck(view, now)
      await this.#take(view, now, mayTake)
    }
    await this.#broadcast(now)
  }

  /** Lets a halted signer go on. What others used of its nonces is given up, and done anew under another once that is final. */
  resume(): void {
    const { book } = this.#parts
    book.atomically(() => {
      for (const tx of book.openTransactions()) if (tx.missing >= MISSING_MAX) book.changeTx(tx, { isGivenUp: true })
      book.note('halted', null)
      // Read from the chain again.
      book.note('nextNonce', null)
    })
  }

  /** Halts, keeping the first reason. */
  halt(reason: string, now: number): void {
    const { book } = this.#parts
    if (book.noted('halted')) return
    log.error('signer.halted', { code: reason })
    book.note('halted', { reason, at: now })
  }

  /** Says why nothing new is signed for the moment; null: nothing keeps it from that. */
  pause(reason: string | null, now: number): void {
    const { book } = this.#parts
    const paused = book.noted('paused')
    if (paused?.reason === (reason ?? undefined)) return
    if (reason !== null) log.warn('signer.paused', { code: reason })
    book.note('paused', reason === null ? null : { reason, since: now })
  }

  /** What the node says of now, or null if it cannot be our chain's. */
  async #look(now: number): Promise<View | null> {
    const { node, address, rules, book } = this.#parts
    const [chainId, head, nonce] = await Promise.all([node.chainId(), node.head(), node.nonce(address, 'latest')])
    const wrong =
      chainId !== rules.chainId ? 'wrong_chain' : head.latest + STALE_BLOCKS < this.#seen ? 'stale_node' : null
    if (wrong) this.pause(wrong, now)
    else if (UNREACHED.has(book.noted('paused')?.reason ?? '')) this.pause(null, now)
    this.#seen = Math.max(this.#seen, wrong ? 0 : head.latest)
    return wrong ? null : { head, nonce }
  }

  /** Moves every open transaction to where the chain has it, forwards or back. */
  async #follow(view: View, now: number): Promise<void> {
    const { book } = this.#parts
    for (const tx of book.openTransactions())
      // What had used its nonce is gone with its block: it is ours again.
      if (tx.isGivenUp && tx.nonce >= view.nonce) book.changeTx(tx, { isGivenUp: false, missing: 0, sentAt: 0 })
    const due = book.openTransactions().filter((tx) => isDue(tx, view, this.#parts.rules.books))
    for (const tx of due.slice(0, FOLLOWED_MAX)) {
      const receipt = await this.#receiptOf(tx)
      if (receipt) await this.#onReceipt(tx, receipt, view.head, now)
      else if (tx.state === 'mined' || tx.state === 'safe') this.#onReorganised(tx, now)
      else await this.#onMissing(tx, now)
    }
  }

  /** The receipt of whichever variant is in a block. */
  async #receiptOf(tx: Tx): Promise<Receipt | null> {
    const { book, node } = this.#parts
    const hashes = new Set([
      ...(tx.minedHash ? [tx.minedHash] : []),
      ...book.variants(tx.nonce).map(({ hash }) => hash),
    ])
    for (const hash of hashes) {
      const receipt = await node.receipt(hash)
      if (receipt) return receipt
    }
    return null
  }

  async #onReceipt(tx: Tx, receipt: Receipt, head: Head, now: number): Promise<void> {
    const { book, work } = this.#parts
    const { hash, blockNumber, isSuccess } = receipt
    const reached = await this.#reached(receipt, head)
    const jobs = book.jobsOf(tx.nonce)
    const mined = { minedHash: hash, blockNumber, isSuccess, missing: 0 }
    if (!isSuccess && reached === 'final') return this.#onRevert(tx, jobs, receipt, now)
    const results = isSuccess ? work.results(receipt, jobs) : new Map<string, string>()
    if (isSuccess && results.size < jobs.length) this.halt('receipt_without_event', now)
    book.atomically(() => {
      book.changeTx(tx, { ...mined, state: reached })
      if (reached === 'final') book.spend({ nonce: tx.nonce, hash, wei: receipt.cost })
      for (const job of jobs) {
        const result = results.get(job.id)
        const change: JobChange =
          result === undefined
            ? // What has reverted is not mined to who waits for it; whether it is lost is known when that is final.
              { state: 'broadcast', txHash: hash, blockNumber: null, reason: isSuccess ? 'no_event' : 'reverted' }
            : { state: reached, txHash: hash, blockNumber, result, reason: null }
        book.changeJob(job, change, now)
      }
    })
  }

  /** How far a block is settled, in our words. The second node, if there is one, has to have the same. */
  async #reached(
    { hash, blockNumber, blockHash, isSuccess }: Receipt,
    head: Head,
  ): Promise<'mined' | 'safe' | 'final'> {
    const { check, rules } = this.#parts
    const isSafe = rules.books === 'safe' && blockNumber <= head.safe
    const reached = blockNumber <= head.finalized ? 'final' : isSafe ? 'safe' : 'mined'
    if (reached === 'mined' || !check) return reached
    const second = await check.receipt(hash).catch(() => null)
    return second?.blockHash === blockHash && second.isSuccess === isSuccess ? reached : 'mined'
  }

  /** A block is gone, and the transaction with it: the same bytes go out again. */
  #onReorganised(tx: Tx, now: number): void {
    const { book } = this.#parts
    log.warn('signer.reorganised', { count: tx.nonce })
    book.atomically(() => {
      book.changeTx(tx, { state: 'broadcast', blockNumber: null, isSuccess: null, sentAt: 0 })
      for (const job of book.jobsOf(tx.nonce))
        book.changeJob(job, { state: 'broadcast', blockNumber: null, result: null, reason: null }, now)
    })
  }

  /** Its nonce is used, and none of our variants is in a block. */
  async #onMissing(tx: Tx, now: number): Promise<void> {
    const { book, node, address } = this.#parts
    if (tx.isGivenUp && (await node.nonce(address, 'finalized')) > tx.nonce)
      return book.atomically(() => {
        book.changeTx(tx, { state: 'lost' })
        for (const job of book.jobsOf(tx.nonce)) this.#requeue(job, {}, now)
      })
    if (!tx.isGivenUp && (await node.nonce(address, 'safe')) > tx.nonce) book.changeTx(tx, { missing: tx.missing + 1 })
  }

  /** A transaction has reverted for good: each of its jobs may have been done otherwise, is tried alone, or is given back. */
  async #onRevert(tx: Tx, jobs: Job[], { hash, cost }: Receipt, now: number): Promise<void> {
    const { book, work } = this.#parts
    const found = new Map<string, Awaited<ReturnType<Work['find']>>>()
    for (const job of jobs) found.set(job.id, await work.find(job, 'finalized'))
    book.atomically(() => {
      book.changeTx(tx, { state: 'final', isSuccess: false })
      book.spend({ nonce: tx.nonce, hash, wei: cost })
      for (const job of jobs) {
        const reverts = job.reverts + 1
        const is = found.get(job.id)
        if (is === 'done') book.changeJob(job, { state: 'mined', nonce: null, txHash: null, reason: null }, now)
        else if (is === 'other') this.#fail(job, 'conflict', now)
        else if (reverts >= REVERTS_MAX) this.#fail(job, 'reverted', now)
        else this.#requeue(job, { reverts }, now)
      }
    })
  }

  /** What the chain had done already is followed by asking the contract. */
  async #followElsewhere({ head }: View, now: number): Promise<void> {
    const { book, work, rules } = this.#parts
    for (const job of book.doneElsewhere(FOLLOWED_MAX)) {
      const tags =
        rules.books === 'safe' ? (['finalized', 'safe', 'latest'] as const) : (['finalized', 'latest'] as const)
      let state: Job['state'] | null = null
      for (const tag of tags) {
        if (state === null && (await work.find(job, tag)) === 'done') state = STATE_AT[tag]
      }
      if (state === null) this.#requeue(job, {}, now)
      else book.changeJob(job, { state, ...(await this.#traced(job, head)) }, now)
    }
  }

  async #traced(job: Job, head: Head): Promise<JobChange> {
    if (job.txHash !== null) return {}
    const from = Math.max(0, head.latest - TRACE_BLOCKS)
    // Where it was done is good to know, and no more.
    const traced = await this.#parts.work.trace(job, from, head.latest).catch(() => null)
    return traced ? { txHash: traced.hash, result: traced.result } : {}
  }

  #watch({ nonce }: View, now: number): void {
    const { book } = this.#parts
    const next = book.noted('nextNonce')
    if (next !== null && nonce > next) this.halt('foreign_transaction', now)
    if (book.openTransactions().some((tx) => tx.missing >= MISSING_MAX && !tx.isGivenUp)) this.halt('nonce_taken', now)
  }

  /** A nonce that nobody has used and we have nothing for keeps all that follow waiting: it goes to ourselves, with nothing. */
  async #fillGap({ head, nonce }: View, now: number): Promise<void> {
    const { book, address } = this.#parts
    const next = book.noted('nextNonce') ?? book.nonceAfterLast()
    const isGap = nonce < next && book.transaction(nonce) === null
    const gap = book.noted('gap')
    if (!isGap) return gap ? book.note('gap', null) : undefined
    if (gap?.nonce !== nonce) return book.note('gap', { nonce, atBlock: head.latest })
    if (head.latest - gap.atBlock < STUCK_BLOCKS) return
    const fees = await this.#fees(head)
    if (!fees) return
    const noop = { to: address, data: '0x', gas: TRANSFER_GAS } as const
    log.warn('signer.gap_filled', { count: nonce })
    book.sign(noop, await this.#variant(noop, nonce, fees, head), [], now)
  }

  /** Offers more for the transaction that all others wait for: an eighth more in both fees, or today's price if that is more. */
  async #replaceStuck({ head, nonce }: View, now: number): Promise<void> {
    const { book, rules } = this.#parts
    const tx = book.transaction(nonce)
    if (!tx || !isUnmined(tx) || tx.sentAt === 0) return
    const variants = book.variants(nonce)
    const [newest] = variants
    const since = Math.max(newest?.madeAtBlock ?? 0, book.transaction(nonce - 1)?.blockNumber ?? 0)
    if (!newest || head.latest - since < STUCK_BLOCKS || variants.length >= VARIANTS_MAX) return
    const today = await this.#fees(head)
    const fees = {
      maxFee: larger(anEighthMore(newest.maxFee), today?.maxFee ?? 0n),
      tip: larger(anEighthMore(newest.tip), today?.tip ?? 0n),
    }
    if (fees.maxFee > rules.feeMax) return log.error('signer.fee_ceiling', { count: nonce })
    const variant = await this.#variant(tx, nonce, fees, head)
    log.warn('signer.replaced', { attempt: variants.length + 1, count: nonce })
    book.atomically(() => {
      book.addVariant(variant)
      book.changeTx(tx, { sentAt: 0, minedHash: null })
      for (const job of book.jobsOf(nonce)) book.changeJob(job, { txHash: variant.hash }, now)
    })
  }

  /** Signs transactions for the jobs that wait, until none waits, there are too many on their way, or something is short. */
  async #take(view: View, now: number, mayTake: boolean): Promise<void> {
    const { book, work, address } = this.#parts
    for (;;) {
      if (book.openTransactions().filter(isUnmined).length >= UNCONFIRMED_MAX) return
      const waiting = shareable(book.queued(work.most, now))
      if (waiting.length === 0) return this.#rest(now)
      if (!mayTake) return this.pause('switched_off', now)
      const fit = await work.fit(waiting, book.unmined())
      if (fit.held) this.#hold(fit.held.job, fit.held.reason, now)
      if (fit.paused !== undefined) return this.pause(fit.paused, now)
      if (fit.jobs.length === 0) continue
      const plan = await this.#simulate(fit.jobs, now)
      if (plan === 'paused') return
      const harm = plan && (await work.harm(plan.jobs, address))
      if (harm) return this.pause(harm, now)
      if (plan && !(await this.#signFor(plan, view, now))) return
    }
  }

  /** Nothing waits: what kept it from going on does so no more, unless the node still takes nothing of ours. */
  #rest(now: number): void {
    if (!this.#parts.book.openTransactions().some(({ state }) => state === 'signed')) this.pause(null, now)
  }

  /** Those of the jobs that the contract would do together, and the gas. The others are dealt with; null: all of them are. */
  async #simulate(jobs: Job[], now: number): Promise<Plan | 'paused' | null> {
    const together = await this.#estimate(jobs)
    if ('gas' in together) return { jobs, gas: together.gas }
    const good: Plan[] = []
    for (const job of jobs) {
      const alone = jobs.length === 1 ? together : await this.#estimate([job])
      if ('gas' in alone) good.push({ jobs: [job], gas: alone.gas })
      else if (await this.#isPausedBy(job, alone.revert, now)) return 'paused'
    }
    const [first] = good
    if (!first || good.length === 1) return first ?? null
    const rest = good.flatMap(({ jobs }) => jobs)
    const again = rest.length < jobs.length ? await this.#estimate(rest) : together
    // Each passes alone and they do not pass together: then one after the other.
    return 'gas' in again ? { jobs: rest, gas: again.gas } : first
  }

  #estimate(jobs: Job[]) {
    const { node, address, work } = this.#parts
    return node.estimate({ from: address, to: work.to, data: work.data(jobs) })
  }

  /** Deals with a job that the contract refuses by itself; whether that stops all others too. */
  async #isPausedBy(job: Job, revert: Hex, now: number): Promise<boolean> {
    const { book, work } = this.#parts
    const judgement = work.judge(revert)
    if (judgement.kind === 'paused') {
      this.pause(judgement.reason, now)
      return true
    }
    if (judgement.kind === 'refused') this.#fail(job, judgement.reason, now)
    if (judgement.kind === 'held') this.#hold(job, judgement.reason, now)
    if (judgement.kind === 'done') {
      const found = await work.find(job, 'latest')
      if (found === 'done') book.changeJob(job, { state: 'mined', nonce: null, reason: null }, now)
      else if (found === 'other') this.#fail(job, 'conflict', now)
      else book.changeJob(job, { heldUntil: now + DOUBT_MS }, now)
    }
    return false
  }

  /** Signs one transaction and writes it down; false where that has to wait. */
  async #signFor({ jobs, gas }: Plan, { head, nonce: used }: View, now: number): Promise<boolean> {
    const { book, node, address, work } = this.#parts
    const fees = await this.#fees(head)
    if (!fees) return this.#isLater('fees_high', now)
    const tx = { to: work.to, data: work.data(jobs), gas: withReserve(gas) }
    const owed = book
      .openTransactions()
      .filter(isUnmined)
      .map((open) => open.gas * maxFeeOf(book.variants(open.nonce)))
    const needed = owed.reduce((total, cost) => total + cost, tx.gas * fees.maxFee)
    if ((await node.balance(address)) < needed) return this.#isLater('gas_short', now)
    const next = book.noted('nextNonce') ?? Math.max(used, await node.nonce(address, 'pending'), book.nonceAfterLast())
    book.sign(tx, await this.#variant(tx, next, fees, head), jobs, now)
    this.pause(null, now)
    return true
  }

  #isLater(reason: string, now: number): false {
    this.pause(reason, now)
    return false
  }

  async #variant(
    tx: Pick<Tx, 'to' | 'data' | 'gas'>,
    nonce: number,
    { maxFee, tip }: Fees,
    head: Head,
  ): Promise<Variant> {
    const { sign, rules } = this.#parts
    if (!sign) throw new Error('A signer without its key signs nothing.')
    const { to, data, gas } = tx
    const { chainId } = rules
    const fees = { maxFeePerGas: maxFee, maxPriorityFeePerGas: tip }
    const raw = await sign({ type: 'eip1559', chainId, nonce, to, data, gas, ...fees })
    return { hash: keccak256(raw), nonce, raw, maxFee, tip, madeAtBlock: head.latest }
  }

  /** Hands what is due to the node, in the order of the nonces. Everything it is told was written down before. */
  async #broadcast(now: number): Promise<void> {
    const { book, node, sync } = this.#parts
    const due = book
      .openTransactions()
      .filter((tx) => isUnmined(tx) && (tx.sentAt === 0 || now - tx.sentAt >= RESEND_MS))
    if (due.length > 0) await sync()
    for (const tx of due) {
      const variants = book.variants(tx.nonce)
      // What was in a block before a reorganisation goes out as it was there.
      const variant = variants.find(({ hash }) => hash === tx.minedHash) ?? variants[0]
      if (!variant) continue
      const sent = await node.send(variant.raw)
      if (sent === 'poor') return this.pause('gas_short', now)
      if (sent === 'refused') log.warn('signer.refused', { count: tx.nonce })
      book.atomically(() => {
        const isOut = sent !== 'refused'
        book.changeTx(tx, { sentAt: now, ...(isOut ? { state: 'broadcast' as const } : {}) })
        if (isOut) for (const job of book.jobsOf(tx.nonce)) book.changeJob(job, { state: 'broadcast' }, now)
      })
    }
  }

  /** Today's fees, or null if they are above the ceiling: twice the base fee, so that it may double while we wait. */
  async #fees({ baseFee }: Head): Promise<Fees | null> {
    const { node, rules } = this.#parts
    const tip = larger(await node.tip(), rules.tipMin)
    if (baseFee + tip > rules.feeMax) return null
    const maxFee = 2n * baseFee + tip
    return { maxFee: maxFee > rules.feeMax ? rules.feeMax : maxFee, tip }
  }

  #requeue(job: Job, change: JobChange, now: number): void {
    const none = { nonce: null, txHash: null, blockNumber: null, result: null, reason: null }
    this.#parts.book.changeJob(job, { state: 'queued', ...none, ...change }, now)
  }

  #hold(job: Job, reason: string, now: number): void {
    this.#parts.book.changeJob(job, { reason, heldUntil: now + HOLD_MS }, now)
  }

  #fail(job: Job, reason: string, now: number): void {
    this.#parts.book.changeJob(job, { state: 'failed', nonce: null, blockNumber: null, reason }, now)
  }
}

/** Reasons for a pause that are over once the node answers as ours. */
const UNREACHED = new Set(['unreachable', 'wrong_chain', 'stale_node'])
const STATE_AT = { finalized: 'final', safe: 'safe', latest: 'mined' } as const

function isUnmined({ state, isGivenUp }: Tx): boolean {
  return (state === 'signed' || state === 'broadcast') && !isGivenUp
}

/** Whether the chain may have moved a transaction since it was last looked at. */
function isDue({ state, nonce, blockNumber }: Tx, { head, nonce: used }: View, books: 'safe' | 'finalized'): boolean {
  if (state === 'signed' || state === 'broadcast') return nonce < used
  const block = blockNumber ?? 0
  if (block <= head.finalized || block > head.latest - RECENT_BLOCKS) return true
  return books === 'safe' && state === 'mined' && block <= head.safe
}

/** Jobs that may share a transaction: one that was in a reverted one goes alone. */
function shareable(jobs: Job[]): Job[] {
  const single = jobs.findIndex(({ reverts }) => reverts > 0)
  if (single === -1) return jobs
  return single === 0 ? jobs.slice(0, 1) : jobs.slice(0, single)
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
/** Rounded up. Nodes take a replacement from a tenth more in both fields on. */
const anEighthMore = (fee: bigint): bigint => (fee * 9n + 7n) / 8n
const maxFeeOf = (variants: Variant[]): bigint => variants[0]?.maxFee ?? 0n

/** A third more than it takes now: by then a balance may be zero that is not, or the reverse. */
function withReserve(gas: bigint): bigint {
  const reserved = (gas * 4n) / 3n + 20_000n
  return reserved < GAS_MAX ? reserved : GAS_MAX
}
