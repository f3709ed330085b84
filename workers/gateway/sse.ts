/**
 * A reader of server-sent events (WHATWG HTML §9.2.6): bytes in, whole events out, wherever the bytes were cut.
 * Each chunk is decoded once and looked through once. `id` and `retry` are of no use here and are passed over.
 */
import { type SseEvent, UpstreamFailure } from './providers/provider.ts'

/** The longest event, and the longest line, in UTF-16 units; a provider's longest is some kilobytes. */
const EVENT_MAX = 1024 * 1024

const LINE_FEED = 10
const SPACE = 32

export class SseParser {
  /** Takes a byte order mark off the start and keeps a character that was cut in two for the next chunk. */
  readonly #decoder = new TextDecoder()
  /** The start of a line whose end has not come yet. It is only ever appended to, so that many small chunks cost no copies. */
  #line = ''
  /** The data of the event that is being read, once it has some. */
  #data: string | undefined
  #event = ''
  /** Whether the last chunk ended in a carriage return: a line feed at the start of the next one belongs to it. */
  #endedInReturn = false

  /** The events that these bytes complete. Throws `UpstreamFailure('malformed')` for an event or line beyond the limit. */
  push(bytes: Uint8Array): SseEvent[] {
    const text = this.#decoder.decode(bytes, { stream: true })
    const events: SseEvent[] = []
    if (text === '') return events

    let start = this.#endedInReturn && text.charCodeAt(0) === LINE_FEED ? 1 : 0
    this.#endedInReturn = false
    let feed = text.indexOf('\n', start)
    let carriage = text.indexOf('\r', start)
    while (feed !== -1 || carriage !== -1) {
      const isReturn = carriage !== -1 && (feed === -1 || carriage < feed)
      const end = isReturn ? carriage : feed
      this.#endLine(text, start, end, events)
      start = end + 1
      if (isReturn) {
        if (start === text.length) this.#endedInReturn = true
        if (feed === start) start += 1
        carriage = text.indexOf('\r', start)
      }
      if (feed !== -1 && feed < start) feed = text.indexOf('\n', start)
    }
    this.#line += start === 0 ? text : text.slice(start)
    if (this.#line.length > EVENT_MAX) throw new UpstreamFailure('malformed')
    return events
  }

  /**
   * What was left when the connection ended: an event whose data line was whole but whose blank line was missing.
   * A line that was cut off is dropped, so that a broken answer is found to be truncated, not malformed.
   */
  end(): SseEvent[] {
    const events: SseEvent[] = []
    this.#dispatch(events)
    return events
  }

  #endLine(text: string, start: number, end: number, events: SseEvent[]): void {
    if (this.#line !== '') {
      const line = this.#line + text.slice(start, end)
      this.#line = ''
      this.#readLine(line, 0, line.length, events)
    } else {
      this.#readLine(text, start, end, events)
    }
  }

  #readLine(text: string, start: number, end: number, events: SseEvent[]): void {
    if (start === end) this.#dispatch(events)
    else if (text.startsWith('data:', start)) this.#addData(valueAt(text, start + 5, end))
    else if (text.startsWith('event:', start)) this.#event = valueAt(text, start + 6, end)
  }

  #addData(value: string): void {
    const data = this.#data === undefined ? value : `${this.#data}\n${value}`
    if (data.length > EVENT_MAX) throw new UpstreamFailure('malformed')
    this.#data = data
  }

  /** An event without data is none, as in the standard; nor is one whose data is empty: some servers keep a line alive with it. */
  #dispatch(events: SseEvent[]): void {
    if (this.#data) events.push({ event: this.#event, data: this.#data })
    this.#data = undefined
    this.#event = ''
  }
}

/** A field's value: what stands between its colon and the line's end, less one space at the front. */
function valueAt(text: string, start: number, end: number): string {
  return text.slice(start < end && text.charCodeAt(start) === SPACE ? start + 1 : start, end)
}
