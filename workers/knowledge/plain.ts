/** Text of files that are text already: plain, Markdown, and tables. */
import Papa from 'papaparse'
import { clean } from './clean.ts'
import { FileProblem, inWords } from './problem.ts'
import type { Section } from './split.ts'

const HEADING_CHARS_MAX = 200
const ROWS_MAX = 50_000
const COLUMNS_MAX = 200

/** The text in these bytes. Throws `FileProblem` where it is in no form of Unicode. */
export function decode(bytes: Uint8Array): string {
  const [first, second] = bytes
  const utf16 = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : null
  try {
    return new TextDecoder(utf16 ?? 'utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw new FileProblem('It is not valid UTF-8 text. Save it with the encoding UTF-8.')
  }
}

export function readText(text: string): Section[] {
  return [{ text: clean(text), page: null, heading: null }]
}

/** Markdown: cut where headings begin, without the marks that only a renderer needs. */
export function readMarkdown(text: string): Section[] {
  const sections: Section[] = []
  let lines: string[] = []
  let heading: string | null = null
  let isCode = false
  const close = (): void => {
    const body = clean(lines.join('\n'))
    if (body !== '') sections.push({ text: body, page: null, heading })
    lines = []
  }
  for (const line of text.replaceAll(/<!--[\s\S]*?-->/g, '').split(/\r\n?|\n/)) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    const [, title] = isCode ? [] : (/^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [])
    if (title === undefined) lines.push(isCode ? line : plain(line))
    else {
      close()
      heading = clean(plain(title)).slice(0, HEADING_CHARS_MAX).toWellFormed()
    }
  }
  close()
  return sections
}

function plain(line: string): string {
  return line
    .replaceAll(/!?\[([^\]]*)\]\([^)\s]*(?:\s"[^"]*")?\)/g, '$1')
    .replaceAll(/(\*\*|__|~~|`)/g, '')
    .replaceAll(/^\s*\|?[\s|:-]*-{3,}[\s|:-]*$/g, '')
}

/** A table: each row as a line in which every value stands beside the name of its column. Throws `FileProblem`. */
export function readCsv(text: string): Section[] {
  const { data } = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy' })
  const [names = [], ...rows] = data
  if (rows.length > ROWS_MAX) throw new FileProblem(`It has more than ${inWords(ROWS_MAX)} rows.`)
  if (names.length > COLUMNS_MAX) throw new FileProblem(`It has more than ${COLUMNS_MAX} columns.`)
  const written = rows.map((row) =>
    row
      .map((value, at) => (value.trim() === '' ? '' : `${names[at]?.trim() || `Column ${at + 1}`}: ${value.trim()}`))
      .filter((cell) => cell !== '')
      .join('; ')
      .replaceAll(/\s+/g, ' '),
  )
  return [{ text: clean(rows.length === 0 ? names.join('; ') : written.join('\n')), page: null, heading: null }]
}
