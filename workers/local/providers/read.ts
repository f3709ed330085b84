/** Reading what callers sent without believing its types. */

export type Json = Record<string, unknown>

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : []
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

export function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

/** The text of a content field that is either a string or a list of parts with a `text`. */
export function content(value: unknown): string {
  if (typeof value === 'string') return value
  return list(value)
    .map((part) => text(part['text']))
    .join('')
}

/** In JSON answers a tool's input is an object; text that is not JSON stands in one as it is. */
export function parsed(args: string): unknown {
  try {
    return JSON.parse(args)
  } catch {
    return { input: args }
  }
}
