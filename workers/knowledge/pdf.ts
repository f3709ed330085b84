/**
 * Text of PDF documents, some pages at a time. Before a document is given to the parser its compressed streams are measured:
 * the parser would unpack whatever it meets, however large.
 */
import { getDocumentProxy } from 'unpdf'
import { joinLines, withoutRunningLines } from './clean.ts'
import { inflatedSize } from './inflate.ts'
import { FileProblem, LIMITS, megabytes } from './problem.ts'
import type { Section } from './split.ts'

/** Pages in one part. */
const PART_PAGES = 25
/** A line this much taller than most is a heading. */
const HEADING_RATIO = 1.15
const HEADING_CHARS_MAX = 120
const DICTIONARY_BYTES = 2_048

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
    const { items } = await page.getTextContent()
    page.cleanup()
    const lines: Line[] = []
    let line: Line = { text: '', height: 0 }
    for (const item of items) {
      if (!('str' in item)) continue
      line.text += item.str
      if (item.str.trim() !== '') line.height = Math.max(line.height, item.height)
      if (item.hasEOL) {
        lines.push(line)
        line = { text: '', height: 0 }
      }
    }
    lines.push(line)
    return lines.map(({ text, height }) => ({ text: text.trim(), height })).filter(({ text }) => text !== '')
  } catch {
    throw new FileProblem(`It is damaged: page ${number} cannot be read.`)
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

/** Throws `FileProblem` where a document is encrypted, uses compression that cannot be measured, or unpacks to too much. */
function assertBounded(bytes: Uint8Array): void {
  const text = latin.decode(bytes)
  if (/\/Encrypt\s*(<<|\d+\s+\d+\s+R)/.test(text)) throw encrypted()
  let left = LIMITS.inflatedBytes
  for (const match of text.matchAll(/(?<!end)stream[ \t]*(?:\r\n|\n|\r)/g)) {
    const dictionary = dictionaryBefore(text, match.index)
    const packers = dictionary.match(/\/(FlateDecode|Fl\b|LZWDecode|LZW\b|RunLengthDecode|RL\b)/g) ?? []
    if (packers.length > 1 || /\/F(?:ilter)?\s+\d+\s+\d+\s+R/.test(dictionary))
      throw new FileProblem('It is packed more than once, or in a way that cannot be checked. Save it anew as a PDF.')
    if (packers.some((packer) => !packer.startsWith('/Fl')))
      throw new FileProblem(
        'It is packed in an old way (LZW or run lengths) that is not read here. Save it anew as a PDF.',
      )
    if (packers.length === 0) continue
    const start = match.index + match[0].length
    // The two bytes before are zlib's header. Text in ASCII around it is never a bomb by itself.
    const size = inflatedSize(bytes.subarray(start + 2), Math.min(LIMITS.streamBytes, left), () => tooLarge(left))
    left -= size
    if (left <= 0) throw tooLarge(left)
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
