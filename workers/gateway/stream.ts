/** The answer as events: nothing before the first content, then everything as it comes, and exactly one ending. */
import { describe, log } from '../base/log.ts'
import { Chunks, DONE, errorEvent } from './completion.ts'
import { EventWriter } from './event-writer.ts'
import { callError } from './failure.ts'
import { KEPT_CHARS_MAX } from '../quota/protocol.ts'
import type { Run } from './chat.ts'
import type { SafeDelta } from './egress.ts'

/**
 * Waits for the first content, so that whatever fails until then has a status of its own; from then on the answer runs
 * beside the response whose body this gives.
 */
export async function stream(
  ctx: Pick<ExecutionContext, 'waitUntil'>,
  run: Run,
  heartbeatMs: number,
): Promise<ReadableStream> {
  const first = await run.answer.next()
  run.call.trace.answered()
  run.clocks.begin()
  const writer = new EventWriter(run.clocks, heartbeatMs)
  ctx.waitUntil(pump(run, writer, first))
  return writer.readable
}

/** Sends the answer on. Never throws: what goes wrong from here on is told in the stream. */
async function pump(run: Run, writer: EventWriter, first: SafeDelta[] | null): Promise<void> {
  const { call, meter, clocks, bill, answer } = run
  const chunks = new Chunks(run.head)
  let sent = ''
  let isComplete = false
  try {
    for (let batch = first; batch; batch = await answer.next()) {
      isComplete = batch.at(-1)?.type === 'finish'
      let events = chunks.of(batch)
      if (isComplete && call.includeUsage && meter.usage) events += chunks.usage(meter.usage)
      if (isComplete) events += DONE
      // One that has grown too long to be kept need not be collected any further.
      if (call.idempotency && sent.length <= KEPT_CHARS_MAX) sent += events
      if (isComplete)
        await bill.charge(call.idempotency && { contentType: 'text/event-stream; charset=utf-8', body: sent })
      await writer.write(events)
      if (isComplete) await writer.close()
    }
  } catch (thrown) {
    // Once the answer is complete and charged, neither a caller who hangs up nor a provider that closes badly changes it.
    if (isComplete) log.info('gateway.after_end', { error: describe(thrown) })
    else await breakOff(run, writer, thrown)
  } finally {
    await writer.close()
    await answer.close()
    clocks.end()
  }
}

/** The one ending of a stream that fails. A caller who has left pays for what had come; any other failure costs nothing. */
async function breakOff({ call, clocks, bill }: Run, writer: EventWriter, thrown: unknown): Promise<void> {
  const error = callError(thrown, clocks)
  if (error.kind === 'callerLeft') return bill.chargeUnfinished(error)
  await bill.release(error)
  await writer.write(errorEvent(call.dialect, error, call.requestId)).catch(() => {})
}
