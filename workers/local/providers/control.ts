/** The door for tests in another process: set and clear standing faults, read what reached the stand-ins. */
import type { ServerResponse } from 'node:http'
import type { Calls } from './calls.ts'
import { object } from './read.ts'
import type { Faults, StandingFault } from './standing.ts'

type Control = { method: string; path: string; body: string; calls: Calls; faults: Faults }

/**
 * `POST /__control/fault` with a `StandingFault` adds one, `DELETE` clears all; `GET /__control/calls` tells what came,
 * `DELETE` counts from zero again.
 */
export function control({ method, path, body, calls, faults }: Control, response: ServerResponse): void {
  const wanted = `${method} ${path}`
  try {
    if (wanted === 'GET /__control/calls') return answer(response, 200, calls)
    if (wanted === 'POST /__control/fault') faults.add(object(JSON.parse(body)) as StandingFault)
    else if (wanted === 'DELETE /__control/fault') faults.clear()
    else if (wanted === 'DELETE /__control/calls') calls.reset()
    else return answer(response, 404, { error: `There is no ${wanted}.` })
    answer(response, 200, { ok: true })
  } catch (thrown) {
    answer(response, 400, { error: String(thrown) })
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
