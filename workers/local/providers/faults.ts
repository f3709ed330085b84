/**
 * Faults on request. A caller cannot set headers through the gateway, so a stand-in takes its orders from a directive in
 * the last user message: `[[fault:status=429;retry-after=2]]`. Several directives add up; the later word wins.
 * This file runs in Node and in workerd alike.
 */

export type Fault = {
  // Whole answers.
  /** Answer with this status in the provider's own error body. */
  status?: number
  /** With an error status: whole seconds, in the provider's own way (`retry-after`, Google's `RetryInfo`). */
  retryAfterSeconds?: number
  /** Refuse as if the messages were too long for the model (400). */
  contextLength?: boolean
  /** Refuse as the provider's policy does (400; for Google a `promptFeedback.blockReason`). */
  contentFilter?: boolean
  /** Refuse as if the platform's own account at the provider were empty. */
  noCredit?: boolean
  /** Answer with this error status, quoting the whole request in the message. */
  errorEcho?: number
  /** Answer 302 to another path of this server, which counts what reaches it. */
  redirect?: boolean
  /** Answer 200 with an HTML page. */
  html200?: boolean
  /** Answer 200 with nothing. */
  empty200?: boolean
  /** Put the hidden prompt and account facts into response headers. */
  leakHeaders?: boolean
  /** Put the hidden prompt into every field of the answer that is not its content. */
  leakFields?: boolean
  /** Apply all of this to the first N requests that carry the same directives, then behave. */
  healAfter?: number
  /** Does nothing; makes the directives of one test unlike those of another, for `healAfter`. */
  key?: string

  // When.
  /** Milliseconds before the first byte. */
  delayMs?: number
  /** Take the request and never answer. */
  hangBeforeHeaders?: boolean
  /** Fall silent after N content events, the connection open. For JSON: after half of the body. */
  hangAfterEvents?: number
  /** Milliseconds between two events, or between two bytes with `slowBytes`. */
  gapMs?: number
  /** Send one byte at a time. */
  slowBytes?: boolean
  /** Send N bytes at a time, wherever that cuts a UTF-8 character. */
  splitBytes?: number

  // How it ends.
  /** End after N content events, cleanly unless `halfClose` or `reset` says otherwise. For JSON: after half of the body. */
  closeAfterEvents?: number
  /** Close the sending side in the middle of the body. Alone: after the last content event. */
  halfClose?: boolean
  /** End with a TCP reset. Alone: after the last content event. */
  reset?: boolean
  /** Reset the connection after exactly N bytes of the body. */
  resetAtByte?: number
  /** Send everything but the terminal marker, then end cleanly. */
  noTerminal?: boolean
  /** Send the provider's own error event after N content events. */
  errorAfterEvents?: number

  // What is in it.
  /** Put garbage in after N content events, then go on. */
  garbageAfterEvents?: number
  /** Which garbage; `crlf`, `bom` and `comments` are unusual but legal. Default `bad-json`. */
  garbage?: Garbage
  /** The answer's text, exactly. */
  say?: string
  /** The answer is a tool call with this text as its arguments, exactly. */
  sayTool?: string
  /** The name of the tool that `sayTool` calls; otherwise the first declared one. */
  toolName?: string
  /** Refuse in the answer, with this text. */
  refuse?: string
  /** Think first, with this text. */
  think?: string
  /** A second choice with this text, its events between those of the first (OpenAI and Google). */
  secondChoice?: string
  /** Repeat the text N times. */
  repeat?: number
  /** The answer's text is the whole request body: a model wholly in the attacker's hand. */
  echoRequest?: boolean
  /** The answer's text is the hidden prompt. */
  echoSystem?: boolean
  /** At most N bytes of text in an event, whole characters. */
  chunk?: number
  /** One UTF-16 unit in an event, so that surrogate pairs are cut in two. */
  splitSurrogates?: boolean
  /** Exactly N content events, a word each. */
  events?: number
  /** Token counts that no provider should send. */
  usage?: 'none' | 'negative' | 'nan' | 'huge' | 'twice'
}

export type Garbage = 'bad-json' | 'html' | 'long-line' | 'nul' | 'crlf' | 'bom' | 'comments' | 'endless-comments'

type Kind = 'flag' | 'number' | 'word' | 'text'

/** How each fault is written in a directive. Texts travel as base64url of their UTF-8. */
export const WORDS: { readonly [Name in keyof Required<Fault>]: readonly [word: string, kind: Kind] } = {
  status: ['status', 'number'],
  retryAfterSeconds: ['retry-after', 'number'],
  contextLength: ['context-length', 'flag'],
  contentFilter: ['content-filter', 'flag'],
  noCredit: ['no-credit', 'flag'],
  errorEcho: ['error-echo', 'number'],
  redirect: ['redirect', 'flag'],
  html200: ['html-200', 'flag'],
  empty200: ['empty-200', 'flag'],
  leakHeaders: ['leak-headers', 'flag'],
  leakFields: ['leak-fields', 'flag'],
  healAfter: ['heal-after', 'number'],
  key: ['key', 'word'],
  delayMs: ['delay', 'number'],
  hangBeforeHeaders: ['hang-before-headers', 'flag'],
  hangAfterEvents: ['hang-after-events', 'number'],
  gapMs: ['gap', 'number'],
  slowBytes: ['slow-bytes', 'flag'],
  splitBytes: ['split-bytes', 'number'],
  closeAfterEvents: ['close-after-events', 'number'],
  halfClose: ['half-close', 'flag'],
  reset: ['reset', 'flag'],
  resetAtByte: ['reset-at-byte', 'number'],
  noTerminal: ['no-terminal', 'flag'],
  errorAfterEvents: ['error-after-events', 'number'],
  garbageAfterEvents: ['garbage-after-events', 'number'],
  garbage: ['garbage', 'word'],
  say: ['say', 'text'],
  sayTool: ['say-tool', 'text'],
  toolName: ['tool-name', 'text'],
  refuse: ['refuse', 'text'],
  think: ['think', 'text'],
  secondChoice: ['second-choice', 'text'],
  repeat: ['repeat', 'number'],
  echoRequest: ['echo-request', 'flag'],
  echoSystem: ['echo-system', 'flag'],
  chunk: ['chunk', 'number'],
  splitSurrogates: ['split-surrogates', 'flag'],
  events: ['events', 'number'],
  usage: ['usage', 'word'],
}

const NAMES = new Map(Object.entries(WORDS).map(([name, [word, kind]]) => [word, { name, kind }]))
const DIRECTIVE = /\[\[fault:([^\]]*)\]\]/g

/** The directives in `text` as one fault, or undefined if there is none. Throws on a word it does not know. */
export function readFault(text: string): Fault | undefined {
  if (!text.includes('[[fault:')) return undefined
  const fault: Record<string, unknown> = {}
  for (const [, words = ''] of text.matchAll(DIRECTIVE)) {
    for (const word of words.split(';')) Object.assign(fault, readWord(word.trim()))
  }
  return fault
}

/** `text` without its directives. */
export function withoutDirectives(text: string): string {
  return text.includes('[[fault:') ? text.replace(DIRECTIVE, '').trim() : text
}

function readWord(written: string): Record<string, unknown> {
  if (written === '') return {}
  const [word = '', value = ''] = written.split('=', 2)
  const known = NAMES.get(word)
  if (!known) throw new Error(`There is no fault called ${word}.`)
  if (known.kind === 'flag') return { [known.name]: true }
  if (known.kind === 'number') return { [known.name]: readNumber(word, value) }
  return { [known.name]: known.kind === 'text' ? fromBase64Url(value) : value }
}

function readNumber(word: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new Error(`The fault ${word} takes a whole number.`)
  return Number(value)
}

function fromBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)))
}
