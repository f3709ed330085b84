import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SseParser } from '../sse.ts'
import { type SseEvent, UpstreamFailure } from './provider.ts'

const encoder = new TextEncoder()

function parse(...chunks: (string | Uint8Array)[]): SseEvent[] {
  const parser = new SseParser()
  const events = chunks.flatMap((chunk) => parser.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk))
  return [...events, ...parser.end()]
}

/** The data of all events, which is what most tests are about. */
function data(...chunks: (string | Uint8Array)[]): string[] {
  return parse(...chunks).map((event) => event.data)
}

describe('an event stream', () => {
  test('gives its events with their names', () => {
    expect(parse('event: ping\ndata: {}\n\ndata: a\n\n')).toEqual([
      { event: 'ping', data: '{}' },
      { event: '', data: 'a' },
    ])
  })

  test('may end its lines in LF, CR or CRLF, even mixed', () => {
    expect(data('data: a\n\ndata: b\r\rdata: c\r\n\r\ndata: d\r\n\ndata: e\r\r\n')).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('takes a CRLF that was cut in two for one line end', () => {
    expect(parse('event: x\r', '\ndata: a\r', '\n\r', '\n')).toEqual([{ event: 'x', data: 'a' }])
  })

  test('loses a byte order mark at its start, and only there', () => {
    expect(data('\uFEFFdata: a\uFEFF\n\n')).toEqual(['a\uFEFF'])
  })

  test('passes over comments, ids, retry times and unknown fields', () => {
    expect(data(': hello\n\nid: 7\nretry: 10\nfoo: bar\ndata: a\n\n')).toEqual(['a'])
  })

  test('joins several data lines of one event', () => {
    expect(data('data: a\ndata:b\ndata:  c\n\n')).toEqual(['a\nb\n c'])
  })

  test('has no events without data', () => {
    expect(parse('event: x\n\ndata:\n\ndata: \n\ndata: a\n\n')).toEqual([{ event: '', data: 'a' }])
  })

  test('keeps NUL and characters beyond the basic plane', () => {
    expect(data('data: a\u0000b😀\n\n')).toEqual(['a\u0000b😀'])
  })

  test('ends with an event whose blank line is missing, but not with a line that was cut off', () => {
    expect(data('data: a\n')).toEqual(['a'])
    expect(data('data: a\n\ndata: {"half')).toEqual(['a'])
  })

  test('may hold an event of a mebibyte, and nothing longer', () => {
    const fits = 'x'.repeat(1024 * 1024 - 'data: '.length)
    expect(data(`data: ${fits}`, '\n\n')).toEqual([fits])
    expect(() => data(`data: ${fits}`, 'x')).toThrow(UpstreamFailure)
    expect(() => data(...Array.from({ length: 3 }, () => `data: ${'x'.repeat(500_000)}\n`))).toThrow(UpstreamFailure)
  })

  test('may hold any number of comments', () => {
    const comment = encoder.encode(`: ${'x'.repeat(1000)}\n`.repeat(1000))
    expect(data(comment, comment, comment, 'data: a\n\n')).toEqual(['a'])
  })

  test('gives the same events wherever its bytes are cut', () => {
    const text = fc.string({ unit: 'binary', maxLength: 8 }).map((value) => value.replaceAll(/[\r\n\uFEFF]/g, '·'))
    const lineEnd = fc.constantFrom('\n', '\r', '\r\n')
    const line = fc.oneof(
      fc.tuple(fc.constantFrom('data: ', 'data:', ': ', 'event: ', 'id: '), text).map((parts) => parts.join('')),
      fc.constant(''),
    )
    const stream = fc.array(fc.tuple(line, lineEnd).map((parts) => parts.join(''))).map((lines) => lines.join(''))
    fc.assert(
      fc.property(stream, fc.array(fc.nat({ max: 9 })), (whole, sizes) => {
        const bytes = encoder.encode(whole)
        const chunks: Uint8Array[] = []
        let at = 0
        for (const size of sizes) {
          chunks.push(bytes.subarray(at, at + size))
          at += size
        }
        chunks.push(bytes.subarray(at))
        expect(parse(...chunks)).toEqual(parse(bytes))
        expect(parse(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(reference(whole))
      }),
      { numRuns: 500 },
    )
  })
})

/** The standard's own words, line by line, without any care for speed. */
function reference(whole: string): SseEvent[] {
  const events: SseEvent[] = []
  const lines = whole.split(/\r\n|\r|\n/)
  lines.pop()
  let values: string[] = []
  let event = ''
  for (const line of [...lines, '']) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (line === '') {
      if (values.join('\n') !== '') events.push({ event, data: values.join('\n') })
      values = []
      event = ''
    } else if (field === 'data') values.push(value)
    else if (field === 'event') event = value
  }
  return events
}
