/**
 * Structured logs: one JSON object a line. Only the fields listed here can be written, so that no prompt, key,
 * message or row can slip into a log by being handed over.
 */
import { clock } from './clock.ts'

export type LogFields = {
  request_id?: string
  account_id?: string
  agent_id?: string
  call_id?: string
  payment_id?: string
  provider?: string
  model?: string
  method?: string
  path?: string
  status?: number
  code?: string
  latency_ms?: number
  queue?: string
  attempt?: number
  count?: number
  /** The class of an exception and where in our code it was thrown; never its message. */
  error?: string
}

type Level = 'debug' | 'info' | 'warn' | 'error'

function write(level: Level, event: string, fields: LogFields): void {
  const line = JSON.stringify({ level, event, time: new Date(clock.now()).toISOString(), ...fields })
  if (level === 'error') console.error(line)
  else if (level === 'warn') console.warn(line)
  else console.log(line)
}

/** Writes one line at the named level; `event` is a short dotted name such as `call.settled`. */
export const log = {
  info: (event: string, fields: LogFields = {}): void => write('info', event, fields),
  warn: (event: string, fields: LogFields = {}): void => write('warn', event, fields),
  error: (event: string, fields: LogFields = {}): void => write('error', event, fields),
}

/**
 * What may be told of an exception: its class, and the first frame of its stack that lies in our code.
 * The message is left out on purpose: a parser or a driver may have quoted what it was given.
 */
export function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown
  const frame = thrown.stack?.split('\n').find((line) => line.trimStart().startsWith('at '))
  return frame ? `${thrown.name} ${frame.trim().slice(0, 160)}` : thrown.name
}
