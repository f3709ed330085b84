/** Every request, batch of messages and tick of the clock, as it is seen from outside: its line in the log, its figures, its trace. */
import { waitUntil } from 'cloudflare:workers'
import { matchedRoutes } from 'hono/route'
import { clock } from './clock.ts'
import { toAppError } from './errors.ts'
import { describe, log, logFrom, type Level } from './log.ts'
import { addSoon, count, observe } from './metrics.ts'
import { tellTrace } from './otlp.ts'
import { queueName } from './queue-name.ts'
import { join, Trace } from './trace.ts'
import { settings, type AppContext, type Bindings, type Settings } from '../env.ts'
import type { Context, Next } from 'hono'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const HEALTH = '/health'

/** Middleware: notes a request from its beginning to its answer. */
export async function observeRequest(c: Context<AppContext>, next: Next): Promise<void> {
  const config = known(c.env)
  const endpoint = config?.OTEL_EXPORTER_OTLP_ENDPOINT
  const joined = endpoint === undefined ? null : join(c.req.header('traceparent'), config?.OTEL_TRACES_SAMPLER_ARG ?? 0)
  const trace = new Trace(joined)
  c.set('trace', trace)
  await next()
  const { status } = c.res
  const path = routeOf(c)
  const method = METHODS.has(c.req.method) ? c.req.method : 'other'
  const latencyMs = clock.now() - trace.whole.startedAt
  count('http_requests_total', { method, path, status: String(status) })
  observe('http_request_duration_seconds', { method, path }, latencyMs / 1_000)
  trace.userId ??= c.var.userId
  writeLine(c, { trace, path, method, latencyMs, ratio: config?.LOG_SUCCESS_RATIO ?? 1 })
  addSoon(c.env)
  if (!joined) return
  c.res.headers.set('traceparent', trace.whole.headers['traceparent'] ?? '')
  if (!joined.isSampled) return
  trace.whole.name = `${method} ${path}`
  Object.assign(trace.whole.attributes, {
    'http.request.method': method,
    'http.route': path,
    'http.response.status_code': status,
    'agentlink.request.id': c.var.requestId,
    ...(trace.userId === undefined ? {} : { 'user.id': trace.userId }),
  })
  trace.whole.end(status >= 500 ? c.error : undefined)
  waitUntil(tellTrace(c.env, trace))
}

type Seen = { trace: Trace; path: string; method: string; latencyMs: number; ratio: number }

/** The line of a request. Every failure is written, and of what went well a share, which the line names. */
function writeLine(c: Context<AppContext>, { trace, path, method, latencyMs, ratio }: Seen): void {
  const { status } = c.res
  if (status < 400 && Math.random() >= ratio) return
  const error = c.error && toAppError(c.error)
  const param = path.includes('/agents/:id') ? c.req.param('id') : undefined
  const agentId = trace.agentId ?? (param !== undefined && ID.test(param) ? param : undefined)
  const level: Level = status >= 500 ? 'error' : path === HEALTH ? 'debug' : 'info'
  log[level]('request', {
    request_id: c.var.requestId,
    method,
    path,
    status_code: status,
    latency_ms: latencyMs,
    ...(trace.userId === undefined ? {} : { user_id: trace.userId }),
    ...(agentId === undefined ? {} : { agent_id: agentId }),
    ...(error ? { code: error.code } : {}),
    ...(error && status >= 500 ? { error: describe(error.cause ?? c.error) } : {}),
    ...(trace.joined?.isSampled ? { trace_id: trace.joined.traceId } : {}),
    ...(status < 400 && ratio < 1 ? { sample_ratio: ratio } : {}),
  })
}

/** Gives a batch to its consumer, and counts how long its messages have waited. */
export async function observeQueue(batch: MessageBatch, env: Bindings, consume: () => Promise<void>): Promise<void> {
  known(env)
  const now = clock.now()
  const { messages } = batch
  const queue = queueName(batch.queue)
  for (const { timestamp } of messages) observe('queue_lag_seconds', { queue }, (now - timestamp.getTime()) / 1_000)
  try {
    await consume()
  } finally {
    addSoon(env)
  }
}

/** Runs what the clock has started, and counts it. */
export async function observeCron(cron: string, env: Bindings, run: () => Promise<void>): Promise<void> {
  known(env)
  count('cron_runs_total', { cron })
  try {
    await run()
  } finally {
    addSoon(env)
  }
}

/** The variables, where they are in order: whether they are is told by whoever cannot do without them. */
function known(env: Bindings): Settings | null {
  try {
    const config = settings(env)
    logFrom(config.LOG_LEVEL)
    return config
  } catch {
    return null
  }
}

/** The route that answered, as it is declared; what no route answers is all the same to us. */
function routeOf(c: Context): string {
  return matchedRoutes(c).findLast(({ path }) => path !== '/*' && path !== '*')?.path ?? 'none'
}
