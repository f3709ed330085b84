/** The chunks of a file, one bounded part of it at a time: the same bytes always give the same chunks. */
import { decode, readCsv, readMarkdown, readText } from './plain.ts'
import { readDocx, readHtml } from './markup.ts'
import { readPdf } from './pdf.ts'
import { FileProblem, LIMITS, megabytes, tooManyChars } from './problem.ts'
import { split, type Cut, type Section } from './split.ts'
import type { Kind } from './kinds.ts'

/** Chunks in one part of a file that is read whole. */
const PART_CHUNKS = 200

export type Part = { chunks: Section[]; chars: number; pages: number | null; isLast: boolean }

/** Part number `part` of a file, from 0. Throws `FileProblem`. */
export async function readPart(kind: Kind, bytes: Uint8Array, part: number, cut: Cut): Promise<Part> {
  if (kind === 'pdf') {
    const { sections, pages, isLast } = await readPdf(bytes, part)
    return { chunks: split(sections, cut), chars: lengthOf(sections), pages, isLast }
  }
  const sections = wholeOf(kind, bytes)
  const chars = lengthOf(sections)
  if (chars > LIMITS.chars) throw tooManyChars()
  const chunks = split(sections, cut)
  const from = part * PART_CHUNKS
  return {
    chunks: chunks.slice(from, from + PART_CHUNKS),
    chars: part === 0 ? chars : 0,
    pages: null,
    isLast: from + PART_CHUNKS >= chunks.length,
  }
}

function wholeOf(kind: Exclude<Kind, 'pdf'>, bytes: Uint8Array): Section[] {
  if (kind === 'docx') return readDocx(bytes)
  if (bytes.length > LIMITS.textBytes)
    throw new FileProblem(`It has more than ${megabytes(LIMITS.textBytes)} of text. Hand it in in several files.`)
  const text = decode(bytes)
  if (kind === 'html') return readHtml(text)
  if (text.length > LIMITS.chars) throw tooManyChars()
  switch (kind) {
    case 'markdown':
      return readMarkdown(text)
    case 'csv':
      return readCsv(text)
    case 'text':
      return readText(text)
  }
}

function lengthOf(sections: Section[]): number {
  return sections.reduce((sum, { text }) => sum + text.length, 0)
}
