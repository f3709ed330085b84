/**
 * The live object: one per user, the place where the open windows of that user meet what happens to them. It hibernates
 * between events: connections stay open while it is in no memory at all.
 *
 * What a window sees
 *
 *     connect ──▶ hello ──▶ [resync] ──▶ events it missed ──▶ events as they happen … ──▶ closed, with a code
 *
 * `hello` tells the number after which events follow. Events carry numbers that increase. A window that connects with the
 * last number it has seen gets what came after it, or `resync` if that is not all kept any more. `ping` is answered `pong`
 * without waking the object. `live-protocol.ts` has the frames and the codes.
 *
 * Invariants, true after every event and after every crash
 *
 *  1. An event that is pushed while a window is open, or was within the last 24 hours, is seen by every window of that
 *     user that stays or comes back with its last number: at least once, in order, as long as 500 others have not
 *     followed it. If it cannot be, the window is told `resync`.
 *  2. Numbers increase, and are never used again. An event's id gets one number, however often it is pushed.
 *  3. Everything here is of one user: the object is found by a name that comes from a signed ticket, or from whoever pushes.
 *  4. A ticket opens one connection, and none of a session whose end the object was told of.
 *  5. While a connection is open an alarm is set: within a minute it ends what belongs to a session that has ended, has
 *     not pinged for two minutes, or has been open for twelve hours. The alarm never throws and re-arms itself.
 *  6. Bounded: 20 connections, 500 events of 4,096 characters, 60 tickets a minute, 256 characters and 20 wishes from a
 *     window, and 4 million characters to it, after which it has to come anew: a window that does not read what it is
 *     sent cannot make us keep more than that.
 *  7. Memory is a copy: everything is rebuilt from storage, and from what is attached to the connections.
 *
 * Whoever ends a session tells the object over the binding (`auth/sessions.ts`), and its windows are closed at once. What was
 * not told, because something broke off in between, the object finds out: it asks Postgres once a minute for all its
 * connections together. While Postgres is away connections stay, for as long as an access token would at most.
 */
import { DurableObject } from 'cloudflare:workers'
import { runningSessions } from '../auth/auth.ts'
import { clock } from '../base/clock.ts'
import { describe, log } from '../base/log.ts'
import { within } from '../base/within.ts'
import { EventLog, type Numbered } from './event-log.ts'
import {
  CLOSE,
  helloFrame,
  PING,
  PONG,
  resyncFrame,
  RESUMES_MAX,
  Said,
  SAID_CHARS_MAX,
  type EndRequest,
  type PushRequest,
} from './live-protocol.ts'
import { Tickets } from './tickets.ts'
import { noteWatch } from './watches.ts'
import type { Bindings } from '../env.ts'
import type { Ticket } from './ticket.ts'

const CONNECTIONS_MAX = 20
const CHECK_MS = 60_000
/** As long as an access token is good. */
const UNCHECKED_MS_MAX = 15 * 60_000
const SILENT_MS = 120_000
const LIFE_MS = 12 * 3_600_000
const SENT_CHARS_MAX = 4_000_000
/** How long somebody is said to watch: two checks may fail in between. */
const WATCH_MS = 150_000
/** The longest that a connection waits for that to be known. */
const WATCH_WAIT_MS = 1_000

/** What the Worker says of a connection when it hands it over. */
export type Connection = { v: 1; ticket: Ticket; lastEventId: number | null }
export const CONNECTION_HEADER = 'x-live-connection'

/** What is attached to a connection, and survives hibernation with it. */
type Window = {
  userId: string
  sessionId: string
  calls: boolean
  agents: boolean
  /** Its place in the order of connections. */
  order: number
  openedAt: number
  /** When its session was last seen running. */
  checkedAt: number
  resumes: number
  sentChars: number
}

export class LiveObject extends DurableObject<Bindings> {
  readonly #log: EventLog
  readonly #tickets: Tickets
  /** Until when it has been said that somebody watches. */
  #watchedUntil = 0

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#log = new EventLog(ctx.storage.sql)
    this.#tickets = new Tickets(ctx.storage.sql)
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG))
  }

  /** Opens the connection that the Worker has admitted: 101, or 401 for a ticket that was used before, or 429. */
  override async fetch(request: Request): Promise<Response> {
    const { ticket, lastEventId } = connectionOf(request)
    const refusal = this.#tickets.redeem(ticket, clock.now())
    if (refusal) return new Response(null, { status: refusal === 'used' ? 401 : 429 })
    // First, so that every call that ends after `hello` is seen within a second.
    await this.#watch(ticket.sub, ticket)
    const { 0: theirs, 1: ours } = new WebSocketPair()
    await this.#armAlarm()
    // From here on nothing waits: no event comes between what is replayed and what is live.
    this.#open(ours, ticket, lastEventId)
    return new Response(null, { status: 101, webSocket: theirs })
  }

  /** Shows events to every open window and keeps them for those that come back. Repeatable: an event is taken once. */
  push({ events }: PushRequest): void {
    const added = this.#log.add(events, clock.now())
    if (added.length > 0) for (const socket of this.#sockets()) this.#send(socket, added)
  }

  /** Closes the windows of sessions that have ended, and lets no ticket of theirs open another. Repeatable. */
  end({ sessionIds }: EndRequest): void {
    // A ticket may be on its way here that was looked at before the end.
    this.#tickets.refuse(sessionIds, clock.now())
    for (const socket of this.#sockets())
      if (sessionIds.includes(windowOf(socket).sessionId)) close(socket, CLOSE.ended)
    this.#noteLeaving()
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (typeof message === 'string' ? message.length > SAID_CHARS_MAX : message.byteLength > SAID_CHARS_MAX)
      return close(socket, CLOSE.tooLong)
    const said = Said.safeParse(typeof message === 'string' ? parse(message) : undefined)
    if (!said.success) return close(socket, CLOSE.refused)
    if (said.data.type === 'bye') return close(socket, CLOSE.bye)
    const window = windowOf(socket)
    if (window.resumes >= RESUMES_MAX) return close(socket, CLOSE.refused)
    socket.serializeAttachment({ ...window, resumes: window.resumes + 1 })
    this.#replay(socket, said.data.last_event_id)
  }

  override webSocketClose(socket: WebSocket): void {
    // workerd does not answer a window's closing by itself, and a window waits for the answer.
    close(socket, CLOSE.bye)
    this.#noteLeaving()
  }

  override webSocketError(): void {
    this.#noteLeaving()
  }

  /** Ends connections that have to end, and lets the account know as long as there are others. */
  override async alarm(): Promise<void> {
    try {
      this.#closeSilent(clock.now())
      await this.#closeEnded()
      const [window] = this.#sockets().map(windowOf)
      if (window) await this.#watch(window.userId, window)
      this.#log.trim(clock.now())
    } catch (thrown) {
      log.warn('live.check_failed', { error: describe(thrown) })
    }
    this.#noteLeaving()
    if (this.#sockets().length > 0) await this.#armAlarm()
  }

  #open(socket: WebSocket, { sub, sid, calls, agents }: Ticket, lastEventId: number | null): void {
    const others = this.#sockets().toSorted((a, b) => windowOf(a).order - windowOf(b).order)
    for (const oldest of others.slice(0, Math.max(0, others.length - CONNECTIONS_MAX + 1)))
      close(oldest, CLOSE.replaced)
    const now = clock.now()
    const newest = others.at(-1)
    const window: Window = {
      userId: sub,
      sessionId: sid,
      calls,
      agents,
      order: newest ? windowOf(newest).order + 1 : 0,
      openedAt: now,
      checkedAt: now,
      resumes: 0,
      sentChars: 0,
    }
    this.ctx.acceptWebSocket(socket)
    socket.serializeAttachment(window)
    this.#log.open()
    const isKept = lastEventId !== null && this.#log.after(lastEventId) !== null
    socket.send(helloFrame(isKept ? lastEventId : this.#log.last))
    if (lastEventId !== null) this.#replay(socket, lastEventId)
  }

  /** Sends what came after this number, or says that not all of it is kept. */
  #replay(socket: WebSocket, lastEventId: number): void {
    const missed = this.#log.after(lastEventId)
    this.#send(socket, missed ?? [{ seq: this.#log.last, frame: resyncFrame(this.#log.last) }])
  }

  #send(socket: WebSocket, frames: Numbered[]): void {
    const window = windowOf(socket)
    let { sentChars } = window
    try {
      for (const { frame } of frames) {
        socket.send(frame)
        sentChars += frame.length
      }
      socket.serializeAttachment({ ...window, sentChars })
    } catch {
      // It has gone between two events: it comes back with its last number.
      return
    }
    if (sentChars > SENT_CHARS_MAX) close(socket, CLOSE.renew)
  }

  #closeSilent(now: number): void {
    for (const socket of this.#sockets()) {
      const { openedAt } = windowOf(socket)
      const heardAt = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? openedAt
      if (openedAt + LIFE_MS <= now) close(socket, CLOSE.renew)
      else if (heardAt + SILENT_MS <= now) close(socket, CLOSE.silent)
    }
  }

  /** Ends the connections of sessions that have ended; while that cannot be known, of those not seen running for too long. */
  async #closeEnded(): Promise<void> {
    const [first] = this.#sockets()
    if (!first) return
    const ids = [...new Set(this.#sockets().map((socket) => windowOf(socket).sessionId))]
    const running = await runningSessions(this.env, windowOf(first).userId, ids).catch((thrown: unknown) => {
      log.warn('live.sessions_unknown', { error: describe(thrown) })
      return null
    })
    const now = clock.now()
    for (const socket of this.#sockets()) {
      const window = windowOf(socket)
      if (running?.has(window.sessionId)) socket.serializeAttachment({ ...window, checkedAt: now })
      // One that was opened while we asked is not among those asked for.
      else if (running && ids.includes(window.sessionId)) close(socket, CLOSE.ended)
      else if (window.checkedAt + UNCHECKED_MS_MAX <= now) close(socket, CLOSE.renew)
    }
  }

  /**
   * Says for a while that somebody watches: to the user's account, which then sends its calls on quickly, or, of a creator, where
   * the log of their agents' calls sees it. The one is the one call of this room to one on its right, over the binding: the
   * account cannot know who is watching, and asking here at every call would cost every call.
   */
  async #watch(userId: string, { calls, agents }: Pick<Window, 'calls' | 'agents'>): Promise<void> {
    const until = clock.now() + WATCH_MS
    if ((!calls && !agents) || this.#watchedUntil > until - CHECK_MS / 2) return
    try {
      const account = this.env.ACCOUNT.get(this.env.ACCOUNT.idFromName(userId))
      await within(WATCH_WAIT_MS, calls ? account.watch({ v: 1, until }) : noteWatch(this.env, userId, until))
      this.#watchedUntil = until
    } catch (thrown) {
      log.warn('live.unwatched', { account_id: userId, error: describe(thrown) })
    }
  }

  #noteLeaving(): void {
    if (this.#sockets().length === 0) this.#log.leave(clock.now())
  }

  async #armAlarm(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(clock.now() + CHECK_MS)
  }

  #sockets(): WebSocket[] {
    return this.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN)
  }
}

/** The Worker is the only one who can reach this object, and has read everything in it by a schema. */
function connectionOf(request: Request): Connection {
  return JSON.parse(request.headers.get(CONNECTION_HEADER) ?? '') as Connection
}

/** What was attached when the connection was opened: every one has it. */
function windowOf(socket: WebSocket): Window {
  return socket.deserializeAttachment() as Window
}

function close(socket: WebSocket, [code, reason]: readonly [code: number, reason: string]): void {
  socket.close(code, reason)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
