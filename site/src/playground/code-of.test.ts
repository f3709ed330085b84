import { expect, test } from 'vitest'
import { codeOf } from './code-of.ts'

const body = { model: 'editor', messages: [{ role: 'user', content: 'it\'s true: "name": 1' }], temperature: 0.5 }

test('a request is the same in three languages', () => {
  const [curl, typescript, python] = codeOf('https://api.example/v1', body).map(({ code }) => code)
  expect(curl).toContain(String.raw`it'\''s true`)
  expect(typescript).toContain('  model: "editor",')
  expect(typescript).toContain(String.raw`content: "it's true: \"name\": 1"`)
  expect(python).toContain('"temperature": 0.5,')
  expect(python).toContain('"stream": True')
})
