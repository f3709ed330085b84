/**
 * Tickets for a live connection. A browser cannot send a header with a WebSocket, and an access token does not belong in
 * an address, which is logged here and there. So a window asks for a ticket first: good for a minute, for one user in one
 * session, and for one connection, which the user's live object sees to.
 */
import { jwtVerify, SignJWT } from 'jose'
import * as z from 'zod'
import { clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { newId } from '../base/ids.ts'
import { settings, type Bindings } from '../env.ts'

const ALGORITHM = 'HS256'
/** Says that this is a ticket: neither can it stand in for an access token, nor one of those for it. */
const TYPE = 'live-ticket+jwt'
const AUDIENCE = 'agentlink-live'
export const TICKET_SECONDS = 60
export const TICKET_CHARS_MAX = 1_024

const Ticket = z.object({
  jti: z.uuid(),
  exp: z.int(),
  sub: z.uuid(),
  sid: z.uuid(),
  /** Whether its user makes calls, which their window then hears of. */
  calls: z.boolean(),
  /** Whether they have agents, whose calls their window hears of. */
  agents: z.boolean().default(false),
})

/** What a ticket says. `exp` in seconds since 1970. */
export type Ticket = z.infer<typeof Ticket>

/** A new ticket. */
export async function signTicket(
  env: Bindings,
  { userId, sessionId, calls, agents }: { userId: string; sessionId: string; calls: boolean; agents: boolean },
): Promise<string> {
  const now = Math.floor(clock.now() / 1_000)
  return new SignJWT({ sid: sessionId, calls, agents })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
    .setAudience(AUDIENCE)
    .setSubject(userId)
    .setJti(newId())
    .setExpirationTime(now + TICKET_SECONDS)
    .sign(secretOf(settings(env).JWT_SECRET))
}

/** What a ticket says that is ours and in time; whether it was used before is not known here. Throws `invalidCredentials`. */
export async function readTicket(env: Bindings, ticket: string): Promise<Ticket> {
  const { JWT_SECRET, JWT_SECRET_PREVIOUS } = settings(env)
  if (ticket.length <= TICKET_CHARS_MAX)
    for (const secret of [JWT_SECRET, JWT_SECRET_PREVIOUS]) {
      const read = secret === undefined ? null : await verify(ticket, secret)
      if (read) return read
    }
  throw badTicket()
}

/** The one refusal of every ticket, whatever is wrong with it. */
export function badTicket(): AppError {
  return new AppError('invalidCredentials', {
    message: 'This ticket is not valid, too old, or was used before. Ask for a new one at POST /api/v1/live/ticket.',
  })
}

async function verify(ticket: string, secret: string): Promise<Ticket | null> {
  try {
    const { payload } = await jwtVerify(ticket, secretOf(secret), {
      algorithms: [ALGORITHM],
      typ: TYPE,
      audience: AUDIENCE,
      currentDate: new Date(clock.now()),
    })
    return Ticket.parse(payload)
  } catch {
    return null
  }
}

function secretOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
