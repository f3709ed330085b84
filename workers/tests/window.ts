/** An open window: a WebSocket of somebody who is signed in, and what it has been sent. */
import { SELF } from 'cloudflare:test'
import { expect } from 'vitest'
import { api, bindings, type Account } from './world.ts'
import type { LiveObject } from '../notifications/live.object.ts'

export type Frame = {
  type: string
  id?: number
  last_event_id?: number
  event?: { id: string; type: string; at: string; data: Record<string, unknown> }
}

export type Window = {
  socket: WebSocket
  frames: Frame[]
  /** Texts that are no frame, such as `pong`. */
  texts: string[]
  closed: { code: number } | null
  /** The events that have come, in the order of their coming. */
  events(): NonNullable<Frame['event']>[]
  /** The last number that it was told. */
  last(): number
}

type Options = { ticket?: string; lastEventId?: number | string; headers?: Record<string, string> }

export async function ticketOf(me: Pick<Account, 'token'>): Promise<string> {
  const { status, body } = await api('POST /api/v1/live/ticket', { as: me })
  expect(status).toBe(200)
  return body.ticket as string
}

/** Asks for a connection; with `ticket` there need be nobody signed in. */
export async function connect(me: Pick<Account, 'token'> | null, options: Options = {}): Promise<Response> {
  const query = new URLSearchParams({ ticket: options.ticket ?? (me ? await ticketOf(me) : '') })
  if (options.lastEventId !== undefined) query.set('last_event_id', String(options.lastEventId))
  return SELF.fetch(`https://agentlink.test/api/v1/live?${query.toString()}`, {
    headers: { upgrade: 'websocket', ...options.headers },
  })
}

/** Opens a window and waits for its first frame. */
export async function openWindow(me: Pick<Account, 'token'>, options: Options = {}): Promise<Window> {
  const { status, webSocket: socket } = await connect(me, options)
  expect(status).toBe(101)
  if (!socket) throw new Error('This is no WebSocket.')
  const frames: Frame[] = []
  const texts: string[] = []
  const window: Window = {
    socket,
    frames,
    texts,
    closed: null,
    events: () => frames.flatMap(({ event }) => (event ? [event] : [])),
    last: () => Math.max(...frames.map(({ id, last_event_id }) => id ?? last_event_id ?? 0)),
  }
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string' && data.startsWith('{')) frames.push(JSON.parse(data) as Frame)
    else texts.push(String(data))
  })
  socket.addEventListener('close', ({ code }) => {
    window.closed = { code }
  })
  socket.accept()
  await expect.poll(() => frames.length, { interval: 2 }).toBeGreaterThan(0)
  return window
}

/** The live object of a user. A stub whose object was aborted is broken for good, so each use takes a new one. */
export function liveOf(userId: string): DurableObjectStub<LiveObject> {
  return bindings.LIVE.get(bindings.LIVE.idFromName(userId))
}
