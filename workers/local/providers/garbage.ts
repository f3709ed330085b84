/** What may be found in a stream that should not be there, and what may be there though nobody expects it. */
import { setTimeout } from 'node:timers/promises'
import type { Fault } from './faults.ts'
import type { Frame } from './wire.ts'

const LONG_LINE_BYTES = 10 * 1024 * 1024
const COMMENTS = 1_000
const COMMENT_GAP_MS = 5
const HTML =
  '<!doctype html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'

/** Gives for each frame of a stream the bytes to send in its place; `content` counts the content events before it. */
export function withGarbage(fault: Fault): (frame: Frame, content: number) => AsyncIterable<string> {
  const after = fault.garbageAfterEvents ?? (fault.garbage === undefined ? Infinity : 0)
  const garbage = fault.garbage ?? 'bad-json'
  let isFirst = true
  let isDone = false
  return async function* (frame, content) {
    if (garbage === 'bom' && isFirst && after < Infinity) yield '\uFEFF'
    isFirst = false
    if (!isDone && content >= after && frame.kind !== 'opening') {
      isDone = true
      if (garbage === 'endless-comments') yield* endlessComments()
      else yield LITERALS[garbage]()
    }
    yield garbage === 'crlf' ? frame.text.replaceAll(/\r?\n/g, '\r\n') : frame.text
  }
}

/** The same for a JSON body, as far as it has a meaning there. */
export function withGarbageInJson(fault: Fault, body: string): string {
  const garbage = fault.garbage ?? 'bad-json'
  if (garbage === 'bad-json') return body.slice(0, -2)
  if (garbage === 'html') return HTML
  if (garbage === 'long-line') return `{"padding":"${'x'.repeat(LONG_LINE_BYTES)}",${body.slice(1)}`
  if (garbage === 'nul') return `\0${body}`
  return garbage === 'bom' ? `\uFEFF${body}` : body
}

const LITERALS = {
  'bad-json': () => 'data: {"choices":[{"index":0,"delta":{"content":\n\n',
  html: () => `${HTML}\n\n`,
  'long-line': () => `data: ${'x'.repeat(LONG_LINE_BYTES)}\n\n`,
  nul: () => 'data: \0\0\0\n\n',
  comments: () => ': nothing to see\n'.repeat(COMMENTS),
  crlf: () => '',
  bom: () => '',
}

/** Never ends by itself: whoever sends it stops asking when the client has left. */
async function* endlessComments(): AsyncGenerator<string> {
  for (;;) {
    yield ': still here\n'
    await setTimeout(COMMENT_GAP_MS)
  }
}
