/** A statement as an answer: written while it is read, a page at a time, so that its length does not matter. */
import { AppError } from '../base/errors.ts'
import { describe, log } from '../base/log.ts'
import { pages } from './statement.ts'
import type { Settlement } from './lists.ts'
import type { Bindings } from '../env.ts'

/** Throws `conflict` while the statement is not written yet. One that breaks off on its way is shorter than it says it is. */
export function statementAnswer(env: Bindings, settlement: Settlement): Response {
  const { periodStart, periodEnd, statementSha256, statementBytes } = settlement
  if (statementSha256 === null || statementBytes === null)
    throw new AppError('conflict', { message: 'This statement is still being written. Ask again in a minute.' })
  const { readable, writable } = new FixedLengthStream(statementBytes)
  void write(env, settlement, writable)
  const digest = Uint8Array.fromHex(statementSha256).toBase64()
  return new Response(readable, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="settlement-${periodStart}-${periodEnd}.csv"`,
      'cache-control': 'no-store',
      'repr-digest': `sha-256=:${digest}:`,
    },
  })
}

async function write(env: Bindings, settlement: Settlement, writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter()
  try {
    for await (const text of pages(env, settlement)) await writer.write(new TextEncoder().encode(text))
    await writer.close()
  } catch (thrown) {
    log.warn('settlements.download_broken', { error: describe(thrown) })
    await writer.abort(thrown).catch(() => {})
  }
}
