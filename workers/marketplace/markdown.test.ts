import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { inline, quote } from './markdown.ts'

const text = fc.string({ unit: 'binary', maxLength: 80 })
const markup = fc
  .array(
    fc.constantFrom(
      '#',
      '- ',
      '1. ',
      '[a](b)',
      '```',
      '\n',
      '\r',
      '\u2028',
      '<b>',
      '|',
      '\\',
      '*',
      ' ',
      'www.a.b',
      'x',
      '===',
    ),
  )
  .map((parts) => parts.join(''))

test('one line stays one line, and nothing in it means anything', () => {
  fc.assert(
    fc.property(fc.oneof(text, markup), (given) => {
      const line = inline(given)
      expect(line).not.toMatch(/[\n\r\u2028\u2029\u0085\v\f]/)
      // Without the pairs of a backslash and what it hides, no character is left that means something.
      const bare = line.replaceAll(/\\[!-/:-@[-`{-~]/g, '')
      expect(bare).not.toMatch(/[\\`*_[\]<>()#|~!&{}$^:@]/)
      expect(line).not.toMatch(/^\s*([-+=]|\d{1,9}[.)])/)
    }),
  )
})

test('what is hidden by backslashes reads as it was written', () => {
  fc.assert(
    fc.property(markup, (given) => {
      expect(inline(given).replaceAll(/\\([!-/:-@[-`{-~])/g, '$1')).toBe(given.replaceAll(/\s+/gu, ' ').trim())
    }),
  )
})

test('every line of a quotation begins as one', () => {
  fc.assert(
    fc.property(fc.oneof(text, markup), (given) => {
      for (const line of quote(given).split(/[\n\r\u2028\u2029\u0085\v\f]/)) expect(line).toMatch(/^>/)
    }),
  )
})
