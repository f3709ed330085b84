/** Events as they happen, over one WebSocket a page: a ticket opens it, what was missed follows, and a break heals itself. */
import { call } from './client.ts'
import { API_URL } from './config.ts'
import { parsed, recordOf } from './error.ts'
import { currentSession, onSession } from './session.ts'

export type LiveEvent = { id: string; type: string; at: string; data: Record<string, unknown> }
export type LiveState = 'off' | 'connecting' | 'on'
/** `resync`: not everything is kept any more, so lists are to be read anew. */
type Listener = (event: LiveEvent | 'resync') => void

const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 30_000
const HEARTBEAT_MS = 30_000
const SESSION_ENDED = 4001

let socket: WebSocket | undefined
let state: LiveState = 'off'
let lastEventId: number | undefined
let retryMs = RETRY_MS_MIN
let retry: ReturnType<typeof setTimeout> | undefined
let heartbeat: ReturnType<typeof setInterval> | undefined
const listeners = new Set<Listener>()
const watchers = new Set<() => void>()

/** Hears of every event while the page is open; gives the way to stop. The first listener opens the connection. */
export function onLive(listener: Listener): () => void {
  listeners.add(listener)
  if (state === 'off') void connect()
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) close()
  }
}

export function liveState(): LiveState {
  return state
}

/** Calls `watcher` when the connection comes or goes. */
export function onLiveState(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

async function connect(): Promise<void> {
  clearTimeout(retry)
  if (listeners.size === 0 || currentSession().status !== 'in') return become('off')
  become('connecting')
  try {
    const { ticket } = await call('POST /api/v1/live/ticket')
    const from = lastEventId === undefined ? '' : `&last_event_id=${lastEventId}`
    const opened = new WebSocket(
      `${API_URL.replace(/^http/, 'ws')}/api/v1/live?ticket=${encodeURIComponent(ticket)}${from}`,
    )
    socket = opened
    opened.addEventListener('message', ({ data }) => opened === socket && read(String(data)))
    opened.addEventListener('close', ({ code }) => opened === socket && closed(code))
  } catch {
    again()
  }
}

function read(text: string): void {
  if (text === 'pong') return
  const frame = recordOf(parsed(text))
  const told = frame['type'] === 'event' ? frame['id'] : frame['last_event_id']
  if (typeof told === 'number') lastEventId = told
  if (frame['type'] === 'hello') {
    retryMs = RETRY_MS_MIN
    clearInterval(heartbeat)
    const everyMs = typeof frame['heartbeat_seconds'] === 'number' ? frame['heartbeat_seconds'] * 1_000 : HEARTBEAT_MS
    heartbeat = setInterval(() => socket?.send('ping'), everyMs)
    become('on')
  } else if (frame['type'] === 'resync') {
    for (const listener of listeners) listener('resync')
  } else if (frame['type'] === 'event') {
    for (const listener of listeners) listener(frame['event'] as LiveEvent)
  }
}

function closed(code: number): void {
  clearInterval(heartbeat)
  socket = undefined
  if (code === SESSION_ENDED) become('off')
  else again()
}

function again(): void {
  become('connecting')
  clearTimeout(retry)
  retry = setTimeout(() => void connect(), retryMs * (0.75 + Math.random() / 2))
  retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
}

function close(): void {
  clearTimeout(retry)
  clearInterval(heartbeat)
  const open = socket
  socket = undefined
  open?.close(1000)
  become('off')
}

function become(next: LiveState): void {
  if (next === state) return
  state = next
  for (const watcher of watchers) watcher()
}

onSession(() => {
  if (currentSession().status === 'out') {
    lastEventId = undefined
    close()
  } else if (state === 'off') void connect()
})
if (typeof window !== 'undefined') window.addEventListener('online', () => state === 'connecting' && void connect())
