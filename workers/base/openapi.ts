/** The OpenAPI 3.1 document of a version, made from the same declarations that serve it. */
import * as z from 'zod'
import { ERRORS } from './errors.ts'
import { operations, type Operation } from './route.ts'
import { VERSIONS, type Version } from './versions.ts'

type Json = Record<string, unknown>

const SECURITY: Record<Operation['scheme'], Json[]> = {
  none: [],
  session: [{ session: [] }],
  key: [{ key: [] }, { keyHeader: [] }],
  operator: [{ operator: [] }],
}

const SECURITY_SCHEMES = {
  session: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token from sign-in.' },
  key: { type: 'http', scheme: 'bearer', description: 'An API key, `ak_…`.' },
  keyHeader: { type: 'apiKey', in: 'header', name: 'X-AgentLink-Key', description: 'An API key, `ak_…`.' },
  operator: { type: 'http', scheme: 'bearer', description: 'The operator’s token.' },
}

const ErrorAnswer = z.object({
  error: z.object({
    code: z.string().describe('Three digits of HTTP status, two of cause.'),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  request_id: z.string(),
})

const documents = new Map<Version, Json>()

/** The document of a version; routes without a version stand in each. */
export function openApi(version: Version): Json {
  const known = documents.get(version)
  if (known) return known
  const served = operations.filter((operation) => operation.version === null || operation.version === version)
  const paths: Record<string, Json> = {}
  for (const operation of served) {
    const path = operation.path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) }
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'AgentLink',
      version: version.slice(1),
      description:
        'Prompt as asset, API as service. Call published agents through one chat endpoint; publish your own and be paid per call. ' +
        `Versions served: ${VERSIONS.join(', ')}.`,
    },
    servers: [{ url: '/' }],
    tags: [...new Set(served.map(({ room }) => room))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: { Error: schemaOf(ErrorAnswer, 'output') },
    },
  }
  documents.set(version, document)
  return document
}

function describe(operation: Operation): Json {
  const { summary, description, room, scheme, allows, params, query, body, deprecated } = operation
  return {
    operationId: operationId(operation),
    tags: [room],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(deprecated ? { deprecated: true, 'x-sunset': deprecated.sunset, 'x-successor': deprecated.successor } : {}),
    security: SECURITY[scheme],
    'x-allows': allows,
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query')],
    ...(body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }
      : {}),
    responses: { ...answerOf(operation), ...errorsOf(operation) },
  }
}

function operationId({ method, path }: Operation): string {
  const words = path
    .replace(/^\/api\/v\d+/, '')
    .split('/')
    .filter((word) => word !== '')
  return [method.toLowerCase(), ...words.map((word) => word.replaceAll(/[^\w]/g, '_'))].join('_')
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

function answerOf({ answer, produces, status }: Operation): Json {
  if (produces !== undefined) return { [status ?? 200]: { description: 'OK', content: { [produces]: {} } } }
  if (!answer) return { 204: { description: 'Done; there is nothing to say.' } }
  return {
    [status ?? 200]: {
      description: 'OK',
      content: { 'application/json': { schema: schemaOf(answer, 'output') } },
    },
  }
}

function errorsOf({ scheme, body, params, query, errors = [] }: Operation): Json {
  const usual = [
    ...(body || params || query ? (['validationFailed'] as const) : []),
    ...(scheme === 'none' ? [] : (['invalidCredentials'] as const)),
  ]
  const responses: Record<string, Json> = {}
  for (const name of [...usual, ...errors]) {
    const { code, status, message } = ERRORS[name]
    const before = responses[status]?.['description']
    const said = `\`${code}\` ${message}`
    responses[status] = {
      description: typeof before === 'string' ? `${before}\n\n${said}` : said,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    }
  }
  return {
    ...responses,
    default: {
      description: 'An error, in the one shape that all errors have.',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
