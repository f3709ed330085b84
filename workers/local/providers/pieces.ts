/** How a text is cut into the events of a stream. The pieces always join to the text again. */
import type { Fault } from './faults.ts'

/** Words as models send them, with the space before each; `fault` may ask for other cuts. */
export function cut(text: string, fault: Fault): string[] {
  if (fault.splitSurrogates) return text.split('')
  return fault.chunk === undefined ? cutWords(text) : cutBytes(text, fault.chunk)
}

/** Tool arguments: five characters a piece, the size at which they usually come, unless `fault` asks for other cuts. */
export function cutArguments(written: string, fault: Fault): string[] {
  return fault.splitSurrogates || fault.chunk !== undefined ? cut(written, fault) : (written.match(/[^]{1,5}/gu) ?? [])
}

export function cutWords(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

/** Exactly `count` pieces, a word each; the words start over when they run out. */
export function cutByEvents(text: string, count: number): string[] {
  const words = cutWords(text)
  return Array.from({ length: count }, (_, index) => words[index % words.length] ?? ' ')
}

/** Pieces of at most `bytesMax` bytes of UTF-8, whole characters, at least one character each. */
function cutBytes(text: string, bytesMax: number): string[] {
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const letter of text) {
    const size = Buffer.byteLength(letter)
    if (piece !== '' && bytes + size > bytesMax) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += letter
    bytes += size
  }
  if (piece !== '') pieces.push(piece)
  return pieces
}
