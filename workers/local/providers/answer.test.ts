import { expect, test } from 'vitest'
import { market } from '../market.ts'
import { answer } from './answer.ts'
import type { Question } from './wire.ts'

const QUESTIONS = [
  'What is the capital of Peru?',
  'Please could you explain how tides work, with an example from the North Sea?',
  'hi',
  '',
  '我怎样才能学好小提琴?',
  'Summarise:\n\nThe committee met on Monday. It agreed to $1 and $& and nothing else, which surprised everybody who had waited outside.',
]

function ask(text: string, more: Partial<Question> = {}): string {
  const question: Question = {
    model: 'gpt-4o',
    system: '',
    userTurns: [text],
    toolResult: undefined,
    tools: [],
    toolChoice: 'auto',
    parallelTools: true,
    jsonSchema: undefined,
    wantsThoughts: false,
    maxTokens: 4_096,
    stop: [],
    stream: false,
    wantsUsage: false,
    inputChars: text.length,
    ...more,
  }
  return answer(question, {}, '', 'id-').pieces.join('')
}

/** As the guard compares: letters and digits only, without case. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

test.each(QUESTIONS)('%j gets 40 to 120 words, the same every time', (question) => {
  const said = ask(question)
  expect(said.split(/\s+/).length).toBeGreaterThanOrEqual(40)
  expect(said.split(/\s+/).length).toBeLessThanOrEqual(120)
  expect(ask(question)).toBe(said)
})

test('different questions get different answers, each with its own words', () => {
  expect(new Set(QUESTIONS.map((question) => ask(question))).size).toBe(QUESTIONS.length)
  expect(ask('What is the capital of Peru?')).toMatch(/“capital of Peru”/)
  expect(ask(QUESTIONS[4] ?? '')).toContain('小提琴')
})

test('the same question gets another answer from an agent of another trade', () => {
  const cook = ask('How do I begin?', { system: 'You are a chef who writes recipes for a small kitchen.' })
  const lawyer = ask('How do I begin?', { system: 'You read every contract clause by clause.' })
  expect(cook).not.toBe(lawyer)
})

test('an earlier turn is not forgotten', () => {
  expect(ask('', { userTurns: ['I keep bees in Norway', 'What now?'] })).toContain('“bees in Norway”')
})

test('no answer shares 24 letters in a row with the prompt of any agent of the market', () => {
  for (const { system_prompt, slug } of market.agents) {
    const prompt = plain(system_prompt)
    for (const question of QUESTIONS) {
      const said = plain(ask(question, { system: system_prompt }))
      const asked = plain(question)
      for (let at = 0; at + 24 <= said.length; at++) {
        const span = said.slice(at, at + 24)
        expect(prompt.includes(span) && !asked.includes(span), `${slug}: ${span}`).toBe(false)
      }
    }
  }
})
