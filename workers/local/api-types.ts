/** The API's types for the site, written from its OpenAPI document: one entry a route, so that a call is typed by its path. */

type Schema = {
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema | false
  prefixItems?: Schema[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  $ref?: string
  $defs?: Record<string, Schema>
}
type Operation = {
  summary: string
  deprecated?: boolean
  parameters: { name: string; in: string; required: boolean; description?: string; schema: Schema }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}
type Document = { paths: Record<string, Record<string, Operation>> }

const HEAD = `/** Every route of the API with what it takes and answers. Written from the OpenAPI document; change that, then run \`npm run site:types\`. */
`

/** The file that declares \`Api\`: keys such as \`GET /api/v1/agents/{id}\`, each with params, query, body and answer. */
export function typesOf(openApi: object): string {
  const { paths } = openApi as Document
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => routeOf(`${method.toUpperCase()} ${path}`, operation)),
  )
  return `${HEAD}export type Api = {\n${routes.join('\n')}\n}\n`
}

function routeOf(name: string, operation: Operation): string {
  const { summary, deprecated, parameters, requestBody, responses } = operation
  const lines = [
    `  /** ${noted(summary)}${deprecated ? ' @deprecated' : ''} */`,
    `  ${quoted(name)}: {`,
    `    params: ${parametersOf(parameters, 'path')}`,
    `    query: ${parametersOf(parameters, 'query')}`,
  ]
  const body = requestBody?.content['application/json']?.schema
  lines.push(`    body: ${body ? typeOf(body, 4, body) + (requestBody?.required ? '' : ' | undefined') : 'undefined'}`)
  lines.push(`    answer: ${answerOf(responses)}`, '  }')
  return lines.join('\n')
}

function parametersOf(parameters: Operation['parameters'], place: 'path' | 'query'): string {
  const own = parameters.filter((parameter) => parameter.in === place)
  if (own.length === 0) return 'undefined'
  const properties = Object.fromEntries(
    own.map(({ name, description, schema }) => [name, { ...schema, ...(description ? { description } : {}) }]),
  )
  const required = own.filter((parameter) => parameter.required).map(({ name }) => name)
  const schema = { type: 'object', properties, required, additionalProperties: false }
  return typeOf(schema, 4, schema)
}

function answerOf(responses: Operation['responses']): string {
  for (const [status, { content }] of Object.entries(responses)) {
    if (!status.startsWith('2')) continue
    const schema = content?.['application/json']?.schema
    if (schema) return typeOf(schema, 4, schema)
    return content ? 'string' : 'undefined'
  }
  return 'undefined'
}

/** The TypeScript of a schema; \`root\` is where its references point into. */
function typeOf(schema: Schema, indent: number, root: Schema): string {
  if (schema.$ref) return typeOf(resolved(schema.$ref, root), indent, root)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const several = schema.anyOf ?? schema.oneOf
  if (several) return [...new Set(several.map((one) => typeOf(one, indent, root)))].join(' | ')
  if (schema.allOf) return schema.allOf.map((one) => `(${typeOf(one, indent, root)})`).join(' & ')
  if (Array.isArray(schema.type))
    return schema.type.map((type) => typeOf({ ...schema, type }, indent, root)).join(' | ')
  switch (schema.type) {
    case 'string':
      return 'string'
    case 'number':
    case 'integer':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array':
      return arrayOf(schema, indent, root)
    case 'object':
      return objectOf(schema, indent, root)
    case undefined:
    default:
      return 'unknown'
  }
}

function arrayOf({ items, prefixItems }: Schema, indent: number, root: Schema): string {
  if (prefixItems) return `[${prefixItems.map((item) => typeOf(item, indent, root)).join(', ')}]`
  if (!items) return 'unknown[]'
  const item = typeOf(items, indent, root)
  return / [|&] /.test(item) && !item.startsWith('{')
    ? `(${item})[]`
    : item.startsWith('{')
      ? `(${item})[]`
      : `${item}[]`
}

function objectOf(schema: Schema, indent: number, root: Schema): string {
  const { properties = {}, required = [], additionalProperties } = schema
  const names = Object.keys(properties)
  if (names.length === 0) {
    const rest = typeof additionalProperties === 'object' ? typeOf(additionalProperties, indent, root) : 'unknown'
    return `Record<string, ${rest}>`
  }
  const space = ' '.repeat(indent + 2)
  const fields = Object.entries(properties).map(([name, property]) => {
    const note = property.description ? `${space}/** ${noted(property.description)} */\n` : ''
    const isOptional = !required.includes(name)
    return `${note}${space}${quoted(name)}${isOptional ? '?' : ''}: ${typeOf(property, indent + 2, root)}${isOptional ? ' | undefined' : ''}`
  })
  return `{\n${fields.join('\n')}\n${' '.repeat(indent)}}`
}

function resolved(ref: string, root: Schema): Schema {
  const name = ref.replace('#/$defs/', '')
  const found = root.$defs?.[name]
  // A schema that holds itself is cut there: what is inside is for who reads it to check.
  return ref === '#' || !found ? {} : found
}

function quoted(name: string): string {
  return /^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name).replaceAll('"', "'")
}

function noted(text: string): string {
  return text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')
}
