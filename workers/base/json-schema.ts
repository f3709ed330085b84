/** JSON Schema as a reader sees it: a table of fields, and an example of what fits. Of the schemas that zod writes, no others. */

export type JsonSchema = {
  type?: string | string[]
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  additionalProperties?: JsonSchema | boolean
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

export type Field = {
  name: string
  /** How deep it lies in the objects and lists around it. */
  depth: number
  type: string
  isRequired: boolean
  /** What its values are held to. */
  limits: string[]
  description: string
}

const DEPTH_MAX = 6
const PATTERN_CHARS_SHOWN = 48
const ENUM_VALUES_SHOWN = 40

/** Every field of a schema and of what lies in it, in order. A schema that is no object is one field without a name. */
export function fieldsOf(schema: JsonSchema, depth = 0): Field[] {
  if (depth > DEPTH_MAX) return []
  const inner = withoutNull(schema)
  const variants = variantsOf(inner).filter((variant) => bodyOf(variant).properties)
  if (variants.length > 1)
    return variants.flatMap((variant, at) => [
      { ...field(at === 0 ? 'either' : 'or', variant, depth), type: '', isRequired: false },
      ...fieldsOf(variant, depth + 1),
    ])
  const { properties, required = [], additionalProperties } = bodyOf(inner)
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0)
    return [field('any name', additionalProperties, depth), ...fieldsOf(additionalProperties, depth + 1)]
  if (!properties) return depth === 0 ? [field('', schema, depth)] : []
  return Object.entries(properties).flatMap(([name, property]) => [
    { ...field(name, property, depth), isRequired: required.includes(name) },
    ...fieldsOf(property, depth + 1),
  ])
}

function field(name: string, schema: JsonSchema, depth: number): Field {
  const { description = '' } = schema
  return { name, depth, type: typeOf(schema), isRequired: false, limits: limitsOf(schema), description }
}

/** The object that a schema is or lists. */
function bodyOf(schema: JsonSchema): JsonSchema {
  const inner = withoutNull(schema)
  return inner.items ? bodyOf(inner.items) : inner
}

function variantsOf(schema: JsonSchema): JsonSchema[] {
  const { anyOf, oneOf, items } = schema
  return (anyOf ?? oneOf ?? (items ? variantsOf(withoutNull(items)) : [])).filter((variant) => variant.type !== 'null')
}

function withoutNull(schema: JsonSchema): JsonSchema {
  const variants = (schema.anyOf ?? schema.oneOf ?? []).filter((variant) => variant.type !== 'null')
  const [only] = variants
  return variants.length === 1 && only
    ? ({ ...schema, anyOf: undefined, oneOf: undefined, ...only } as JsonSchema)
    : schema
}

/** Whether null fits. */
export function takesNull({ type, anyOf, oneOf, enum: values }: JsonSchema): boolean {
  if (type === undefined && !anyOf && !oneOf && !values) return true
  return [type].flat().includes('null') || (anyOf ?? oneOf ?? []).some(takesNull)
}

function typeOf(schema: JsonSchema): string {
  const { type, format, items, anyOf, oneOf, enum: values } = schema
  if (values || 'const' in schema) return typeof (values?.[0] ?? schema.const)
  const variants = anyOf ?? oneOf
  if (variants) return [...new Set(variants.map(typeOf))].join(' or ')
  if (type === 'array') return items ? `list of ${typeOf(items)}` : 'list'
  if (type === 'string' && format !== undefined) return format
  return [type ?? 'anything'].flat().join(' or ')
}

function limitsOf(schema: JsonSchema): string[] {
  const inner = withoutNull(schema)
  const { enum: values, pattern, items, maxItems, minItems, minLength, maxLength, exclusiveMinimum } = inner
  const shown = (value: unknown): string => JSON.stringify(value)
  return [
    ...(values ? [values.slice(0, ENUM_VALUES_SHOWN).map(shown).join(' · ')] : []),
    ...('const' in inner ? [shown(inner.const)] : []),
    ...(exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`]),
    ...range(inner.minimum, inner.maximum, ''),
    ...range(minLength, maxLength, ' characters'),
    ...range(minItems, maxItems, ' items'),
    ...(pattern !== undefined && pattern.length <= PATTERN_CHARS_SHOWN ? [pattern] : []),
    ...(items ? limitsOf(items) : []),
    ...(inner.default === undefined ? [] : [`default ${shown(inner.default)}`]),
  ]
}

function range(min: number | undefined, max: number | undefined, unit: string): string[] {
  if (min !== undefined && max !== undefined) return [min === max ? `${min}${unit}` : `${min}–${max}${unit}`]
  if (max !== undefined) return [`≤ ${max}${unit}`]
  return min === undefined || (min === 0 && unit !== '') ? [] : [`≥ ${min}${unit}`]
}

const STRINGS: Record<string, string> = {
  uuid: '3f0c8a52-7b1e-4d6a-9c35-e2a1b4d80f67',
  email: 'ada@example.com',
  uri: 'https://example.com/agentlink',
  url: 'https://example.com/agentlink',
  'date-time': '2026-07-01T09:30:00.000Z',
  date: '2026-07-01',
}
/** Patterns of values that have no format of their own are met by one of these, where one fits. */
const CANDIDATES = ['0.005', '10.00', 'tide-pools', 'v1', '1', 'A', `0x${'5e'.repeat(20)}`, 'https://example.com/a.png']

/** A value that fits the schema as far as it can be told from it. `all`: with every field, as an answer has; else the required ones. */
export function exampleOf(schema: JsonSchema, all = false, name = ''): unknown {
  const { examples, enum: values, anyOf, oneOf, items, properties, required = [], minItems = 0 } = schema
  if (examples) return examples[0]
  if ('const' in schema) return schema.const
  if (schema.default !== undefined) return schema.default
  if (values) return values[0]
  const variants = anyOf ?? oneOf
  if (variants) return exampleOf(variants.find((variant) => variant.type !== 'null') ?? {}, all, name)
  const type = [schema.type].flat()[0]
  if (type === 'array') return all || minItems > 0 ? [exampleOf(items ?? {}, all, name)] : []
  if (type === 'object') {
    const names = Object.keys(properties ?? {}).filter((key) => all || required.includes(key))
    return Object.fromEntries(names.map((key) => [key, exampleOf(properties?.[key] ?? {}, all, key)]))
  }
  if (type === 'string') return stringLike(schema, name)
  if (type === 'integer' || type === 'number') return numberLike(schema)
  return type === 'boolean' ? true : type === 'null' ? null : 'anything'
}

function stringLike({ format, pattern, minLength = 0, maxLength = Infinity }: JsonSchema, name: string): string {
  if (format !== undefined && STRINGS[format] !== undefined) return STRINGS[format]
  if (pattern !== undefined) return CANDIDATES.find((text) => new RegExp(pattern, 'u').test(text)) ?? '…'
  const text = name === '' ? 'text' : name.replaceAll('_', ' ')
  return text.padEnd(minLength, ' of ours').slice(0, maxLength)
}

function numberLike({ minimum, exclusiveMinimum, maximum = Infinity }: JsonSchema): number {
  return Math.min(minimum ?? (exclusiveMinimum === undefined ? 1 : exclusiveMinimum + 1), maximum)
}
