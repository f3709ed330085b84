/** Cuts text into chunks that overlap, at the best places there are: between paragraphs, then sentences, then words. */

/** A stretch of a document that lies on one page or under one heading. */
export type Section = { text: string; page: number | null; heading: string | null }

/** In characters. */
export type Cut = { size: number; overlap: number }

/** Where a text may be cut, from the best place to the worst. The cut lies after what is matched. */
const PLACES = [/\n\n+/g, /\n/g, /[。！？]["”’」』）]*|[.!?]["”’)]*\s+/g, /[；，、]|[;,:]\s+/g, /\s+/g]
/** Pieces of which chunks are put together are no longer than this, so that an overlap can be taken whole. */
const PIECE_CHARS = 200

/** The chunks of some sections, none longer than `size`. A chunk lies within one section. */
export function split(sections: Section[], { size, overlap }: Cut): Section[] {
  const pieceMax = Math.max(1, Math.min(size, PIECE_CHARS))
  return sections.flatMap((section) =>
    merge(piecesOf(section.text, pieceMax), size, overlap).map((text) => ({ ...section, text })),
  )
}

/** Puts pieces together to chunks; each begins with the last pieces of the one before, as many as fit into `overlap`. */
function merge(pieces: string[], size: number, overlap: number): string[] {
  const chunks: string[] = []
  let current: string[] = []
  let length = 0
  for (const piece of pieces) {
    if (length + piece.length > size && length > 0) {
      chunks.push(current.join(''))
      while (current.length > 0 && (length > overlap || length + piece.length > size)) length -= current.shift()!.length
    }
    current.push(piece)
    length += piece.length
  }
  if (length > 0) chunks.push(current.join(''))
  return chunks.map((chunk) => chunk.trim()).filter((chunk) => chunk !== '')
}

/** The text in pieces of at most `max` characters, which together are the text. */
function piecesOf(text: string, max: number): string[] {
  let pieces = [text]
  for (const place of PLACES)
    pieces = pieces.flatMap((piece) => (piece.length <= max ? [piece] : cutAfter(piece, place)))
  return pieces.flatMap((piece) => (piece.length <= max ? [piece] : cutAnywhere(piece, max)))
}

function cutAfter(text: string, place: RegExp): string[] {
  const pieces: string[] = []
  let from = 0
  for (const match of text.matchAll(place)) {
    const to = match.index + match[0].length
    pieces.push(text.slice(from, to))
    from = to
  }
  if (from < text.length) pieces.push(text.slice(from))
  return pieces
}

/** Never between the two halves of a character. */
function cutAnywhere(text: string, max: number): string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + max, text.length)
    const last = text.charCodeAt(to - 1)
    if (to < text.length && last >= 0xd800 && last < 0xdc00 && to - from > 1) to--
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}
