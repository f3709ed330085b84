/**
 * Reads text as it stands once percent escapes, HTML entities and JSON or JavaScript escapes are undone.
 * Sleeps until a first real escape was met, and again when none came for a while.
 */
import { ESCAPE, infoOf } from './fold.ts'
import { feedPoint, Utf8Reader } from './bases.ts'
import type { Recent } from './recent.ts'
import type { Scanner } from './scanner.ts'

/** The longest escape: `&#x10FFFF;` with a few leading zeros. */
const LENGTH_MAX = 14
/** After this many characters without an escape the plain reading sees enough by itself. */
const AWAKE_FOR = 64

const WHOLE = [
  /^%[0-9a-f]{2}$/i,
  /^\\x[0-9a-f]{2}$/i,
  /^\\u[0-9a-f]{4}$/i,
  /^\\u\{[0-9a-f]{1,6}\}$/i,
  /^&#[0-9]{1,9};$/,
  /^&#x[0-9a-f]{1,8};$/i,
  /^&[a-z][a-z0-9]{1,11};$/i,
  /^\\[\\nrtbfv]$/,
]
const BEGUN =
  /^(?:%[0-9a-f]?|\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|u\{[0-9a-f]{0,6})?|&(?:#[0-9]{0,9}|#x[0-9a-f]{0,8}|[a-z][a-z0-9]{0,11})?)$/i

/** What the names of entities stand for, where it is a letter; all others stand for signs. */
const ACCENTED = /^&([a-z])(?:acute|grave|circ|uml|tilde|cedil|ring|caron|slash);$/i

export class EscapeReader {
  readonly #open: () => Scanner
  #scanner: Scanner | undefined
  #bytes: Utf8Reader | undefined
  #begun = ''
  #offsets: number[] = []
  /** Positions in the text read: up to where its scanner has read it, and up to where it stays awake. */
  #readTo = 0
  #awakeUntil = 0
  #isReading = false

  constructor(open: () => Scanner) {
    this.#open = open
  }

  /** Whether the next unit of the text must be pushed even if it begins no escape. */
  isAwake(recent: Recent): boolean {
    return this.#begun !== '' || recent.count < this.#awakeUntil
  }

  /** No escape came for a while: what was spelled so far does not go on. Throws what the judge throws. */
  sleep(): void {
    if (!this.#isReading) return
    this.#isReading = false
    this.#scanner?.finish()
  }

  /** Takes a unit, the newest of `recent`. Throws what the judge throws. */
  push(unit: number, at: number, recent: Recent): void {
    if (this.#begun === '' && (infoOf(unit) & ESCAPE) === 0) {
      this.#literal(unit, at, recent.count)
      return
    }
    this.#begun += String.fromCharCode(unit)
    this.#offsets.push(at)
    if (WHOLE.some((form) => form.test(this.#begun))) this.#undo(at, recent)
    else if (this.#begun.length >= LENGTH_MAX || !BEGUN.test(this.#begun)) this.#giveUp(recent)
  }

  #undo(at: number, recent: Recent): void {
    const escape = this.#begun
    this.#begun = ''
    this.#offsets = []
    this.#scanner ??= this.#open()
    this.#wake(this.#scanner, recent, escape.length)
    this.#bytes ??= new Utf8Reader(this.#scanner)
    const second = escape.charAt(1).toLowerCase()
    if (escape.startsWith('%')) this.#bytes.push(parseInt(escape.slice(1), 16), at)
    else if (escape.startsWith('&#'))
      this.#point(
        escape.charAt(2).toLowerCase() === 'x' ? parseInt(escape.slice(3), 16) : parseInt(escape.slice(2), 10),
        at,
      )
    else if (escape.startsWith('&')) this.#point((ACCENTED.exec(escape)?.[1] ?? ' ').charCodeAt(0), at)
    else if (second === 'x') this.#bytes.push(parseInt(escape.slice(2), 16), at)
    else if (second === 'u') this.#point(parseInt(escape.replace(/[^0-9a-f]/gi, ''), 16), at)
    else this.#point(/[nrtbfv]/.test(second) ? 10 : second.charCodeAt(0), at)
  }

  /** Has the scanner read what it slept through, as far as that is remembered, up to the escape. */
  #wake(scanner: Scanner, recent: Recent, escapeLength: number): void {
    const missed = Math.min(recent.count - this.#readTo, recent.length)
    for (let back = missed; back > escapeLength; back--) scanner.feed(recent.unitBack(back), recent.offsetBack(back))
    this.#isReading = true
    this.#readTo = recent.count
    this.#awakeUntil = recent.count + AWAKE_FOR
  }

  /** What began like an escape is none: its first character stands for itself, the rest is read again. */
  #giveUp(recent: Recent): void {
    const begun = this.#begun
    const offsets = this.#offsets
    this.#begun = ''
    this.#offsets = []
    this.#literal(begun.charCodeAt(0), offsets[0]!, recent.count - begun.length + 1)
    for (let i = 1; i < begun.length; i++) this.push(begun.charCodeAt(i), offsets[i]!, recent)
  }

  #point(point: number, at: number): void {
    if (this.#scanner !== undefined && point <= 0x10ffff) feedPoint(this.#scanner, point, at)
  }

  #literal(unit: number, at: number, position: number): void {
    if (position > this.#awakeUntil) return
    this.#scanner?.feed(unit, at)
    this.#readTo = position
  }
}
