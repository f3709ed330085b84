import { expect, test } from 'vitest'
import { fill, pathIn, plural } from './words.ts'

type Texts = { [name: string]: string | Texts }
const files = import.meta.glob<Record<string, unknown>>(['./*.ts', '!./*.test.ts'], { eager: true })
const dictionaries = Object.entries(files).flatMap(([path, module]) =>
  Object.entries(module).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && 'zh' in value
      ? [{ name: `${path} ${name}`, ...(value as { en: Texts; zh: Texts }) }]
      : [],
  ),
)

test.each(dictionaries)('$name says the same in both languages', ({ en, zh }) => {
  expect(shape(zh)).toEqual(shape(en))
})

test('values take the place of the braces', () => {
  expect(fill('{calls} calls for {price}', { calls: 3, price: '$0.03' })).toBe('3 calls for $0.03')
  expect(plural({ one: '{n} call', other: '{n} calls' }, 1)).toBe('1 call')
  expect(plural({ one: '{n} call', other: '{n} calls' }, 1_000, '1,000')).toBe('1,000 calls')
})

test.each([
  ['/', '/zh'],
  ['/?q=1', '/zh?q=1'],
  ['/pricing', '/zh/pricing'],
  ['/agent?id=a', '/zh/agent?id=a'],
])('%s is %s in Chinese, and back', (en, zh) => {
  expect(pathIn('zh', en)).toBe(zh)
  expect(pathIn('zh', zh)).toBe(zh)
  expect(pathIn('en', zh)).toBe(en)
})

/** The names of a dictionary, each with the values that its text takes. */
function shape(texts: Texts): unknown {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      typeof text === 'string' ? [...new Set(text.match(/\{\w+\}/g))].sort() : shape(text),
    ]),
  )
}
