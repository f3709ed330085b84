import { expect, test } from 'vitest'
import { csvAnswer, toCsv } from './csv.ts'

test('a table is one line a row, quoted where it must be, and nothing is an empty cell', () => {
  expect(
    toCsv(
      ['name', 'calls'],
      [
        ['plain', 1],
        ['a, "b"\nc', null],
      ],
    ),
  ).toBe('name,calls\r\nplain,1\r\n"a, ""b""\nc",\r\n')
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '=HYPERLINK("http://x","y")'])(
  'a cell that begins like a formula, %j, is a text to a spreadsheet',
  (cell) => {
    const [, line = ''] = toCsv(['name'], [[cell]]).split(/\r\n(?!x)/)
    expect(line.replace(/^"/, '')).toMatch(/^'/)
  },
)

test('the answer is a file that no cache keeps', () => {
  const { headers } = csvAnswer('usage.csv', '')
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(headers.get('content-disposition')).toBe('attachment; filename="usage.csv"')
  expect(headers.get('cache-control')).toBe('no-store')
})
