/** Opens compressed data without ever holding more of it than it may have. */
import { Inflate, unzipSync } from 'fflate'
import { FileProblem, inWords, LIMITS, megabytes } from './problem.ts'

/** Compressed bytes taken at a time: at most some 4 MB come of them. */
const STEP_BYTES = 4_096

/** How many bytes raw deflated data comes to; nothing of it is kept. Throws where it is more than `most`. Stops quietly where it is broken. */
export function inflatedSize(bytes: Uint8Array, most: number, tooMuch: () => Error): number {
  let size = 0
  const done = { isOver: false }
  const inflate = new Inflate((chunk, isLast) => {
    size += chunk.length
    done.isOver ||= isLast
  })
  for (let at = 0; at < bytes.length && !done.isOver; at += STEP_BYTES) {
    try {
      inflate.push(bytes.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= bytes.length)
    } catch {
      return size
    }
    if (size > most) throw tooMuch()
  }
  return size
}

/** One file of a ZIP archive. Throws `FileProblem` where the archive is broken, has no such file or one that is too large. */
export function unzipOne(bytes: Uint8Array, path: string, missing: string): Uint8Array {
  let entries = 0
  let problem: FileProblem | undefined
  let files: Record<string, Uint8Array>
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        entries++
        if (entries > LIMITS.zipEntries)
          problem ??= new FileProblem(`It holds more than ${inWords(LIMITS.zipEntries)} files.`)
        if (name !== path || problem) return false
        // What comes out is never longer than the archive says here: the space for it is fixed.
        if (originalSize > LIMITS.streamBytes)
          problem = new FileProblem(`Its text unpacks to more than ${megabytes(LIMITS.streamBytes)}.`)
        return !problem
      },
    })
  } catch {
    throw new FileProblem('It is damaged: the archive cannot be opened.')
  }
  if (problem) throw problem
  const file = files[path]
  if (!file) throw new FileProblem(missing)
  return file
}
