/** HTML made of pieces: whatever is not itself a piece is text, and is escaped. */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Piece = Html | string | number | null | Piece[]

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * A piece of HTML from a template; lists are joined, null is nothing. Attributes in it must be quoted. How a template is
 * indented is for its reader alone: of white space with a line end in it the line end is left.
 */
export function html(template: TemplateStringsArray, ...pieces: Piece[]): Html {
  const parts = tidied.get(template) ?? template.map((part) => part.replaceAll(/\s*\n\s*/g, '\n'))
  tidied.set(template, parts)
  return new Html(parts.reduce((text, next, at) => text + textOf(pieces[at - 1] ?? null) + next))
}

const tidied = new WeakMap<TemplateStringsArray, string[]>()

function textOf(piece: Piece): string {
  if (piece === null) return ''
  if (Array.isArray(piece)) return piece.map(textOf).join('')
  if (piece instanceof Html) return piece.text
  return String(piece).replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char)
}
