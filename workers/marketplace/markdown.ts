/**
 * What people wrote, inside Markdown that we write: it stays text. No character of it can begin a heading, a link, a list,
 * code or markup, nor end the line in which it stands.
 */

/** Everything that means something within a line. `:` and `@` would make links of addresses that merely stand there. */
const WITHIN = /[\\`*_[\]<>()#|~!&{}$^:@]/g
/** What means something at the beginning of a line: a list, a numbered one, an underlined heading. */
const AT_START = /^(\s*)([-+=]|\d{1,9}(?=[.)]))/
const WWW = /\bwww\./gi

/** `text` as one line. */
export function inline(text: string): string {
  return escapeLine(text.replaceAll(/\s+/gu, ' ').trim())
}

/** `text` as a quotation, line by line. */
export function quote(text: string): string {
  return text
    .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    .map((line) => `> ${escapeLine(line.trim())}`.trimEnd())
    .join('\n')
}

function escapeLine(line: string): string {
  return line
    .replaceAll(WITHIN, String.raw`\$&`)
    .replaceAll(WWW, (www) => `${www.slice(0, 3)}\\.`)
    .replace(AT_START, (_, space: string, mark: string) =>
      /\d/.test(mark) ? `${space}${mark}\\` : `${space}\\${mark}`,
    )
}
