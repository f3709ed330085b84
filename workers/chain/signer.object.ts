/**
 * The signer object: one per chain and key, the only one that signs with it. It is given jobs (payouts, or mints), signs
 * transactions for them, and follows each until the chain cannot take it back.
 *
 * States of a job
 *
 *     queued ──▶ signed ──▶ broadcast ──▶ mined ──▶ safe ──▶ final
 *       ▲ │                     ▲  │         │        │
 *       │ │                     └──┼─────────┴────────┘  its block is gone: the same bytes go out again
 *       │ │                        ├── reverted for good: alone, at most three times ──▶ failed
 *       └─┼────────────────────────┴── its nonce was used by another, for good
 *         ├──▶ mined … final   the chain had it done already, by another transaction
 *         └──▶ failed          the contract can never do it, or has done another under its id
 *
 * A transaction has the states from signed to final; or it is lost, when its nonce was used by another. `safe` is left out
 * on chains that book at `final` (config.ts).
 *
 * Invariants, true after every event and after every crash
 *
 *  1. Bytes, hash, nonce and jobs of a transaction are written, all at once, before anybody sees the bytes.
 *  2. A nonce belongs to one transaction for ever. Its variants differ in fees only, each at least an eighth dearer in both.
 *  3. The nonces that are signed follow one another without a gap, from the first one the chain had free.
 *  4. A job is in at most one transaction that can still be mined. It gets another only when that one has reverted, or lost
 *     its nonce, in a block that is final; and the contract settles an id once, whoever asks, however often.
 *  5. Nothing takes a nonce that the contract would refuse at that moment; a job that it refuses harms no other.
 *  6. `failed` is said only when it is proven: refused for good while no transaction for it can be mined any more.
 *  7. What was not answered is unknown, and asked again: it is never failed, and never a second transaction.
 *  8. At most 16 transactions are in no block. Jobs go in the order in which they came.
 *  9. A transaction of somebody else with this key halts it, until an admin says otherwise; what it has signed is followed.
 * 10. While a job is not over, or a change untold, an alarm is set. The alarm never throws and re-arms itself.
 * 11. Each change of a job is told at least once, the last one last: with a revision that only rises. So is what each
 *     transaction has cost, once it is final.
 * 12. Memory is a copy: everything is rebuilt from storage when the object wakes.
 */
import { DurableObject } from 'cloudflare:workers'
import { privateKeyToAccount } from 'viem/accounts'
import { clock } from '../base/clock.ts'
import { describe, log } from '../base/log.ts'
import { settings, type Bindings } from '../env.ts'
import { Book, type Job } from './book.ts'
import { chainOf, isOn, type ChainConfig, type SignerName } from './config.ts'
import { mintWork } from './mint-work.ts'
import { payoutWork } from './payout-work.ts'
import { nodeAt } from './rpc.ts'
import { Signer } from './signer.ts'
import { tellCosts, tellStates } from './states.ts'
import type { Address } from 'viem'

/** What only waits for the chain is looked at so much more rarely; a step that was cut off is done again after as long. */
const PATIENCE = 5
const RETRY_MS_MAX = 60_000
const TOLD_MAX = 100

export type SignerStatus = {
  name: SignerName
  address: Address
  /** The nonce that the next transaction gets; null before the first one. */
  nextNonce: number | null
  /** How many jobs there are in each state that is not over. */
  jobs: Partial<Record<Job['state'], number>>
  /** How many jobs wait for their own sake, by reason. */
  held: Record<string, number>
  /** Transactions in no block yet, and the hashes of the one that is next. */
  unmined: { count: number; nonce: number | null; hashes: string[] }
  halted: { reason: string; at: number } | null
  paused: { reason: string; since: number } | null
}

export class SignerObject extends DurableObject<Bindings> {
  readonly #book: Book
  #signer: Signer | null = null
  #isStepping = false
  #failures = 0

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#book = new Book(ctx.storage)
  }

  /** Takes jobs in, each once by its id; one that is known is told again. Names those under whose id there is another. */
  async enqueue(
    owner: { name: SignerName; chainId: number; address: Address },
    jobs: Pick<Job, 'id' | 'facts'>[],
  ): Promise<{ differing: string[] }> {
    const now = clock.now()
    const differing = this.#book.atomically(() => {
      if (!this.#book.noted('owner')) this.#book.note('owner', owner)
      return jobs.filter((job) => this.#book.add(job, now) === 'differs').map(({ id }) => id)
    })
    await this.#wakeBy(now)
    return { differing }
  }

  /** A job as it is, or null. */
  job(id: string): Job | null {
    return this.#book.job(id)
  }

  /** How it stands; null for one that was never given anything. */
  status(): SignerStatus | null {
    const owner = this.#book.noted('owner')
    if (!owner) return null
    const { open, held } = this.#book.counts()
    const unmined = this.#book.openTransactions().filter(({ state }) => state === 'signed' || state === 'broadcast')
    const [next] = unmined
    return {
      name: owner.name,
      address: owner.address,
      nextNonce: this.#book.noted('nextNonce'),
      jobs: open,
      held,
      unmined: {
        count: unmined.length,
        nonce: next?.nonce ?? null,
        hashes: next ? this.#book.variants(next.nonce).map(({ hash }) => hash) : [],
      },
      halted: this.#book.noted('halted'),
      paused: this.#book.noted('paused'),
    }
  }

  /** Lets it go on after it has halted. */
  async resume(): Promise<void> {
    if (!this.#book.noted('owner')) return
    this.#signerOf()?.resume()
    await this.#wakeBy(clock.now())
  }

  override async alarm(): Promise<void> {
    const now = clock.now()
    await this.ctx.storage.setAlarm(now + settings(this.env).SIGNER_INTERVAL_MS * PATIENCE)
    if (this.#isStepping) return
    this.#isStepping = true
    let delayMs: number | null = null
    try {
      delayMs = await this.#step(now)
    } catch (thrown) {
      // Nothing but a fault of ours comes here; it must not end the alarms.
      log.error('signer.step_failed', { error: describe(thrown) })
      delayMs = RETRY_MS_MAX
    } finally {
      this.#isStepping = false
    }
    if (delayMs === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(clock.now() + delayMs)
  }

  /** One step, and the telling of what it changed. Gives the time until the next one, or null if there is nothing to do. */
  async #step(now: number): Promise<number | null> {
    const { SIGNER_INTERVAL_MS } = settings(this.env)
    const owner = this.#book.noted('owner')
    const signer = this.#signerOf()
    if (!owner || !signer) return owner ? RETRY_MS_MAX : null
    try {
      await signer.step(now, await isOn(this.env, owner.name))
      this.#failures = 0
    } catch (thrown) {
      this.#failures++
      log.warn('signer.unreached', { attempt: this.#failures, error: describe(thrown) })
      signer.pause('unreachable', now)
    }
    const isTold = await this.#tell(owner)
    const { open, untold } = this.#book.counts()
    const jobs = Object.values(open).reduce((sum, count) => sum + count, 0)
    if (jobs + untold + this.#book.openTransactions().length === 0) return null
    if (this.#failures > 0 || !isTold)
      return Math.min(RETRY_MS_MAX, SIGNER_INTERVAL_MS * 2 ** Math.min(10, this.#failures))
    const { queued = 0, signed = 0, broadcast = 0 } = open
    const isWaiting = this.#book.noted('halted') !== null || this.#book.noted('paused') !== null
    return queued + signed + broadcast > 0 && !isWaiting ? SIGNER_INTERVAL_MS : SIGNER_INTERVAL_MS * PATIENCE
  }

  /** Tells what has changed; whether all of it is told. */
  async #tell({ name, chainId }: { name: SignerName; chainId: number }): Promise<boolean> {
    try {
      for (;;) {
        const jobs = this.#book.untold(TOLD_MAX)
        const costs = this.#book.untoldCosts(TOLD_MAX)
        if (jobs.length + costs.length === 0) return true
        if (jobs.length > 0) await tellStates(this.env, name, jobs)
        if (costs.length > 0) await tellCosts(this.env, name, chainId, costs)
        this.#book.atomically(() => {
          this.#book.told(jobs)
          this.#book.toldCosts(costs)
        })
      }
    } catch (thrown) {
      log.warn('signer.untold', { error: describe(thrown) })
      return false
    }
  }

  /** The signer, made anew when the object wakes; null while there is no chain. */
  #signerOf(): Signer | null {
    const chain = chainOf(this.env)
    const owner = this.#book.noted('owner')
    if (!chain || !owner) return null
    this.#signer ??= this.#makeSigner(chain, owner.name, owner)
    return this.#signer
  }

  #makeSigner(chain: ChainConfig, name: SignerName, owner: { chainId: number; address: Address }): Signer {
    const account = privateKeyToAccount(chain.keys[name])
    const isOurs = account.address === owner.address
    if (!isOurs) log.error('signer.key_gone', { code: name })
    const node = nodeAt(chain.rpcUrl, chain.timeLimitMs)
    return new Signer({
      book: this.#book,
      node,
      check: chain.checkRpcUrl === undefined ? null : nodeAt(chain.checkRpcUrl, chain.timeLimitMs),
      work: name === 'mint' ? mintWork(node, chain) : payoutWork(node, chain),
      address: owner.address,
      sign: isOurs ? (tx) => account.signTransaction(tx) : null,
      rules: { ...chain, chainId: owner.chainId },
      sync: () => this.ctx.storage.sync(),
    })
  }

  async #wakeBy(at: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm()
    if (set === null || set > at) await this.ctx.storage.setAlarm(at)
  }
}
