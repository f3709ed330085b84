/** How an answer goes out when a fault is asked for: late, in pieces, broken or never. */
import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Call } from './calls.ts'
import type { Fault } from './faults.ts'
import { withGarbage, withGarbageInJson } from './garbage.ts'
import type { Frame } from './wire.ts'

/** What was written before a reset is given this long to arrive: a reset may overtake it. */
const BEFORE_RESET_MS = 20

/** One answer on its way to the client. */
export class Delivery {
  readonly #response: ServerResponse
  readonly #fault: Fault
  readonly #call: Call
  readonly #gone = new AbortController()
  #sentBytes = 0

  constructor(response: ServerResponse, fault: Fault, call: Call) {
    this.#response = response
    this.#fault = fault
    this.#call = call
    response.once('close', () => this.#gone.abort())
  }

  /** Waits as long as the fault says. False when the client left, or never is the answer. */
  async begin(): Promise<boolean> {
    if (this.#fault.hangBeforeHeaders) return this.#hang()
    return this.#fault.delayMs === undefined || (await this.#wait(this.#fault.delayMs))
  }

  /** Sends the events of a stream. */
  async stream(frames: readonly Frame[], errorFrame: string): Promise<void> {
    const fault = this.#fault
    const planned = fault.noTerminal ? frames.filter((frame) => frame.kind !== 'terminal') : frames
    // A connection can only be ended after some event: without a number, the last content event.
    const lastContent = frames.filter((frame) => frame.kind === 'content').length
    const closeAfter = fault.closeAfterEvents ?? (fault.halfClose || fault.reset ? lastContent : Infinity)
    const garbage = withGarbage(fault)
    let content = 0
    for (const frame of [...planned, undefined]) {
      // The place after the n-th content event is before the next one that is not part of an opening.
      if (frame?.kind !== 'opening') {
        if (content >= (fault.hangAfterEvents ?? Infinity)) return void (await this.#hang())
        if (content >= (fault.errorAfterEvents ?? Infinity))
          return void ((await this.#send(errorFrame)) && (await this.#close('cut')))
        if (content >= closeAfter) return this.#close('cut')
      }
      if (frame === undefined) break
      if (
        frame.kind === 'content' &&
        content > 0 &&
        fault.gapMs !== undefined &&
        !fault.slowBytes &&
        !(await this.#wait(fault.gapMs))
      )
        return
      for await (const bytes of garbage(frame, content)) if (!(await this.#send(bytes))) return
      if (frame.kind === 'content') content += 1
    }
    return this.#close(fault.noTerminal ? 'cut' : 'completed')
  }

  /** Sends a whole body. Faults that count events stand for the middle of it. */
  async whole(body: string): Promise<void> {
    const fault = this.#fault
    const half = Buffer.from(body).subarray(0, Math.ceil(Buffer.byteLength(body) / 2))
    if (fault.hangAfterEvents !== undefined) return void ((await this.#send(half)) && (await this.#hang()))
    if (fault.closeAfterEvents !== undefined || fault.halfClose || fault.reset) {
      return void ((await this.#send(half)) && (await this.#close('cut')))
    }
    const sent =
      fault.garbageAfterEvents === undefined && fault.garbage === undefined ? body : withGarbageInJson(fault, body)
    if (await this.#send(sent)) await this.#close('completed')
  }

  /** Writes as the fault wants it cut. False when there is nobody to write to any more. */
  async #send(bytes: string | Uint8Array): Promise<boolean> {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    const left = (this.#fault.resetAtByte ?? Infinity) - this.#sentBytes
    const size = this.#fault.slowBytes ? 1 : (this.#fault.splitBytes ?? buffer.length)
    const end = Math.min(left, buffer.length)
    for (let at = 0; at < end; at += size) {
      const piece = buffer.subarray(at, Math.min(at + size, end))
      if (!(await this.#write(piece, size < buffer.length))) return false
      this.#sentBytes += piece.length
    }
    if (left > buffer.length) return true
    await this.#reset()
    return false
  }

  async #write(piece: Uint8Array, isAlone: boolean): Promise<boolean> {
    if (this.#gone.signal.aborted) return false
    const isRoomy = this.#response.write(piece)
    if (!isRoomy) await this.#drained()
    if (this.#fault.slowBytes) return this.#wait(this.#fault.gapMs ?? 1)
    // Giving way between two writes keeps them apart on the wire.
    if (isAlone) await setImmediate()
    return !this.#gone.signal.aborted
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#response.once('drain', resolve)
      this.#response.once('close', resolve)
    })
  }

  async #close(outcome: 'completed' | 'cut'): Promise<void> {
    if (this.#fault.reset) return this.#reset()
    if (outcome === 'cut') this.#call.outcome = 'cut'
    if (this.#fault.halfClose) this.#response.socket?.end()
    else this.#response.end()
  }

  async #reset(): Promise<void> {
    this.#call.outcome = 'cut'
    await setTimeout(BEFORE_RESET_MS)
    this.#response.socket?.resetAndDestroy()
  }

  /** Does nothing until the client leaves. */
  async #hang(): Promise<boolean> {
    await this.#wait(2 ** 31 - 1)
    return false
  }

  /** True when the time is over, false when the client left before. */
  async #wait(ms: number): Promise<boolean> {
    try {
      await setTimeout(ms, undefined, { signal: this.#gone.signal })
      return true
    } catch {
      return false
    }
  }
}
