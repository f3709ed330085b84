/** What the guard must not do: block or hold back what leaks nothing, also when it is about the agent's own matter. */
import { describe, expect, test } from 'vitest'
import { pieces } from '../../tests/attacks.ts'
import { benignAnswers } from '../../tests/benign.ts'
import { PROMPTS } from '../../tests/prompts.ts'
import { Guard } from './guard.ts'
import { compileLeakIndex } from './leak-index.ts'

const CHARACTERS_PER_PROMPT = 2_600_000
/** About what a provider sends at a time. */
const PIECE = 4
const ENCODED_RUN = /[A-Za-z0-9+/_=-]{24,}/

describe.each(PROMPTS)(
  'ten megabytes of harmless answers, a share of them beside the $name prompt,',
  ({ text: prompt }) => {
    test('are not blocked and hardly held back', () => {
      const index = compileLeakIndex(prompt, [])
      const steps = new Map<number, number>()
      for (const answer of benignAnswers(CHARACTERS_PER_PROMPT, prompt.length)) {
        const guard = new Guard(index, { callerTexts: [], strict: false })
        let out = ''
        let taken = 0
        for (const piece of pieces(answer, PIECE)) {
          out += guard.push('text', piece)
          taken += piece.length
          const held = taken - out.length
          if (held > 0 && ENCODED_RUN.test(answer.slice(out.length, taken))) continue
          steps.set(held, (steps.get(held) ?? 0) + 1)
        }
        out += guard.end('text')
        expect(out === answer).toBe(true)
      }
      expect(share(steps, 0)).toBeGreaterThan(0.5)
      expect(share(steps, 16)).toBeGreaterThanOrEqual(0.99)
      expect(share(steps, 64)).toBe(1)
    })
  },
)

/** Which share of the steps held at most so many characters. */
function share(steps: ReadonlyMap<number, number>, heldMax: number): number {
  let within = 0
  let all = 0
  for (const [held, count] of steps) {
    all += count
    if (held <= heldMax) within += count
  }
  return within / all
}
