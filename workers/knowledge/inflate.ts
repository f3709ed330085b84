/** Opens compressed data without ever holding more of it than it may have. */
import { Inflate } from 'fflate'
import { FileProblem, inWords, LIMITS, megabytes } from './problem.ts'

/** Compressed bytes taken at a time: at most some 4 MB come of them. */
const STEP_BYTES = 4_096

/**
 * How many bytes raw deflated data comes to; nothing of it is kept, `look` is shown each piece. Throws where it is more than `most`.
 * Stops quietly where it is broken.
 */
export function inflatedSize(
  bytes: Uint8Array,
  most: number,
  { tooMuch, look }: { tooMuch: () => Error; look: (piece: Uint8Array) => void },
): number {
  let size = 0
  const inflate = new Inflate((chunk) => {
    size += chunk.length
    if (size <= most) look(chunk)
  })
  for (let at = 0; at < bytes.length && !isOver(inflate); at += STEP_BYTES) {
    try {
      inflate.push(bytes.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= bytes.length)
    } catch (thrown) {
      if (thrown instanceof FileProblem) throw thrown
      return size
    }
    if (size > most) throw tooMuch()
  }
  return size
}

/**
 * Whether the last block has come to its end. The library does not tell: it would keep whatever follows, and copy all of it with
 * every piece, which takes hours where a stream is followed by the rest of a large file.
 */
function isOver(inflate: Inflate): boolean {
  const { f: isLastBlock, l: codes } = (inflate as unknown as { s: { f?: number; l?: unknown } }).s
  return Boolean(isLastBlock) && !codes
}

/**
 * Gives one file of a ZIP archive piece by piece, so that it is never held whole. Throws `FileProblem` where the archive is broken
 * or encrypted, has no such file or one that is too large, and what `take` throws.
 */
export function unzipOne(bytes: Uint8Array, path: string, take: (piece: Uint8Array) => void): void {
  const { data, isPacked } = entryOf(bytes, path)
  let size = 0
  const inflate = new Inflate((piece) => {
    size += piece.length
    if (size > LIMITS.streamBytes)
      throw new FileProblem(`Its text unpacks to more than ${megabytes(LIMITS.streamBytes)}.`)
    take(piece)
  })
  if (!isPacked) return take(data)
  try {
    for (let at = 0; at < data.length && !isOver(inflate); at += STEP_BYTES)
      inflate.push(data.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= data.length)
  } catch (thrown) {
    throw thrown instanceof FileProblem ? thrown : damaged()
  }
}

/** Where a file lies in an archive, read from the list at the end of it, as every program that opens archives does. */
function entryOf(bytes: Uint8Array, path: string): { data: Uint8Array; isPacked: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const name = new TextDecoder()
  try {
    const end = endOfList(view)
    const entries = view.getUint16(end + 10, true)
    if (entries > LIMITS.zipEntries) throw new FileProblem(`It holds more than ${inWords(LIMITS.zipEntries)} files.`)
    let at = view.getUint32(end + 16, true)
    for (let entry = 0; entry < entries; entry++) {
      if (view.getUint32(at, true) !== 0x02014b50) throw damaged()
      const nameLength = view.getUint16(at + 28, true)
      if (name.decode(bytes.subarray(at + 46, at + 46 + nameLength)) === path) {
        if ((view.getUint16(at + 8, true) & 1) === 1)
          throw new FileProblem('It is encrypted. Save it without a password.')
        const method = view.getUint16(at + 10, true)
        const head = view.getUint32(at + 42, true)
        const start = head + 30 + view.getUint16(head + 26, true) + view.getUint16(head + 28, true)
        const data = bytes.subarray(start, start + view.getUint32(at + 20, true))
        if (method !== 0 && method !== 8) throw damaged()
        return { data, isPacked: method === 8 }
      }
      at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    }
  } catch (thrown) {
    // An offset that points out of the archive.
    throw thrown instanceof FileProblem ? thrown : damaged()
  }
  throw new FileProblem('It is an archive, but no Word document.')
}

/** Throws `RangeError` where there is none. */
function endOfList(view: DataView): number {
  const COMMENT_BYTES_MAX = 65_535
  const last = view.byteLength - 22
  for (let at = last; at >= Math.max(0, last - COMMENT_BYTES_MAX); at--)
    if (view.getUint32(at, true) === 0x06054b50) return at
  throw new RangeError('no end')
}

function damaged(): FileProblem {
  return new FileProblem('It is damaged: the archive cannot be opened.')
}
