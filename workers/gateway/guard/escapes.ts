/**
 * Reads text as it stands once percent escapes, HTML entities and JSON or JavaScript escapes are undone.
 * Sleeps until a first real escape was met, and again when none came for a while.
 */
import { Utf8Reader } from './bases.ts'
import { ESCAPE, UNIT_SHIFT } from './fold.ts'
import type { Input } from './input.ts'
import type { Scanner } from './scanner.ts'

/** The longest escape: `&#x10FFFF;` with a few leading zeros. */
const LENGTH_MAX = 14
/** After this many characters without an escape the plain reading sees enough by itself. */
const AWAKE_FOR = 64

const WHOLE =
  /^(?:%[0-9a-f]{2}|%u[0-9a-f]{4}|\\(?:[\\nrtbfv]|[0-7]{3}|x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\})|&(?:#[0-9]{1,9}|#x[0-9a-f]{1,8}|[a-z][a-z0-9]{1,11});)$/i
const BEGUN =
  /^(?:%[0-9a-f]?|%u[0-9a-f]{0,3}|\\(?:[0-7]{0,2}|x[0-9a-f]?|u[0-9a-f]{0,3}|u\{[0-9a-f]{0,6})|&(?:#[0-9]{0,9}|#x[0-9a-f]{0,8}|[a-z][a-z0-9]{0,11})?)$/i
/** An entity whose end is only seen at what follows it, here as the last character. */
const ENDED = /^&#(?:[0-9]{2,7}[^0-9;]|x[0-9a-f]{2,6}[^0-9a-f;])$/i

/** What the names of entities stand for, where it is a letter; all others stand for signs. */
const ACCENTED = /^&([a-z])(?:acute|grave|circ|uml|tilde|cedil|ring|caron|slash);$/i

export class EscapeReader {
  readonly #open: () => Scanner
  #scanner: Scanner | undefined
  #bytes: Utf8Reader | undefined
  #begun = ''
  #signs: number[] = []
  #offsets: number[] = []
  /** Positions in the text read: up to where its scanner has read it, and up to where it stays awake. */
  #readTo = 0
  #awakeUntil = 0
  #isReading = false

  constructor(open: () => Scanner) {
    this.#open = open
  }

  /** Whether the next sign must be pushed even if it begins no escape. */
  isAwake(input: Input): boolean {
    return this.#begun !== '' || input.count < this.#awakeUntil
  }

  /** No escape came for a while: what was spelled so far does not go on. Throws what the judge throws. */
  sleep(): void {
    if (!this.#isReading) return
    this.#isReading = false
    this.#scanner?.finish()
  }

  /** Takes a sign, the newest of `input`, of which the last `recalled` signs are worth reading now. Throws what the judge throws. */
  push(sign: number, at: number, input: Input, recalled: number): void {
    if (this.#begun === '' && (sign & ESCAPE) === 0) {
      this.#literal(sign, at, input.count)
      return
    }
    this.#begun += String.fromCharCode(sign >>> UNIT_SHIFT)
    this.#signs.push(sign)
    this.#offsets.push(at)
    if (this.#begun.length === 1) return
    if (WHOLE.test(this.#begun)) this.#undo(at, input, recalled)
    else if (this.#begun.startsWith('&#') && ENDED.test(this.#begun)) this.#undoBefore(sign, at, input, recalled)
    else if (this.#begun.length >= LENGTH_MAX || !BEGUN.test(this.#begun)) this.#giveUp(input, recalled)
  }

  /** Undoes an entity that ended before the sign just taken, and takes that one anew. */
  #undoBefore(sign: number, at: number, input: Input, recalled: number): void {
    this.#begun = this.#begun.slice(0, -1)
    this.#undo(at, input, recalled, 1)
    this.push(sign, at, input, recalled)
  }

  /** `more` signs behind the escape were taken already. */
  #undo(at: number, input: Input, recalled: number, more = 0): void {
    const escape = this.#begun
    this.#begun = ''
    this.#signs = []
    this.#offsets = []
    this.#scanner ??= this.#open()
    this.#wake(this.#scanner, input, recalled, escape.length + more)
    this.#bytes ??= new Utf8Reader(this.#scanner)
    const second = escape.charAt(1).toLowerCase()
    if (second === 'u' && !escape.startsWith('&')) this.#point(parseInt(escape.replace(/[^0-9a-f]/gi, ''), 16), at)
    else if (escape.startsWith('%')) this.#bytes.push(parseInt(escape.slice(1), 16), at)
    else if (escape.startsWith('&#'))
      this.#point(
        escape.charAt(2).toLowerCase() === 'x' ? parseInt(escape.slice(3), 16) : parseInt(escape.slice(2), 10),
        at,
      )
    else if (escape.startsWith('&')) this.#point((ACCENTED.exec(escape)?.[1] ?? ' ').charCodeAt(0), at)
    else if (second === 'x') this.#bytes.push(parseInt(escape.slice(2), 16), at)
    else if (/[0-7]/.test(second)) this.#bytes.push(parseInt(escape.slice(1), 8) & 0xff, at)
    else this.#point(/[nrtbfv]/.test(second) ? 10 : second.charCodeAt(0), at)
  }

  /** Has the scanner read what it slept through, as far as that is remembered, up to the escape. */
  #wake(scanner: Scanner, input: Input, recalled: number, escapeLength: number): void {
    const missed = Math.min(input.count - this.#readTo, recalled)
    for (let back = missed; back > escapeLength; back--) scanner.put(input.signBack(back), input.offsetBack(back))
    this.#isReading = true
    this.#readTo = input.count
    this.#awakeUntil = input.count + AWAKE_FOR
  }

  /** What began like an escape is none: its first character stands for itself, the rest is read again. */
  #giveUp(input: Input, recalled: number): void {
    const begun = this.#begun
    const signs = this.#signs
    const offsets = this.#offsets
    this.#begun = ''
    this.#signs = []
    this.#offsets = []
    this.#literal(signs[0]!, offsets[0]!, input.count - begun.length + 1)
    for (let i = 1; i < begun.length; i++) this.push(signs[i]!, offsets[i]!, input, recalled)
  }

  #point(point: number, at: number): void {
    if (point <= 0x10ffff) this.#scanner?.feed(point, at)
  }

  #literal(sign: number, at: number, position: number): void {
    if (position > this.#awakeUntil) return
    this.#scanner?.put(sign, at)
    this.#readTo = position
  }
}
