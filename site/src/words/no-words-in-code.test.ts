import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '..')
/** Text between tags, and attributes that people read or hear. Names of one letter and keys such as ⌘K are no words. */
const TEXT = /(?<!=)>[^<>{}=();]*[A-Za-z\u4e00-\u9fff]{2}[^<>{}=();]*<\/?[a-zA-Z]/
const ATTRIBUTE =
  /\s(?:aria-label|placeholder|title|alt|label|lead|hint|description)="[^"]*[A-Za-z\u4e00-\u9fff]{2}[^"]*"/

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(?:tsx|astro)$/.test(name))

test.each(files)('%s says nothing that is not in the words', (name) => {
  const wrong = markupOf(readFileSync(join(SRC, name), 'utf8'))
    .split('\n')
    .filter((line) => TEXT.test(line) || ATTRIBUTE.test(line))
  expect(wrong).toEqual([])
})

test('a word in the markup is found', () => {
  expect(TEXT.test('<p>Hello there</p>')).toBe(true)
  expect(TEXT.test('<p>{w.hello}</p>')).toBe(false)
  expect(ATTRIBUTE.test('<input placeholder="Name" />')).toBe(true)
})

/** Without scripts, styles, comments, and the look of a key, which is no word. */
function markupOf(source: string): string {
  return source
    .replace(/^---[\s\S]*?^---/m, '')
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replaceAll('ak_…', '')
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}
