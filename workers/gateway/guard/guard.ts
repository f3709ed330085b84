/**
 * The leak guard: every text of an answer passes through it on its way out, piece by piece.
 * It promises that no span of 50 or more raw characters (30 or more of them letters or digits) of the prompt leaves in
 * any form that `channels.ts` lists, that a whole prompt never leaves verbatim, and that text comes out as it went in:
 * unaltered, in order, complete. It never says why, where or how much it blocked.
 *
 * What it does not promise: translation, paraphrase, ciphers that are not on the list.
 */
import { Joint } from './joint.ts'
import { type LeakIndex, tablesOf } from './leak-index.ts'
import { Scanner, type ScannerOptions } from './scanner.ts'
import { Verdict } from './verdict.ts'

/** Text is never held longer than this, whatever stands between the letters of a match: it is released from its beginning. */
const HELD_MAX = 4096
/** What may drip out of an agent to one account: this many normalised characters, or a share of the prompt where that is less. */
const DRIP_MAX = 120
const DRIP_SHARE_MAX = 0.1

/** Normalised prompt positions that already left; half-open. */
export type Exposure = { start: number; end: number }

/**
 * `callerTexts` is all text that the caller sent: what lies within it is no leak. `strict` says that this account has
 * used up what may drip out of this agent: matches are then blocked from 16 characters in place of 30.
 */
export type GuardOptions = { callerTexts: readonly string[]; strict: boolean }

/** Thrown instead of text that would leak the prompt. Says nothing of place, length or form, so that it cannot be asked for them. */
export class LeakBlocked extends Error {
  constructor() {
    super('The answer was withheld.')
    this.name = 'LeakBlocked'
  }
}

type Lane = { scanner: Scanner; total: number; held: string; hasEnded: boolean }

/** Guards one answer. Cheap to make; one for each call, and done for once it has blocked. */
export class Guard {
  readonly #lanes = new Map<string, Lane>()
  readonly #verdict: Verdict
  readonly #scannerOptions: ScannerOptions
  readonly #joint: Joint | undefined
  #exposures: Exposure[] = []
  #isBlocked = false
  #lastName = ''
  #lastLane: Lane | undefined

  constructor(index: LeakIndex, options: GuardOptions) {
    const tables = tablesOf(index)
    const expose = (places: Exposure) => {
      this.#exposures = mergeExposures(this.#exposures, [places])
    }
    const block = () => {
      this.#isBlocked = true
      throw new LeakBlocked()
    }
    this.#verdict = new Verdict({ tables, ...options, expose, block })
    this.#scannerOptions = { tables, judge: this.#verdict, strict: options.strict }
    if (tables.channels.has('lanes')) this.#joint = new Joint(this.#scannerOptions)
  }

  /** Takes the next piece of a lane's text; gives what may leave now. Throws `LeakBlocked`: then nothing more may leave, of any lane. */
  push(name: string, text: string): string {
    if (this.#isBlocked) throw new LeakBlocked()
    if (text === '') return ''
    const lane = this.#lane(name)
    lane.scanner.read(text, lane.total)
    if (this.#lanes.size > 1) this.#joint?.read(lane, text, lane.total)
    lane.total += text.length
    if (this.#verdict.live === 0 && lane.held === '' && !isHighSurrogate(text.charCodeAt(text.length - 1))) return text
    lane.held += text
    return this.#release(lane)
  }

  /** Gives what is still held of a lane that has ended. Throws `LeakBlocked`. */
  end(name: string): string {
    if (this.#isBlocked) throw new LeakBlocked()
    const lane = this.#lane(name)
    lane.hasEnded = true
    lane.scanner.finish()
    if (this.#lanes.values().every((other) => other.hasEnded)) this.#joint?.finish()
    const rest = lane.held
    lane.held = ''
    return rest
  }

  /** Where the answer spelled 16 or more characters of the prompt and was let through; in order, apart from each other. */
  get exposures(): Exposure[] {
    return this.#exposures
  }

  #lane(name: string): Lane {
    if (name === this.#lastName && this.#lastLane) return this.#lastLane
    let lane = this.#lanes.get(name)
    if (!lane) {
      lane = { scanner: new Scanner(this.#scannerOptions), total: 0, held: '', hasEnded: false }
      this.#lanes.set(name, lane)
    }
    if (this.#lastLane) this.#joint?.turn(this.#lastLane)
    this.#lastName = name
    this.#lastLane = lane
    return lane
  }

  #release(lane: Lane): string {
    let from = lane.total
    if (this.#verdict.live > 0) from = Math.min(from, lane.scanner.heldFrom, this.#joint?.heldFrom(lane) ?? from)
    // Half a character would not survive the way out.
    if (from === lane.total && isHighSurrogate(lane.held.charCodeAt(lane.held.length - 1))) from--
    const kept = Math.min(lane.total - from, lane.held.length, HELD_MAX)
    const free = lane.held.length - kept
    const out = lane.held.slice(0, free)
    lane.held = lane.held.slice(free)
    return out
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

/** Joins two lists of ranges to one, in order, with no two that touch. */
export function mergeExposures(a: readonly Exposure[], b: readonly Exposure[]): Exposure[] {
  const merged: Exposure[] = []
  for (const { start, end } of [...a, ...b].sort((x, y) => x.start - y.start)) {
    const last = merged.at(-1)
    if (last && start <= last.end) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/**
 * Whether as much of a prompt has left as may: 120 normalised characters, or a tenth of the prompt where that is less.
 * `promptLength` is the index's `length`. From then on, guard with `strict`.
 */
export function isBudgetUsed(exposures: readonly Exposure[], promptLength: number): boolean {
  const exposed = exposures.reduce((sum, { start, end }) => sum + end - start, 0)
  return exposed > 0 && exposed >= Math.min(DRIP_MAX, promptLength * DRIP_SHARE_MAX)
}
