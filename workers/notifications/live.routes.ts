/** The way to a live connection: a ticket for it, and the WebSocket itself. */
import { Hono } from 'hono'
import * as z from 'zod'
import { runningSessions, signedIn } from '../auth/auth.ts'
import { AppError } from '../base/errors.ts'
import { routesOf, type Guard } from '../base/route.ts'
import { settings, type AppContext } from '../env.ts'
import { CONNECTION_HEADER, type Connection } from './live.object.ts'
import { badTicket, readTicket, signTicket, TICKET_CHARS_MAX, TICKET_SECONDS, type Ticket } from './ticket.ts'

export const live = new Hono<AppContext>()
const route = routesOf(live, 'Live events')

/** Lets pass who brings a ticket that is ours and in time. */
const ticketHolder: Guard<Ticket> = {
  scheme: 'none',
  allows: 'holder of a live ticket',
  admit: async (c) => readTicket(c.env, c.req.query('ticket') ?? ''),
}

route(
  'POST /api/v1/live/ticket',
  {
    summary: 'A ticket for one live connection',
    description: `Good for one connection within ${TICKET_SECONDS} seconds. The connection ends with your session.`,
    who: signedIn,
    answer: z.object({ ticket: z.string(), expires_in: z.int().describe('Seconds.') }),
  },
  async ({ env, me }) => ({
    ticket: await signTicket(env, {
      userId: me.id,
      sessionId: me.sessionId,
      calls: me.type === 'developer',
      agents: me.type === 'creator',
    }),
    expires_in: TICKET_SECONDS,
  }),
)

route(
  'GET /api/v1/live',
  {
    summary: 'A WebSocket with your events as they happen',
    description:
      'The first frame is `{"type":"hello","v":1,"last_event_id","heartbeat_seconds"}`, then each event comes as ' +
      '`{"type":"event","id","event":{"id","type","at","data"}}`: `id` is a number that increases, `event` is what webhooks get. ' +
      'A creator is also told `agent.called`, some seconds after a call of one of their agents: `{"agent_id","agent_version","stream","status","error_code","funding","price_usd","revenue_usd","latency_ms"}`. ' +
      'Send the text `ping` every `heartbeat_seconds`; the answer is `pong`. After a break connect with the last `id` that any ' +
      'frame has told you as `last_event_id`, and everything that happened meanwhile follows. `{"type":"resync","last_event_id"}` says that not everything is ' +
      'kept any more (500 events, 24 hours): read your lists anew. You may also send `{"type":"resume","last_event_id":n}` and ' +
      '`{"type":"bye"}`; anything else ends the connection. Codes: 1008 not understood, 1009 too long, 4001 session ended, 4002 ' +
      'connect anew, 4003 no heartbeat, 4008 you have more than 20 connections and this was the oldest.',
    who: ticketHolder,
    query: z.object({
      ticket: z.string().max(TICKET_CHARS_MAX),
      last_event_id: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
    }),
    isWebSocket: true,
    errors: ['invalidCredentials', 'forbidden', 'upgradeRequired', 'rateLimited', 'storeUnavailable'],
  },
  async ({ c, env, me, query }) => {
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket')
      throw new AppError('upgradeRequired', { headers: { upgrade: 'websocket' } })
    // A browser does not ask before it opens a WebSocket to another site, so this is the only place to refuse it.
    const origin = c.req.header('origin')
    if (origin !== undefined && !settings(env).ALLOWED_ORIGINS.includes(origin)) throw new AppError('forbidden')
    if (!(await runningSessions(env, me.sub, [me.sid])).has(me.sid)) throw badTicket()
    const connection: Connection = { v: 1, ticket: me, lastEventId: query.last_event_id ?? null }
    const { status, webSocket } = await env.LIVE.get(env.LIVE.idFromName(me.sub)).fetch('https://live/', {
      headers: { upgrade: 'websocket', [CONNECTION_HEADER]: JSON.stringify(connection) },
    })
    if (status === 429) throw new AppError('rateLimited', { headers: { 'retry-after': String(TICKET_SECONDS) } })
    if (!webSocket) throw badTicket()
    return new Response(null, { status: 101, webSocket })
  },
)
