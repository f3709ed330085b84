/**
 * Text of PDF documents, some pages at a time. Before a document is given to the parser its compressed streams are measured:
 * the parser would unpack whatever it meets, however large.
 */
import { getDocumentProxy } from 'unpdf'
import { joinLines, withoutRunningLines } from './clean.ts'
import { inflatedSize } from './inflate.ts'
import { FileProblem, inWords, LIMITS, megabytes } from './problem.ts'
import type { Section } from './split.ts'

/** Pages in one part. */
const PART_PAGES = 25
/** A line this much taller than most is a heading. */
const HEADING_RATIO = 1.15
const HEADING_CHARS_MAX = 120
const DICTIONARY_BYTES = 2_048
const FILTERS = /\/(?:FlateDecode|Fl\b|LZWDecode|LZW\b|RunLengthDecode|RL\b|ASCII85Decode|A85\b|ASCIIHexDecode|AHx\b)/g
/** Of a table in a stream: the parser makes room for a whole row. */
const COLUMNS_MAX = 100_000
/** Characters in all tables of fonts together. */
const TABLE_CHARACTERS_MAX = 4_000_000
const RANGES = /(?:begin|end)(?:bf|cid|notdef)range|<([0-9a-f]{2,8})>\s{0,8}<([0-9a-f]{2,8})>/gi
/** A range in such a table is no longer than this. */
const RANGE_CHARS = 32

const latin = new TextDecoder('latin1')

/** The sections of one part, and how many pages the document has. Throws `FileProblem`. */
export async function readPdf(
  bytes: Uint8Array,
  part: number,
): Promise<{ sections: Section[]; pages: number; isLast: boolean }> {
  if (part === 0) assertBounded(bytes)
  const document = await open(bytes)
  try {
    const pages = document.numPages
    if (pages > LIMITS.pages) throw new FileProblem(`It has ${pages} pages; ${LIMITS.pages} are the most.`)
    const from = part * PART_PAGES + 1
    const to = Math.min(pages, from + PART_PAGES - 1)
    const read: Line[][] = []
    for (let number = from; number <= to; number++) read.push(await linesOf(document, number))
    return { sections: sectionsOf(read, from), pages, isLast: to >= pages }
  } finally {
    await document.loadingTask.destroy()
  }
}

type Document = Awaited<ReturnType<typeof getDocumentProxy>>
type Line = { text: string; height: number }

async function open(bytes: Uint8Array): Promise<Document> {
  try {
    // Without the parser's own fonts and pictures: only text is wanted.
    return await getDocumentProxy(bytes, { disableFontFace: true, isOffscreenCanvasSupported: false, verbosity: 0 })
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'PasswordException') throw encrypted()
    throw new FileProblem('It is damaged: it cannot be read as a PDF.')
  }
}

async function linesOf(document: Document, number: number): Promise<Line[]> {
  try {
    const page = await document.getPage(number)
    const lines: Line[] = []
    let line: Line = { text: '', height: 0 }
    let runs = 0
    // As it comes, so that a page with millions of them is given up in time.
    for await (const { items } of pieces(page.streamTextContent())) {
      if ((runs += items.length) > LIMITS.pageRuns)
        throw new FileProblem(`Page ${number} has more than ${inWords(LIMITS.pageRuns)} pieces of text.`)
      for (const item of items) {
        if (!('str' in item)) continue
        line.text += item.str
        if (item.str.trim() !== '') line.height = Math.max(line.height, item.height)
        if (item.hasEOL) {
          lines.push(line)
          line = { text: '', height: 0 }
        }
      }
    }
    page.cleanup()
    lines.push(line)
    return lines.map(({ text, height }) => ({ text: text.trim(), height })).filter(({ text }) => text !== '')
  } catch (thrown) {
    throw thrown instanceof FileProblem ? thrown : new FileProblem(`It is damaged: page ${number} cannot be read.`)
  }
}

type Content = Awaited<ReturnType<Awaited<ReturnType<Document['getPage']>>['getTextContent']>>

/** What a stream gives; it is cancelled when nobody wants more, for which the parser demands a reason. */
async function* pieces(stream: ReadableStream): AsyncGenerator<Content> {
  const reader = (stream as ReadableStream<Content>).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    await reader.cancel(new Error('Nobody wants more.')).catch(() => {})
  }
}

/** Each page, cut where a heading begins. */
function sectionsOf(pages: Line[][], firstPage: number): Section[] {
  const heights = pages.flatMap((lines) => lines.map(({ height }) => height)).toSorted((a, b) => a - b)
  const usual = heights[Math.floor(heights.length / 2)] ?? 0
  const kept = withoutRunningLines(pages.map((lines) => lines.map(({ text }) => text)))
  let heading: string | null = null
  return pages.flatMap((lines, at) => {
    const page = firstPage + at
    const tall = new Set(
      lines
        .filter(({ text, height }) => height > usual * HEADING_RATIO && text.length <= HEADING_CHARS_MAX)
        .map(({ text }) => text),
    )
    const sections: { lines: string[]; heading: string | null }[] = [{ lines: [], heading }]
    for (const text of kept[at] ?? []) {
      if (tall.has(text)) sections.push({ lines: [], heading: (heading = text) })
      else sections.at(-1)?.lines.push(text)
    }
    return sections
      .map((section) => ({ text: joinLines(section.lines), page, heading: section.heading }))
      .filter(({ text }) => text !== '')
  })
}

function encrypted(): FileProblem {
  return new FileProblem('It is encrypted. Save it without a password and without restrictions.')
}

/**
 * Throws `FileProblem` where a document is encrypted, is packed in a way that cannot be measured, unpacks to too much, or has tables
 * for which the parser would take more memory than there is.
 */
function assertBounded(bytes: Uint8Array): void {
  const text = latin.decode(bytes)
  if (/\/Encrypt\s*(<<|\d+\s+\d+\s+R)/.test(text)) throw encrypted()
  const tables = new Tables()
  tables.add(text)
  let left = LIMITS.inflatedBytes
  let streams = 0
  for (const match of text.matchAll(/(?<!end)stream[ \t]*(?:\r\n|\n|\r)/g)) {
    if (++streams > LIMITS.pdfStreams) throw new FileProblem(`It has more than ${inWords(LIMITS.pdfStreams)} streams.`)
    const { armour, isPacked } = filtersOf(dictionaryBefore(text, match.index))
    if (!armour && !isPacked) continue
    const start = match.index + match[0].length
    const most = Math.min(LIMITS.streamBytes, left)
    const packed = armour ? withoutArmour(bytes, start, armour, most, () => tooLarge(left)) : bytes.subarray(start)
    tables.begin()
    // The two bytes before are zlib's header.
    left -= isPacked
      ? inflatedSize(packed.subarray(2), most, {
          tooMuch: () => tooLarge(left),
          look: (piece) => tables.add(latin.decode(piece)),
        })
      : packed.length
    if (left <= 0) throw tooLarge(left)
  }
}

type Armour = 'base 85' | 'hex'

/** How a stream is packed. Throws `FileProblem` where that is in a way that cannot be checked, or not read here. */
function filtersOf(dictionary: string): { armour: Armour | undefined; isPacked: boolean } {
  const names = dictionary.match(FILTERS) ?? []
  const packers = names.filter((name) => !name.startsWith('/A'))
  const isUnclear =
    packers.length > 1 ||
    names.length - packers.length > 1 ||
    // Armour within what is packed.
    (names.length === 2 && names[0] === packers[0]) ||
    /\/(?:F(?:ilter)?|DecodeParms|DP|Columns|Colors)\s+\d+\s+\d+\s+R/.test(dictionary) ||
    [...dictionary.matchAll(/\/(?:Columns|Colors)\s+(\d+)/g)].some(([, count]) => Number(count) > COLUMNS_MAX)
  if (isUnclear)
    throw new FileProblem('It is packed more than once, or in a way that cannot be checked. Save it anew as a PDF.')
  if (packers.some((packer) => !packer.startsWith('/Fl')))
    throw new FileProblem(
      'It is packed in an old way (LZW or run lengths) that is not read here. Save it anew as a PDF.',
    )
  const armour = names.find((name) => name.startsWith('/A'))
  return {
    armour: armour === undefined ? undefined : armour.startsWith('/ASCII8') || armour === '/A85' ? 'base 85' : 'hex',
    isPacked: packers.length > 0,
  }
}

/** The bytes that stand in a stream as letters. */
function withoutArmour(
  bytes: Uint8Array,
  start: number,
  armour: Armour,
  most: number,
  tooMuch: () => Error,
): Uint8Array {
  const [digits, whole, radix, first] = armour === 'hex' ? ([2, 1, 16, 0] as const) : ([5, 4, 85, 33] as const)
  let out = new Uint8Array(4_096)
  let size = 0
  let value = 0
  let seen = 0
  const put = (number: number, count: number): void => {
    if (size + count > most) throw tooMuch()
    if (size + count > out.length) {
      const larger = new Uint8Array(out.length * 2)
      larger.set(out)
      out = larger
    }
    for (let at = 0; at < count; at++) out[size++] = Math.floor(number / 256 ** (whole - 1 - at)) & 0xff
  }
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte <= 32) continue
    if (armour === 'base 85' && byte === 0x7a && seen === 0) {
      put(0, 4)
      continue
    }
    const digit = armour === 'hex' ? Number.parseInt(String.fromCharCode(byte), 16) : byte - first
    if (!(digit >= 0 && digit < radix)) break
    value = value * radix + digit
    if (++seen < digits) continue
    put(value, whole)
    value = seen = 0
  }
  // What is left over stands for fewer bytes, as if the highest digits followed.
  if (seen > 1) {
    for (let at = seen; at < digits; at++) value = value * radix + radix - 1
    put(value, seen - 1)
  }
  return out.subarray(0, size)
}

/** Tables of fonts that say in a few letters what millions of characters are: the parser writes each of them out. */
class Tables {
  #tail = ''
  #isInRanges = false
  #characters = 0

  /** What comes next is another stream. */
  begin(): void {
    this.#tail = ''
    this.#isInRanges = false
  }

  add(piece: string): void {
    const text = this.#tail + piece
    for (const [token, low = '', high = ''] of text.matchAll(RANGES)) {
      if (low === '') this.#isInRanges = token.startsWith('begin')
      else if (this.#isInRanges && low.length === high.length) {
        const span = Math.max(0, Number.parseInt(high, 16) - Number.parseInt(low, 16))
        this.#characters += span
        if (span > 0xffff || this.#characters > TABLE_CHARACTERS_MAX)
          throw new FileProblem(`Its fonts have tables of more than ${inWords(TABLE_CHARACTERS_MAX)} characters.`)
      }
    }
    this.#tail = text.slice(-RANGE_CHARS)
  }
}

function tooLarge(left: number): FileProblem {
  return left < LIMITS.streamBytes
    ? new FileProblem(`It unpacks to more than ${megabytes(LIMITS.inflatedBytes)}.`)
    : new FileProblem(`A part of it unpacks to more than ${megabytes(LIMITS.streamBytes)}.`)
}

/** What stands between `obj` and `stream`, with names spelled out. */
function dictionaryBefore(text: string, end: number): string {
  const before = text.slice(Math.max(0, end - DICTIONARY_BYTES), end)
  const start = before.lastIndexOf(' obj')
  return before
    .slice(start < 0 ? 0 : start)
    .replaceAll(/#([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
