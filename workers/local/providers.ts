/**
 * The provider stand-ins: one server that speaks the wire of OpenAI, Anthropic and Google, for `npm start`, tests and the
 * benchmark. It answers from the question alone, and misbehaves on request (`providers/faults.ts`).
 * Tests steer and watch it through `calls` and `faults`, or over HTTP under `/__control`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './providers/answer.ts'
import { anthropic } from './providers/anthropic.ts'
import { type Call, Calls, type Party } from './providers/calls.ts'
import { control } from './providers/control.ts'
import { Delivery } from './providers/delivery.ts'
import { Embedder } from './providers/embedder.ts'
import { embeddings } from './providers/embeddings.ts'
import type { Fault } from './providers/faults.ts'
import { blocked, google } from './providers/google.ts'
import { MODELS, isKnownModel } from './providers/models.ts'
import { openai } from './providers/openai.ts'
import { object } from './providers/read.ts'
import { Faults } from './providers/standing.ts'
import { newWireId, type Question, RefusedError, type Wire, type WireAnswer } from './providers/wire.ts'

const BODY_MAX_BYTES = 32 * 1024 * 1024
const HEADER_TEXT_MAX = 2_000
const ID_PREFIXES = { openai: 'chatcmpl-', anthropic: 'msg_', google: '' }
const REQUEST_ID_HEADERS = { openai: 'x-request-id', anthropic: 'request-id', google: 'x-request-id' }

export type Providers = {
  url: string
  openaiBaseUrl: string
  anthropicBaseUrl: string
  googleBaseUrl: string
  calls: Calls
  faults: Faults
  /** Ends every connection and closes the port. */
  stop(): Promise<void>
}

/** Starts the stand-ins on 127.0.0.1; port 0 takes a free one. Rejects with the system's error when the port is taken. */
export async function startProviders(options: { port: number }): Promise<Providers> {
  const calls = new Calls()
  const faults = new Faults()
  const embedder = new Embedder()
  const server = createServer((request, response) => {
    receive(request, response, (body) => serve({ request, response, body, calls, faults, embedder }))
  })
  // The gateway keeps connections open between calls; closing them under its hands would look like a fault of ours.
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => {
    calls.sockets += 1
    socket.once('close', () => (calls.sockets -= 1))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    openaiBaseUrl: `${url}/openai/v1`,
    anthropicBaseUrl: `${url}/anthropic`,
    googleBaseUrl: `${url}/google/v1beta`,
    calls,
    faults,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await embedder.stop()
    },
  }
}

type Exchange = {
  request: IncomingMessage
  response: ServerResponse
  body: string
  calls: Calls
  faults: Faults
  embedder: Embedder
}

function receive(request: IncomingMessage, response: ServerResponse, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= BODY_MAX_BYTES) chunks.push(chunk)
    else response.writeHead(413).end(() => request.destroy())
  })
  request.on('end', () => done(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString()))
}

function serve(exchange: Exchange): void {
  const { request, response, body, calls, faults } = exchange
  const path = request.url ?? ''
  if (path.startsWith('/__control/'))
    return control({ method: request.method ?? '', path, body, calls, faults }, response)
  const wire = wireOf(path)
  const party: Party = wire?.name ?? 'elsewhere'
  const call = calls.follow(party, { path, headers: request.headers, body }, response)
  if (!wire) return send(response, { status: 404, headers: {}, body: '{"error":"There is nothing here."}' })
  const refuse = (thrown: unknown): void => {
    if (thrown instanceof RefusedError) sendAs(wire, response, wire.refuse(thrown.refusal))
    // A mistyped directive is a mistake in a test: it must be seen there, not mistaken for a fault.
    else send(response, { status: 418, headers: {}, body: String(thrown) })
  }
  try {
    if (path.split('?')[0] === '/openai/v1/embeddings') void embed(wire, exchange).catch(refuse)
    else respond(wire, exchange, call)
  } catch (thrown) {
    refuse(thrown)
  }
}

async function embed(wire: Wire, { request, response, body, embedder }: Exchange): Promise<void> {
  if (!request.headers.authorization) throw new RefusedError({ status: 401, reason: 'no-key' })
  const answered = await embeddings(embedder, parse(body))
  sendAs(wire, response, ok(answered))
}

function wireOf(path: string): Wire | undefined {
  if (path.startsWith('/openai/v1/')) return openai
  if (path.startsWith('/anthropic/v1/')) return anthropic
  return path.startsWith('/google/v1beta/') ? google : undefined
}

function respond(wire: Wire, { request, response, body, faults }: Exchange, call: Call): void {
  const [path = ''] = call.path.split('?')
  if (path.endsWith('/models') && request.method === 'GET')
    return sendAs(wire, response, ok(JSON.stringify(MODELS[wire.name])))
  if (!/\/(?:chat\/completions|messages|models\/[^/]+:(?:g|streamG)enerateContent)$/.test(path))
    throw new RefusedError({ status: 404 })
  const question = wire.read({ path, headers: request.headers, body: parse(body) })
  if (!isKnownModel(wire.name, question.model)) throw new RefusedError({ status: 404, model: question.model })
  const fault = faults.for({ provider: wire.name, body, lastUserTurn: question.userTurns.at(-1) ?? '' })
  if (fault) return void misbehave({ wire, question, fault, body, call }, response)
  const inputTokens = Math.ceil(question.inputChars / 4)
  if (inputTokens > wire.contextTokens) throw new RefusedError({ status: 400, reason: 'context-length', inputTokens })
  const plain = answer(question, {}, body, ID_PREFIXES[wire.name])
  if (question.stream) {
    response.writeHead(200, { ...wire.headers, ...STREAM_HEADERS, [REQUEST_ID_HEADERS[wire.name]]: newWireId('req_') })
    response.end(
      wire
        .frames(question, plain)
        .map((frame) => frame.text)
        .join(''),
    )
  } else sendAs(wire, response, ok(wire.json(question, plain)))
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

type Misbehaviour = { wire: Wire; question: Question; fault: Fault; body: string; call: Call }

async function misbehave(asked: Misbehaviour, response: ServerResponse): Promise<void> {
  const { wire, question, fault, body, call } = asked
  const delivery = new Delivery(response, fault, call)
  if (!(await delivery.begin())) return
  const short = shortAnswer(asked)
  if (short) return sendAs(wire, response, { ...short, headers: { ...short.headers, ...leaked(asked) } })
  const bent = answer(question, fault, body, ID_PREFIXES[wire.name])
  if (fault.contentFilter) return sendAs(wire, response, ok(blocked(question, bent)))
  const type = question.stream ? STREAM_HEADERS : { 'content-type': 'application/json' }
  response.writeHead(200, { ...wire.headers, ...type, ...leaked(asked) })
  if (question.stream) await delivery.stream(wire.frames(question, bent), wire.errorFrame)
  else await delivery.whole(wire.json(question, bent))
}

/** The answer to faults that leave nothing of the real one. */
function shortAnswer({ wire, question, fault, body }: Misbehaviour): WireAnswer | undefined {
  const type = question.stream ? 'text/event-stream' : 'application/json'
  const base = fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds }
  if (fault.errorEcho !== undefined)
    return wire.refuse({ ...base, status: fault.errorEcho, message: `Invalid request: ${body}` })
  if (fault.contextLength) return wire.refuse({ ...base, status: 400, reason: 'context-length' })
  if (fault.contentFilter && wire.name !== 'google')
    return wire.refuse({ ...base, status: 400, reason: 'content-filter' })
  if (fault.noCredit) return wire.refuse({ ...base, status: 429, reason: 'no-credit' })
  if (fault.redirect) return { status: 302, headers: { location: '/elsewhere' }, body: '' }
  if (fault.html200)
    return {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><h1>Sign in to the hotel network</h1>',
    }
  if (fault.empty200) return { status: 200, headers: { 'content-type': type }, body: '' }
  if (fault.status === undefined || fault.status === 200) return undefined
  return wire.refuse({ ...base, status: fault.status, model: question.model })
}

function leaked({ question, fault, call }: Misbehaviour): Record<string, string> {
  if (!fault.leakHeaders) return {}
  const prompt = question.system.slice(0, HEADER_TEXT_MAX)
  return {
    'openai-organization': 'org-of-the-platform',
    'x-request-body': encodeURIComponent(call.body.slice(0, HEADER_TEXT_MAX)),
    'x-debug-prompt': prompt.replaceAll(/[^\x20-\x7e]/g, ' '),
    'x-debug-prompt-base64': Buffer.from(prompt).toString('base64'),
    'set-cookie': `prompt=${encodeURIComponent(prompt)}`,
  }
}

function parse(body: string): Record<string, unknown> {
  try {
    return object(JSON.parse(body))
  } catch {
    throw new RefusedError({ status: 400 })
  }
}

function ok(body: string): WireAnswer {
  return { status: 200, headers: {}, body }
}

function sendAs(wire: Wire, response: ServerResponse, sent: WireAnswer): void {
  const headers = { ...wire.headers, [REQUEST_ID_HEADERS[wire.name]]: newWireId('req_'), ...sent.headers }
  send(response, { ...sent, headers })
}

function send(response: ServerResponse, { status, headers, body }: WireAnswer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  })
  response.end(body)
}
