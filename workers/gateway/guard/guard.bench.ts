/** What the guard costs, in nanoseconds for each character of harmless text. Run by itself: `node guard.bench.ts`. */
import { benignAnswers, type Mix } from '../../tests/benign.ts'
import { pieces } from '../../tests/attacks.ts'
import { PROSE, RULES } from '../../tests/prompts.ts'
import { Guard } from './guard.ts'
import { compileLeakIndex, type LeakIndex } from './leak-index.ts'

const CHARACTERS = 400_000
/** The best of so many rounds counts: what else runs on the machine can only slow one down. */
const ROUNDS = 15
/** About what a provider sends at a time. */
const PIECE = 4

/** Measures a prompt of usual length on readable answers, in one piece and in small ones; gives the mean of both. */
export function measureGuard(): { nsPerCharacter: number } {
  return { nsPerCharacter: (measure(Infinity, 'readable') + measure(PIECE, 'readable')) / 2 }
}

/** The cost of answers of this mix, cut into pieces of `size`. */
function measure(size: number, mix: Mix): number {
  const index = compileLeakIndex(`${PROSE}\n\n${RULES}`, [])
  const answers = Array.from(benignAnswers(CHARACTERS, 1, mix)).map((answer) =>
    size === Infinity ? [answer] : pieces(answer, size),
  )
  const characters = answers.flat().reduce((sum, piece) => sum + piece.length, 0)
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    for (const answer of answers) pass(index, answer)
    best = Math.min(best, performance.now() - start)
  }
  return (best * 1e6) / characters
}

function pass(index: LeakIndex, answer: readonly string[]): void {
  const guard = new Guard(index, { callerTexts: [], strict: false })
  for (const piece of answer) guard.push('text', piece)
  guard.end('text')
}

function measureCompile(length: number): number {
  const prompt = `${PROSE} ${RULES} `.repeat(20).slice(0, length)
  let best = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    compileLeakIndex(prompt, [])
    best = Math.min(best, performance.now() - start)
  }
  return best
}

if (process.argv[1]?.endsWith('guard.bench.ts')) {
  for (const mix of ['readable', 'all'] as const) {
    for (const size of [Infinity, 64, PIECE]) {
      console.log(`guard, ${mix}, pieces of ${size}: ${measure(size, mix).toFixed(1)} ns per character`)
    }
  }
  console.log(`compiling a prompt of 8,000 characters: ${measureCompile(8000).toFixed(1)} ms`)
}
