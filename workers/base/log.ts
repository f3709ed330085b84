/**
 * Structured logs: one JSON object a line. Only the fields listed here can be written, so that no prompt, key,
 * message or row can slip into a log by being handed over.
 *
 * Levels: `debug` is for whoever looks at one thing closely; `info` is the ordinary course; `warn` is something that went wrong
 * and is made good by itself; `error` is something that somebody has to look at. A Worker has no `fatal`: it cannot end.
 */
import { clock } from './clock.ts'

const TEXTS = [
  'request_id',
  'user_id',
  'account_id',
  'agent_id',
  'call_id',
  'payment_id',
  'trace_id',
  'provider',
  'model',
  'method',
  /** The route as it is declared, with names where ids are: what somebody typed there is in no log. */
  'path',
  'code',
  'queue',
  /** The class of an exception and where in our code it was thrown; never its message. */
  'error',
] as const
const NUMBERS = ['status', 'status_code', 'latency_ms', 'attempt', 'count', 'sample_ratio'] as const
const TEXT_CHARS_MAX = 200

export type LogFields = Partial<Record<(typeof TEXTS)[number], string> & Record<(typeof NUMBERS)[number], number>>

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

let least: Level = 'info'

/** From here on lines below this level are not written. */
export function logFrom(level: Level): void {
  least = level
}

function write(level: Level, event: string, fields: LogFields): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return
  const line = JSON.stringify({ level, event, time: new Date(clock.now()).toISOString(), ...listed(fields) })
  if (level === 'error') console.error(line)
  else if (level === 'warn') console.warn(line)
  else console.log(line)
}

/** Types are gone at run time: what is not listed is left out here, whatever it was called with. */
function listed(fields: LogFields): LogFields {
  const known: LogFields = {}
  for (const name of TEXTS) {
    const value = fields[name]
    if (typeof value === 'string') known[name] = value.slice(0, TEXT_CHARS_MAX)
  }
  for (const name of NUMBERS) {
    const value = fields[name]
    if (typeof value === 'number') known[name] = value
  }
  return known
}

/** Writes one line at the named level; `event` is a short dotted name such as `call.settled`. */
export const log = {
  debug: (event: string, fields: LogFields = {}): void => write('debug', event, fields),
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
