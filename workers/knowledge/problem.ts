/** Why a file cannot be used, in words for its creator. Never quotes the file. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem'
}

/** What a file may be. A refusal names the limit that it met. */
export const LIMITS = {
  fileBytes: 20 * 1024 * 1024,
  /** Files of text are read whole: so many bytes are always less than `chars`, or more than anybody needs. */
  textBytes: 8 * 1024 * 1024,
  chars: 2_000_000,
  pages: 500,
  chunks: 10_000,
  /** Of one compressed stream within a file, and of all of them together. */
  streamBytes: 20 * 1024 * 1024,
  inflatedBytes: 50 * 1024 * 1024,
  zipEntries: 5_000,
  /** Compressed or not, each is looked at before a PDF is parsed. */
  pdfStreams: 20_000,
  /** Runs of text on one page of a PDF. */
  pageRuns: 50_000,
  rows: 50_000,
  columns: 200,
  /** Elements within each other. */
  depth: 300,
  filenameChars: 200,
}

export function tooManyChars(): FileProblem {
  return new FileProblem(`It has more than ${inWords(LIMITS.chars)} characters of text. Hand it in in several files.`)
}

export function tooManyChunks(): FileProblem {
  return new FileProblem(
    `It makes more than ${inWords(LIMITS.chunks)} chunks. Make them larger, or hand it in in several files.`,
  )
}

export const megabytes = (bytes: number): string => `${bytes / 1024 / 1024} MB`

/** The number with commas, as people read it. */
export const inWords = (count: number): string => count.toLocaleString('en')
