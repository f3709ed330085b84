/**
 * What a million calls cost on Cloudflare, from the operations that were counted and the processor time that was measured.
 * Prices of the Workers Paid plan beyond what the plan includes, as the pages stood in November 2026:
 * https://developers.cloudflare.com/workers/platform/pricing/ · https://developers.cloudflare.com/durable-objects/platform/pricing/
 * · https://developers.cloudflare.com/queues/platform/pricing/
 */
import type { Operations } from './operations.ts'

/** Dollars for a million of each. */
const PRICES = {
  request: 0.3,
  cpuMs: 0.02,
  /** Calls from a Worker and alarms alike. */
  objectRequest: 0.15,
  gigabyteSecond: 12.5,
  /** An alarm that is set is billed as a row. */
  rowWritten: 1,
  /** Every 64 KB that are written to, read from or deleted of a queue. */
  queueOperation: 0.4,
}
const OPERATIONS_PER_MESSAGE = 3
/** An object is billed for 128 MB while it works. */
const OBJECT_GIGABYTES = 0.125
/** Wall time that an object is taken to need for a request, its write included; the platform bills what it measures. */
const OBJECT_REQUEST_MS = 5

export type CostLine = { what: string; perCall: number; unit: string; dollars: number }
export type CostSheet = { lines: CostLine[]; dollarsPerMillion: number }

/** The sheet for a million calls. `cpuMs` is all processor time of a call; that of the objects would in fact be free. */
export function costSheet(operations: Operations, cpuMs: number): CostSheet {
  const objectRequests = operations.objectRequests + operations.alarms
  const gigabyteSeconds = (objectRequests * OBJECT_REQUEST_MS * OBJECT_GIGABYTES) / 1_000
  const queueOperations = operations.queueMessages * OPERATIONS_PER_MESSAGE
  const lines = [
    line('Worker requests', 1 + operations.queueBatches, 'requests and queue batches', PRICES.request),
    line('Worker time', cpuMs, 'ms of processor, all of it', PRICES.cpuMs),
    line('Object requests', objectRequests, 'requests and alarms', PRICES.objectRequest),
    line(
      'Object time',
      gigabyteSeconds,
      `GB-s, taking ${OBJECT_REQUEST_MS} ms for each request`,
      PRICES.gigabyteSecond,
    ),
    line('Rows written', operations.rowsWritten, 'rows and alarms set', PRICES.rowWritten),
    line('Queue', queueOperations, 'operations: write, read, delete', PRICES.queueOperation),
  ]
  return { lines, dollarsPerMillion: lines.reduce((sum, { dollars }) => sum + dollars, 0) }
}

function line(what: string, perCall: number, unit: string, pricePerMillion: number): CostLine {
  return { what, perCall, unit, dollars: perCall * pricePerMillion }
}
