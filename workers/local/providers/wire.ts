/** The one shape in which the stand-ins think: what is asked, what is answered, and what a provider's wire must be able to say. */
import type { IncomingHttpHeaders } from 'node:http'

export type Tool = { name: string; schema: unknown }

/** What a request asks for, whichever wire it came over. */
export type Question = {
  model: string
  /** The hidden prompt. */
  system: string
  /** The texts of the user's turns, oldest first, directives still inside. */
  userTurns: string[]
  /** The result of a tool, when that is what the request ends with. */
  toolResult: { name: string; text: string } | undefined
  tools: Tool[]
  toolChoice: 'auto' | 'none' | 'required' | { name: string }
  parallelTools: boolean
  /** Answer in JSON of this schema; `{}` stands for any object, undefined for plain text. */
  jsonSchema: unknown
  wantsThoughts: boolean
  maxTokens: number
  stop: string[]
  stream: boolean
  /** Only OpenAI lets the caller choose. */
  wantsUsage: boolean
  /** All the text that was sent, in characters. */
  inputChars: number
}

/** `pieces` are the arguments as they are cut for a stream. */
export type ToolCall = { id: string; name: string; arguments: string; pieces: string[] }

/** Numbers, unless a fault asks for nonsense. */
export type Usage = { input: number | string; output: number | string; thoughts: number }

export type Answer = {
  id: string
  /** Seconds since 1970. */
  createdAt: number
  model: string
  /** What is put into fields that are neither content nor counts; undefined: what a provider would put there. */
  leak: string | undefined
  thoughts: string
  /** The text as it is cut for a stream. */
  pieces: string[]
  /** The second choice, cut likewise; empty unless asked for. */
  secondPieces: string[]
  /** Joined, the words of a refusal; none unless `end` says so. */
  refusalPieces: string[]
  toolCalls: ToolCall[]
  end: 'stop' | 'stop-sequence' | 'length' | 'tool' | 'refusal'
  stopSequence: string | null
  /** In the order in which they are sent; the last is the true one. */
  usages: Usage[]
}

/** One event of a stream, as it goes over the wire. Faults count the `content` frames only. */
export type Frame = { text: string; kind: 'opening' | 'content' | 'closing' | 'terminal' }

export type Refusal = {
  status: number
  reason?: 'context-length' | 'content-filter' | 'no-credit' | 'no-key'
  /** In place of the provider's usual words. */
  message?: string
  model?: string
  inputTokens?: number
  retryAfterSeconds?: number
}

export type WireAnswer = { status: number; headers: Record<string, string>; body: string }

/** A request refused before it is answered. */
export class RefusedError extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.message ?? `Refused with ${refusal.status}.`)
    this.refusal = refusal
  }
}

export type ProviderName = 'openai' | 'anthropic' | 'google'

export type Wire = {
  name: ProviderName
  /** Tokens the models can read. */
  contextTokens: number
  /** Sent with every answer, as the provider does. */
  headers: Record<string, string>
  /** What the request asks. Throws `RefusedError` when it carries no key or is not valid. */
  read(request: { path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }): Question
  json(question: Question, answer: Answer): string
  frames(question: Question, answer: Answer): Frame[]
  refuse(refusal: Refusal): WireAnswer
  /** The event with which the provider breaks off a stream. */
  errorFrame: string
}

/** Characters to tokens, as everybody's rule of thumb has it. */
export function tokens(chars: number): number {
  return Math.ceil(chars / 4)
}

let made = 0

/** A new id in the provider's style: 24 letters and digits after `prefix`, unlike any other of this process. */
export function newWireId(prefix: string): string {
  made += 1
  return prefix + (made * 2_654_435_761).toString(36).padStart(12, '0') + START
}

const START = Date.now().toString(36).padStart(12, 'A').slice(-12)
