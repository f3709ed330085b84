/**
 * The signer against a chain that a test makes up: answers are lost before or after they had an effect, blocks and transactions
 * vanish, fees jump, others use the key, and the object dies at any moment. Whatever the history, the invariants hold.
 */
import { runInDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { fromHex, keccak256, stringToHex, type Address, type Hex } from 'viem'
import { beforeAll, expect, test, vi } from 'vitest'
import { log } from '../base/log.ts'
import { bindings } from '../tests/world.ts'
import { Book, type Job } from './book.ts'
import { Signer, UNCONFIRMED_MAX, type Sign } from './signer.ts'
import type { Head, Node, Receipt, Sent, Tag } from './rpc.ts'
import type { Work } from './work.ts'

const ME: Address = '0x00000000000000000000000000000000000000aA'
const CONTRACT: Address = '0x00000000000000000000000000000000000000cC'
const GWEI = 1_000_000_000n
const FEE_MAX = 100n * GWEI
/** Blocks behind the latest that are safe, and final. */
const SAFE_BEHIND = 1
const FINAL_BEHIND = 4

type FakeTx = { hash: Hex; nonce: number; ids: string[]; maxFee: bigint }
type Block = { hash: Hex; txs: FakeTx[]; reverted: Set<Hex> }

/** In a run of all tests; more of them by hand. */
const HISTORIES = 80

/** In one step, which asks a few for each transaction and job. */
/** Of any transaction, in wei. */
const COST = 7_000n
const QUESTIONS_MAX = 2_000

class Cut extends Error {}

/** Blocks, a pool, and a contract that settles each id once; ids that begin with `bad` it never settles. */
class FakeChain {
  blocks: Block[] = [{ hash: '0x00', txs: [], reverted: new Set() }]
  pool: FakeTx[] = []
  baseFee = GWEI
  balance = 10n ** 18n
  isPaused = false
  /** After so many further questions one is lost; with `isSeen`, after the chain has done what it says. */
  cut: { in: number; isSeen: boolean } | null = null
  /** Questions since the last step began. */
  asked = 0
  #made = 0

  get latest(): number {
    return this.blocks.length - 1
  }

  at(tag: Tag): number {
    const behind = tag === 'latest' ? 0 : tag === 'safe' ? SAFE_BEHIND : FINAL_BEHIND
    return Math.max(0, this.latest - behind)
  }

  /** The ids settled up to a block, each with how often; a second time reverts, so more than once is a fault of this test. */
  settled(to = this.latest): Map<string, number> {
    const counts = new Map<string, number>()
    for (const block of this.blocks.slice(0, to + 1))
      for (const tx of block.txs)
        if (!block.reverted.has(tx.hash)) for (const id of tx.ids) counts.set(id, (counts.get(id) ?? 0) + 1)
    return counts
  }

  nonce(to = this.latest): number {
    return this.blocks.slice(0, to + 1).reduce((sum, block) => sum + block.txs.length, 0)
  }

  mine(count: number): void {
    for (let block = 0; block < count; block++) {
      const next: Block = { hash: keccak256(stringToHex(`block ${++this.#made}`)), txs: [], reverted: new Set() }
      this.blocks.push(next)
      for (;;) {
        const nonce = this.nonce()
        const tx = this.pool.find((one) => one.nonce === nonce && one.maxFee >= this.baseFee)
        if (!tx) break
        const before = this.settled()
        if (this.isPaused || tx.ids.some((id) => before.has(id) || id.startsWith('bad'))) next.reverted.add(tx.hash)
        next.txs.push(tx)
      }
      const used = this.nonce()
      this.pool = this.pool.filter(({ nonce }) => nonce >= used)
    }
  }

  /** Takes blocks away that are not final. What was in them is in the pool again, or lost. */
  reorganise(depth: number, isKept: boolean): void {
    for (let gone = 0; gone < depth && this.latest > 0 && gone < FINAL_BEHIND; gone++) {
      const block = this.blocks.pop()
      if (isKept) this.pool.push(...(block?.txs ?? []))
    }
    this.mine(depth > FINAL_BEHIND ? FINAL_BEHIND : depth)
    if (!isKept) this.pool = []
  }

  /** Somebody else with the key. */
  useByAnother(): void {
    const nonce = this.nonce()
    const tx: FakeTx = {
      hash: keccak256(stringToHex(`foreign ${++this.#made}`)),
      nonce,
      ids: [],
      maxFee: FEE_MAX * 10n,
    }
    this.pool = [tx, ...this.pool.filter((one) => one.nonce !== nonce)]
  }

  send(raw: Hex): Sent {
    const tx = decode(raw)
    if (this.blocks.some(({ txs }) => txs.some(({ hash }) => hash === tx.hash))) return 'known'
    if (tx.nonce < this.nonce()) return 'used'
    const same = this.pool.find(({ nonce }) => nonce === tx.nonce)
    if (same?.hash === tx.hash) return 'known'
    if (same && tx.maxFee * 10n < same.maxFee * 11n) return 'refused'
    this.pool = [...this.pool.filter(({ nonce }) => nonce !== tx.nonce), tx]
    return 'taken'
  }

  receipt(hash: Hex): Receipt | null {
    for (const [number, block] of this.blocks.entries()) {
      const tx = block.txs.find((one) => one.hash === hash)
      if (!tx) continue
      const isSuccess = !block.reverted.has(hash)
      const logs = isSuccess ? tx.ids.map((id) => ({ address: CONTRACT, topics: [], data: stringToHex(id) })) : []
      return { hash, isSuccess, blockNumber: number, blockHash: block.hash, cost: COST, logs }
    }
    return null
  }

  #ask<T>(answer: () => T): Promise<T> {
    const { cut } = this
    if (++this.asked > QUESTIONS_MAX) return Promise.reject(new Error('A step never ends.'))
    const isCut = cut !== null && --cut.in <= 0
    if (isCut) this.cut = null
    if (isCut && !cut.isSeen) return Promise.reject(new Cut())
    const told = answer()
    return isCut ? Promise.reject(new Cut()) : Promise.resolve(told)
  }

  get node(): Node {
    const head = (): Head => ({
      latest: this.latest,
      safe: this.at('safe'),
      finalized: this.at('finalized'),
      baseFee: this.baseFee,
    })
    return {
      chainId: () => this.#ask(() => 1),
      head: () => this.#ask(head),
      nonce: (_, tag) =>
        this.#ask(() => (tag === 'pending' ? this.nonce() + this.pool.length : this.nonce(this.at(tag)))),
      balance: () => this.#ask(() => this.balance),
      tip: () => this.#ask(() => 1n),
      estimate: ({ data }) =>
        this.#ask(() => {
          const ids = idsIn(data)
          const before = this.settled()
          const bad = ids.find((id) => id.startsWith('bad'))
          const done = ids.find((id) => before.has(id))
          const revert = this.isPaused ? 'paused' : bad ? 'bad' : done ? 'done' : null
          return revert ? { revert: stringToHex(revert) } : { gas: 100_000n }
        }),
      read: () => Promise.reject(new Error('Nothing is read here.')),
      send: (raw) => this.#ask(() => this.send(raw)),
      receipt: (hash) => this.#ask(() => this.receipt(hash)),
      events: () => Promise.resolve([]),
    }
  }

  get work(): Work {
    return {
      to: CONTRACT,
      most: 3,
      fit: async (jobs) => ({ jobs }),
      harm: async () => null,
      data: (jobs) => stringToHex(JSON.stringify(jobs.map(({ id }) => id))),
      judge: (revert) => {
        const why = fromHex(revert, 'string')
        if (why === 'paused') return { kind: 'paused', reason: 'contract_paused' }
        return why === 'done' ? { kind: 'done' } : { kind: 'refused', reason: 'bad_payout' }
      },
      find: ({ id }, tag) => this.#ask(() => (this.settled(this.at(tag)).has(id) ? 'done' : null)),
      results: ({ logs }, jobs) =>
        new Map(jobs.filter(({ id }) => logs.some(({ data }) => data === stringToHex(id))).map(({ id }) => [id, '{}'])),
      trace: async () => null,
    }
  }
}

const sign: Sign = async ({ nonce, data, maxFeePerGas, to }) =>
  stringToHex(JSON.stringify({ nonce, ids: to === CONTRACT ? idsIn(data) : [], maxFee: String(maxFeePerGas) }))

function decode(raw: Hex): FakeTx {
  const { nonce, ids, maxFee } = JSON.parse(fromHex(raw, 'string')) as { nonce: number; ids: string[]; maxFee: string }
  return { hash: keccak256(raw), nonce, ids, maxFee: BigInt(maxFee) }
}

const idsIn = (data: Hex): string[] => JSON.parse(fromHex(data, 'string')) as string[]

const Event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), count: fc.integer({ min: 1, max: 4 }), bad: fc.nat(8) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('mine' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      in: fc.integer({ min: 1, max: 14 }),
      isSeen: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('reorganise' as const),
      depth: fc.integer({ min: 1, max: 4 }),
      isKept: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fee' as const), gwei: fc.constantFrom(1, 3, 20, 60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('another' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), isPaused: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('poor' as const), isPoor: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const) }) },
)
type Event = typeof Event extends fc.Arbitrary<infer T> ? T : never

class History {
  readonly chain = new FakeChain()
  readonly #storage: DurableObjectStorage
  book: Book
  readonly second: Node | null
  readonly asked: string[] = []
  readonly revisions = new Map<string, number>()
  readonly lost = new Set<number>()
  signer: Signer
  now = 1_000
  /** Whether others have used the key, or we before we forgot. */
  isShared = false

  constructor(storage: DurableObjectStorage, second: Node | null = null) {
    this.#storage = storage
    this.book = new Book(storage)
    this.second = second
    this.signer = this.#wake()
  }

  /** The object comes to life: nothing is known but what is written. */
  #wake(): Signer {
    const { chain, book } = this
    return new Signer({
      book,
      node: chain.node,
      check: this.second,
      work: chain.work,
      address: ME,
      sign,
      rules: { chainId: 1, books: 'safe', tipMin: 0n, feeMax: FEE_MAX },
      sync: async () => {},
    })
  }

  /** All that was written is gone, and everything is asked for again. Only the chain knows what has happened. */
  async #forget(): Promise<void> {
    await this.#storage.deleteAll()
    this.revisions.clear()
    this.lost.clear()
    this.isShared = true
    this.book = new Book(this.#storage)
    this.signer = this.#wake()
    for (const id of this.asked) this.book.add({ id, facts: '{}' }, this.now)
  }

  async step(): Promise<void> {
    this.now += 31_000
    this.chain.asked = 0
    try {
      await this.signer.step(this.now, true)
    } catch (thrown) {
      if (!(thrown instanceof Cut)) throw thrown
      this.signer = this.#wake()
    }
  }

  async happen(event: Event): Promise<void> {
    const { chain, book } = this
    if (event.kind === 'step') await this.step()
    else if (event.kind === 'cut') {
      chain.cut = { in: event.in, isSeen: event.isSeen }
      await this.step()
      chain.cut = null
    } else if (event.kind === 'ask')
      for (let one = 0; one < event.count; one++) {
        const id = `${event.bad === one ? 'bad' : 'good'}-${this.asked.length}`
        this.asked.push(id)
        expect(book.add({ id, facts: '{}' }, this.now)).toBe('new')
        expect(book.add({ id, facts: '{}' }, this.now)).toBe('known')
      }
    else if (event.kind === 'mine') chain.mine(event.count)
    else if (event.kind === 'reorganise') chain.reorganise(event.depth, event.isKept)
    else if (event.kind === 'forget') await this.#forget()
    else if (event.kind === 'drop') chain.pool = []
    else if (event.kind === 'fee') chain.baseFee = BigInt(event.gwei) * GWEI
    else if (event.kind === 'another') {
      this.isShared = true
      chain.useByAnother()
    } else if (event.kind === 'pause') chain.isPaused = event.isPaused
    else if (event.kind === 'poor') chain.balance = event.isPoor ? 1n : 10n ** 18n
    else this.signer.resume()
  }

  /** The invariants of `signer.object.ts`, by their numbers. */
  check(): void {
    const { book, chain } = this
    const settled = chain.settled()
    const final = chain.settled(chain.at('finalized'))
    expect(Math.max(0, ...settled.values())).toBeLessThanOrEqual(1)
    const last = book.nonceAfterLast()
    const nonces = Array.from({ length: last }, (_, nonce) => book.transaction(nonce)).filter((tx) => tx !== null)
    if (!this.isShared) expect(nonces.map(({ nonce }) => nonce)).toEqual(nonces.map((_, at) => at)) // 3
    for (const tx of nonces) {
      const variants = book
        .variants(tx.nonce)
        .toReversed()
        .map(({ raw, maxFee }) => ({ ...decode(raw), maxFee }))
      for (const [at, variant] of variants.entries()) {
        const before = variants[at - 1]
        expect([variant.nonce, variant.ids]).toEqual([tx.nonce, variants[0]?.ids]) // 2
        if (before) expect(variant.maxFee * 8n).toBeGreaterThanOrEqual(before.maxFee * 9n)
      }
    }
    const lost = nonces.filter((tx) => tx.state === 'lost' && !this.lost.has(tx.nonce))
    for (const { nonce } of lost) expect(chain.nonce(chain.at('finalized'))).toBeGreaterThan(nonce) // 4
    for (const { nonce } of lost) this.lost.add(nonce)
    const open = book.openTransactions().filter(({ state }) => state === 'signed' || state === 'broadcast')
    expect(open.length).toBeLessThanOrEqual(UNCONFIRMED_MAX + 1) // 8; and what fills a gap
    const jobs = this.asked.map((id) => book.job(id) as Job)
    for (const job of jobs) {
      const inTxs = open.filter(({ data, to }) => to === CONTRACT && idsIn(data).includes(job.id))
      expect(inTxs.length).toBeLessThanOrEqual(1) // 4
      if (job.state === 'final') expect(final.has(job.id)).toBe(true)
      if (job.state === 'failed')
        expect([job.id.startsWith('bad') || job.reason === 'reverted', settled.has(job.id)]).toEqual([true, false]) // 6
      expect(job.revision).toBeGreaterThanOrEqual(this.revisions.get(job.id) ?? 0) // 11
      this.revisions.set(job.id, job.revision)
    }
  }

  /** The troubles are over: everything comes to an end, within bounds. Gaps and what is too cheap are dealt with one by one, five blocks each. */
  async heal(): Promise<void> {
    const { chain, book } = this
    // What was signed when it was cheap has to be replaced.
    chain.baseFee = 20n * GWEI
    chain.isPaused = false
    chain.balance = 10n ** 18n
    for (let round = 0; round < 400; round++) {
      if (book.noted('halted')) this.signer.resume()
      await this.step()
      chain.mine(1)
      this.now += 600_000
      this.check()
      if (this.asked.every((id) => ['final', 'failed'].includes(book.job(id)?.state ?? ''))) return
    }
    const left = this.asked.map((id) => book.job(id)).filter((job) => job?.state !== 'final' && job?.state !== 'failed')
    throw new Error(`This never ended: ${JSON.stringify(left)}`)
  }
}

async function history(events: Event[]): Promise<void> {
  const stub = bindings.SIGNER.get(bindings.SIGNER.newUniqueId())
  await runInDurableObject(stub, async (_, state) => {
    const world = new History(state.storage)
    for (const event of events) {
      await world.happen(event)
      world.check()
    }
    await world.heal()
    const settled = world.chain.settled()
    for (const id of world.asked) {
      const job = world.book.job(id)
      if (job?.state === 'final') expect(settled.get(id)).toBe(1)
      else expect(settled.has(id)).toBe(false)
      // Only what reverts by itself, or what pauses made revert three times, is given back.
      if (job?.reason !== 'reverted') expect(job?.state).toBe(id.startsWith('bad') ? 'failed' : 'final')
    }
  })
}

// Thousands of troubles are made here, and each would be told.
beforeAll(() => {
  vi.spyOn(log, 'warn').mockImplementation(() => {})
  vi.spyOn(log, 'error').mockImplementation(() => {})
})

test('whatever happens, in whatever order: paid once, or said to have failed and never paid', async () => {
  await fc.assert(fc.asyncProperty(fc.array(Event, { minLength: 20, maxLength: 80, size: 'max' }), history), {
    numRuns: HISTORIES,
  })
}, 240_000)

test('what a second node does not have in the same block is mined, and no more', async () => {
  const stub = bindings.SIGNER.get(bindings.SIGNER.newUniqueId())
  await runInDurableObject(stub, async (_, state) => {
    let says: 'nothing' | 'another block' | 'the same' = 'nothing'
    const second = {
      receipt: async (hash: Hex) => {
        const receipt = world.chain.receipt(hash)
        if (says === 'nothing' || !receipt) return null
        return says === 'the same' ? receipt : { ...receipt, blockHash: '0x99' }
      },
    } as Node
    const world: History = new History(state.storage, second)
    await world.happen({ kind: 'ask', count: 1, bad: 8 })
    await world.step()
    world.chain.mine(10)
    const seen: string[] = []
    for (says of ['nothing', 'another block', 'the same'] as const) {
      await world.step()
      seen.push(world.book.job('good-0')?.state ?? '')
    }
    expect(seen).toEqual(['mined', 'mined', 'final'])
  })
})
