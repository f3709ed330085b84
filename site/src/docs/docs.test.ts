import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const pages = (lang: string) => readdirSync(join(import.meta.dirname, lang)).sort()
const read = (lang: string, name: string) => readFileSync(join(import.meta.dirname, lang, name), 'utf8')

test('every page is there in both languages', () => {
  expect(pages('zh')).toEqual(pages('en'))
})

test.each(pages('en'))('%s has the same parts in both', (name) => {
  const shape = (text: string) => text.split('\n').flatMap((line) => /^(?:#+|```\w+|>|- |\| ---)/.exec(line)?.[0] ?? [])
  expect(shape(read('zh', name))).toEqual(shape(read('en', name)))
})

test.each(pages('zh'))('links of the Chinese %s stay in Chinese', (name) => {
  const wrong = [...read('zh', name).matchAll(/\]\((\/[^)]*)\)/g)].filter(([, path]) => !path?.startsWith('/zh'))
  expect(wrong).toEqual([])
})
