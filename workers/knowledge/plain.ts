/** Text of files that are text already: plain, Markdown, and tables. */
import Papa from 'papaparse'
import { clean } from './clean.ts'
import { FileProblem, inWords, LIMITS, tooManyChars, tooManyChunks } from './problem.ts'
import type { Section } from './split.ts'

const HEADING_CHARS_MAX = 200
/** A longer line is no heading, whatever it begins with. */
const HEADING_LINE_MAX = 500
const COLUMN_NAME_MAX = 100

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
    if (sections.length > LIMITS.chunks) throw tooManyChunks()
    lines = []
  }
  for (const line of withoutComments(text).split(/\r\n?|\n/)) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode
    const isPlain = isCode || line.length > HEADING_LINE_MAX
    const [, title] = isPlain ? [] : (/^#{1,6}\s+(.*?)\s*#*$/.exec(line) ?? [])
    if (title === undefined) lines.push(isCode ? line : plain(line))
    else {
      close()
      heading = clean(plain(title)).slice(0, HEADING_CHARS_MAX).toWellFormed()
    }
  }
  close()
  return sections
}

/** Not by a pattern: one that looks for the end of each of a million comments that never end takes for ever. */
function withoutComments(text: string): string {
  const kept: string[] = []
  let from = 0
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', from)) {
    const end = text.indexOf('-->', start + 4)
    if (end < 0) break
    kept.push(text.slice(from, start))
    from = end + 3
  }
  return kept.join('') + text.slice(from)
}

/** A line without marks. Each pattern is bounded: a line may have as many characters as a file. */
function plain(line: string): string {
  if (line.includes('---') && /^[\s|:-]+$/.test(line)) return ''
  return line
    .replaceAll(/!?\[([^[\]]{0,300})\]\([^)\s]{0,300}(?:\s"[^"]{0,300}")?\)/g, '$1')
    .replaceAll(/(\*\*|__|~~|`)/g, '')
}

/** A table: each row as a line in which every value stands beside the name of its column. Throws `FileProblem`. */
export function readCsv(text: string): Section[] {
  const { data } = Papa.parse<string[]>(text, { skipEmptyLines: 'greedy', preview: LIMITS.rows + 2 })
  const [names = [], ...rows] = data
  if (rows.length > LIMITS.rows) throw new FileProblem(`It has more than ${inWords(LIMITS.rows)} rows.`)
  if (data.some((row) => row.length > LIMITS.columns))
    throw new FileProblem(`It has more than ${LIMITS.columns} columns.`)
  const shown = names.map((name, at) => name.trim().slice(0, COLUMN_NAME_MAX) || `Column ${at + 1}`)
  const written: string[] = []
  let chars = 0
  for (const row of rows) {
    const cells = row.flatMap((value, at) => {
      const said = value.trim()
      return said === '' ? [] : [`${shown[at] ?? `Column ${at + 1}`}: ${said}`]
    })
    const line = cells.join('; ').replaceAll(/\s+/g, ' ')
    // Names are said in every row, so a table can be much longer than its file.
    if ((chars += line.length) > LIMITS.chars) throw tooManyChars()
    written.push(line)
  }
  return [{ text: clean(rows.length === 0 ? names.join('; ') : written.join('\n')), page: null, heading: null }]
}
