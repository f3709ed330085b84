/** A value that fits a JSON schema, made from the words of a question. */
import { list, number, object, text, texts } from './read.ts'

const DEPTH_MAX = 6
const PLACES = /city|location|place|country|name|person|who|where/i

/** An example of `schema`; strings, numbers and places are taken from `question` where it has them. */
export function example(schema: unknown, question: string, name = '', depth = 0): unknown {
  const wanted = object(schema)
  if ('const' in wanted) return wanted['const']
  if (Array.isArray(wanted['enum'])) return chosen(wanted['enum'], question)
  const options = list(wanted['anyOf'] ?? wanted['oneOf'])
  if (options.length > 0) return example(options[0], question, name, depth + 1)
  const type = (texts(wanted['type'])[0] ?? ('properties' in wanted ? 'object' : 'string')).toLowerCase()
  if (type === 'object') return exampleObject(wanted, question, depth)
  if (type === 'array') return depth > DEPTH_MAX ? [] : [example(wanted['items'], question, name, depth + 1)]
  if (type === 'integer') return Math.trunc(exampleNumber(wanted, question))
  if (type === 'number') return exampleNumber(wanted, question)
  if (type === 'boolean') return true
  if (type === 'null') return null
  return exampleString(wanted, question, name)
}

function exampleObject(schema: Record<string, unknown>, question: string, depth: number): Record<string, unknown> {
  if (depth > DEPTH_MAX) return {}
  const properties = Object.entries(object(schema['properties']))
  return Object.fromEntries(properties.map(([name, inner]) => [name, example(inner, question, name, depth + 1)]))
}

function chosen(values: unknown[], question: string): unknown {
  const asked = question.toLowerCase()
  return values.find((value) => typeof value === 'string' && asked.includes(value.toLowerCase())) ?? values[0]
}

function exampleNumber(schema: Record<string, unknown>, question: string): number {
  const asked = Number(/-?\d+(?:\.\d+)?/.exec(question)?.[0] ?? 1)
  return Math.min(Math.max(asked, number(schema['minimum'], asked)), number(schema['maximum'], Infinity))
}

function exampleString(schema: Record<string, unknown>, question: string, name: string): string {
  const format = text(schema['format'])
  if (format === 'date') return '2026-01-15'
  if (format === 'date-time') return '2026-01-15T09:30:00Z'
  if (format === 'email') return 'ada@example.com'
  if (format === 'uri') return 'https://example.com/'
  // A name in the middle of a sentence is most likely what a field called `city` or `person` is after.
  const proper = /(?<=\S\s)\p{Lu}[\p{L}'-]+(?:\s\p{Lu}[\p{L}'-]+)*/u.exec(question)?.[0]
  if (proper && PLACES.test(name)) return proper
  return question.slice(0, number(schema['maxLength'], 200)) || name || 'example'
}
