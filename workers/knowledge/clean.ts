/** Text as it is kept: without what cannot be seen, words whole, white space plain. */

/** Control characters but tab and line end, soft hyphens, zero-width and direction marks, and tags, in which words can hide. */
const UNSEEN =
  // oxlint-disable-next-line eslint/no-control-regex, eslint/no-misleading-character-class
  /[\u0000-\u0008\u000B\u000E-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E007F}]/gu

/** Plain text: lines and paragraphs stay, runs of spaces become one. */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNSEEN, '')
    .replaceAll(/\r\n?|\u2028|\u2029|\f/g, '\n')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

const HAN_END = /[\u3040-\u30ff\u3400-\u9fff]$/
const HAN_START = /^[\u3040-\u30ff\u3400-\u9fff]/
/** So many characters tell how a line ends. */
const END_CHARS = 3
const SENTENCE_END = /[.!?:;。！？：；]["”’）)]?$/

/** Lines as they stood on a page, made into running text: broken words and sentences are joined again. */
export function joinLines(lines: string[]): string {
  const parts: string[] = []
  // Only the end of what there is so far says how it goes on, and a page may have very many lines.
  let end = ''
  for (const line of lines) {
    if (line === '') parts.push(parts.length === 0 ? '' : '\n\n')
    else if (end === '') parts.push(line)
    else if (/\p{Ll}-$/u.test(end) && /^\p{Ll}/u.test(line)) {
      parts.push((parts.pop() ?? '').slice(0, -1), line)
    } else if (HAN_END.test(end) && HAN_START.test(line)) parts.push(line)
    else parts.push(SENTENCE_END.test(end) || end.endsWith('\n') ? '\n' : ' ', line)
    end = (line === '' ? `${end}\n\n` : line).slice(-END_CHARS)
  }
  return clean(parts.join(''))
}

/** Pages without the lines that come again at the head or foot of most of them, such as titles and page numbers. */
export function withoutRunningLines(pages: string[][]): string[][] {
  const PAGES_MIN = 4
  const EDGE_LINES = 2
  if (pages.length < PAGES_MIN) return pages
  const seen = new Map<string, number>()
  const edges = (lines: string[]): string[] => [
    ...lines.slice(0, EDGE_LINES),
    ...lines.slice(EDGE_LINES).slice(-EDGE_LINES),
  ]
  for (const lines of pages)
    for (const line of new Set(edges(lines).map(shapeOf))) seen.set(line, (seen.get(line) ?? 0) + 1)
  const isRunning = (line: string): boolean => (seen.get(shapeOf(line)) ?? 0) > pages.length * 0.6
  return pages.map((lines) =>
    lines.filter((line, at) => !((at < EDGE_LINES || at >= lines.length - EDGE_LINES) && isRunning(line))),
  )
}

/** Numbers change from page to page. */
function shapeOf(line: string): string {
  return line.replaceAll(/\d+/g, '#').trim()
}
