/** What goes over a live connection: the frames, the codes with which it is closed, and its limits. */
import * as z from 'zod'

/** What happened, for an open window. `data` is JSON in the form in which it goes out, and holds nothing that its user may not see. */
export type LiveEvent = {
  /** Made from what happened: an event that is pushed twice is seen once. */
  id: string
  /** Such as `call.completed`. A window ignores a type that it does not know. */
  type: string
  /** When it happened, milliseconds since 1970. */
  at: number
  data: Record<string, unknown>
}

/** `v` names the form: a new Worker may meet an old object for minutes after a deploy. */
export type PushRequest = { v: 1; events: LiveEvent[] }

/** Sessions of the user that have ended. */
export type EndRequest = { v: 1; sessionIds: string[] }

/** Events in one push. */
export const PUSH_MAX = 100
/** An event's frame; a longer one is not shown. */
export const FRAME_CHARS_MAX = 4_096
/** What a window may say at once. */
export const SAID_CHARS_MAX = 256
/** How often a window may ask for what it has missed without connecting anew. */
export const RESUMES_MAX = 20

/** Said by a window now and then to show that it is there, and answered without waking the object. */
export const PING = 'ping'
export const PONG = 'pong'
export const HEARTBEAT_SECONDS = 30

/** What else a window may say. */
export const Said = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('resume'), last_event_id: z.int().nonnegative() }),
  z.strictObject({ type: z.literal('bye') }),
])

/** The codes of a closed connection, and what each asks of the window. */
export const CLOSE = {
  /** It said `bye`. */
  bye: [1000, 'bye'],
  /** It said something that is not of this protocol. */
  refused: [1008, 'not understood'],
  tooLong: [1009, 'too long'],
  /** The session has ended: sign in, then connect. */
  ended: [4001, 'session ended'],
  /** It has been open long enough or has been sent enough: connect anew, with the last event's id. */
  renew: [4002, 'connect anew'],
  /** It has not pinged for too long: connect anew, with the last event's id. */
  silent: [4003, 'no heartbeat'],
  /** The user has opened more connections than they may have, and this one was the oldest: do not connect by yourself. */
  replaced: [4008, 'too many connections'],
} as const satisfies Record<string, [code: number, reason: string]>

/** The first frame. What comes after it begins after this id; a window goes on from the last id that any frame has told. */
export function helloFrame(lastEventId: number): string {
  return JSON.stringify({ type: 'hello', v: 1, last_event_id: lastEventId, heartbeat_seconds: HEARTBEAT_SECONDS })
}

/** Says that something was missed that is not kept any more: read your lists anew, and go on from this id. */
export function resyncFrame(lastEventId: number): string {
  return JSON.stringify({ type: 'resync', last_event_id: lastEventId })
}

/** An event under its number in the order of this user's events. */
export function eventFrame(seq: number, { id, type, at, data }: LiveEvent): string {
  return JSON.stringify({ type: 'event', id: seq, event: { id, type, at: new Date(at).toISOString(), data } })
}
