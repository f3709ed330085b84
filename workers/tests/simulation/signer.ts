/**
 * A signer that only plays: it takes payouts and says what a chain may do to them, in every order in which that can happen,
 * blocks that vanish included. It keeps what it said, so that a simulation can look who was paid in the end.
 */
import { DurableObject } from './workers-module.ts'
import type { Platform } from './platform.ts'

const STATES = '../../chain/states.ts'
const STEP_MS = 2_000

type State = 'queued' | 'signed' | 'broadcast' | 'mined' | 'safe' | 'final' | 'failed'
export type PlayedJob = { id: string; facts: string; state: State; revision: number; [other: string]: unknown }
type TellStates = (env: unknown, name: string, jobs: PlayedJob[]) => Promise<void>
type Storage = {
  sql: { exec(query: string, ...values: unknown[]): { toArray(): { job: string }[] } }
  setAlarm(at: number): Promise<void>
}

/** What may come next, and how often out of ten. */
const NEXT: Record<State, [State, number][]> = {
  queued: [
    ['signed', 9],
    ['failed', 1],
  ],
  signed: [['broadcast', 10]],
  broadcast: [
    ['mined', 9],
    ['failed', 1],
  ],
  mined: [
    ['safe', 7],
    ['broadcast', 3],
  ],
  safe: [
    ['final', 9],
    ['broadcast', 1],
  ],
  final: [],
  failed: [],
}

/** The class of the object, for this platform. */
export function playedSigner(platform: Platform): new (ctx: unknown, env: never) => object {
  return class PlayedSigner extends DurableObject {
    readonly #storage = (this.ctx as { storage: Storage }).storage

    enqueue(_owner: unknown, jobs: { id: string; facts: string }[]): { differing: string[] } {
      this.#storage.sql.exec(
        'CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, job TEXT NOT NULL, told INTEGER NOT NULL)',
      )
      const known = new Map(this.#jobs('TRUE').map((job) => [job.id, job]))
      for (const { id, facts } of jobs) {
        const nothing = {
          nonce: null,
          reverts: 0,
          heldUntil: 0,
          reason: null,
          txHash: null,
          blockNumber: null,
          result: null,
        }
        if (!known.has(id)) this.#keep({ id, facts, state: 'queued', revision: 1, ...nothing })
      }
      void this.#storage.setAlarm(platform.now + STEP_MS)
      return {
        differing: jobs.filter(({ id, facts }) => known.has(id) && known.get(id)?.facts !== facts).map(({ id }) => id),
      }
    }

    /** Everything that was asked for. */
    played(): PlayedJob[] {
      return this.#jobs('TRUE')
    }

    async alarm(): Promise<void> {
      const { tellStates } = (await import(STATES)) as { tellStates: TellStates }
      const untold = this.#jobs('told = 0')
      try {
        if (untold.length > 0) await tellStates(this.env, 'settle', untold)
        for (const job of untold) this.#storage.sql.exec('UPDATE job SET told = 1 WHERE id = ?', job.id)
        for (const job of this.#jobs('TRUE')) this.#play(job)
      } finally {
        if (this.#jobs('told = 0').length > 0) await this.#storage.setAlarm(platform.now + STEP_MS)
      }
    }

    #play(job: PlayedJob): void {
      const ways = NEXT[job.state].flatMap(([state, often]) => Array<State>(often).fill(state))
      if (ways.length === 0) return
      const state = platform.random.pick(ways)
      if (state === 'final') platform.happened.payout++
      if (state === 'broadcast' && job.state !== 'signed') platform.happened.reorg++
      const isSent = state !== 'signed' && state !== 'failed'
      this.#keep({
        ...job,
        state,
        revision: job.revision + 1,
        txHash: isSent ? `0x${job.id.replaceAll('-', '').padEnd(64, '0')}` : null,
        blockNumber: ['mined', 'safe', 'final'].includes(state) ? job.revision : null,
        reason: state === 'failed' ? 'refused' : null,
        result: ['mined', 'safe', 'final'].includes(state) ? '{"credited":false}' : null,
      })
    }

    #jobs(condition: string): PlayedJob[] {
      const rows = this.#storage.sql.exec(`SELECT job FROM job WHERE ${condition} ORDER BY id`).toArray()
      return rows.map(({ job }) => JSON.parse(job) as PlayedJob)
    }

    #keep(job: PlayedJob): void {
      this.#storage.sql.exec('INSERT OR REPLACE INTO job (id, job, told) VALUES (?, ?, 0)', job.id, JSON.stringify(job))
    }
  }
}
