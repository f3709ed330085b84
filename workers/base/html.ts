/** HTML made of pieces: whatever is not itself a piece is text, and is escaped. */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Piece = Html | string | number | null | Piece[]

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A piece of HTML from a template; lists are joined, null is nothing. Attributes in it must be quoted. */
export function html(template: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(template.reduce((text, next, at) => text + textOf(pieces[at - 1] ?? null) + next))
}

function textOf(piece: Piece): string {
  if (piece === null) return ''
  if (Array.isArray(piece)) return piece.map(textOf).join('')
  if (piece instanceof Html) return piece.text
  return String(piece).replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char)
}
