/** The OpenAPI 3.1 document of a version, made from the same declarations that serve it. */
import * as z from 'zod'
import { ERRORS, type ErrorName } from './errors.ts'
import { operations, rooms, type Operation } from './route.ts'
import { VERSIONS, type Version } from './versions.ts'

type Json = Record<string, unknown>

const SECURITY: Record<Operation['scheme'], Json[]> = {
  none: [],
  session: [{ session: [] }],
  key: [{ key: [] }, { keyHeader: [] }],
  operator: [{ operator: [] }],
}

const SECURITY_SCHEMES = {
  session: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token from sign-in, good for 15 minutes: `Authorization: Bearer eyJ…`.',
  },
  key: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer ak_…`.' },
  keyHeader: {
    type: 'apiKey',
    in: 'header',
    name: 'X-AgentLink-Key',
    description: 'The same key: `X-AgentLink-Key: ak_…`.',
  },
  operator: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of who runs the platform; it is given to scripts, not to people.',
  },
}

const REQUEST_ID = 'b7f2c1de-6d8e-4c52-9a37-0f5e4b1c8d20'

const ErrorAnswer = z.object({
  error: z.object({
    code: z.string().meta({ description: 'Three digits of HTTP status, two of cause.', examples: ['40002'] }),
    message: z.string().meta({ examples: ['name: is missing'] }),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  request_id: z.string().meta({ examples: [REQUEST_ID] }),
})

/** What is refused besides what a route says itself, by what its callers send to prove who they are. */
const UNPROVEN: Record<Operation['scheme'], ErrorName[]> = {
  none: [],
  session: ['invalidCredentials', 'tokenExpired'],
  key: ['invalidApiKey'],
  operator: ['invalidCredentials'],
}
const BODY_ERRORS: ErrorName[] = ['invalidRequest', 'validationFailed', 'bodyTooLarge', 'unsupportedMediaType']
const ERROR_REF = { $ref: '#/components/schemas/Error' }

/** How each cause of an error reads. */
const EXAMPLES = Object.fromEntries(
  Object.entries(ERRORS).map(([name, { code, message }]) => {
    const value = { error: { code, message }, request_id: REQUEST_ID }
    return [name, { summary: `${code} ${message}`, value }]
  }),
)

const HEADERS = {
  RequestId: { description: 'Names this request wherever it is spoken of.', schema: { type: 'string' } },
  RetryAfter: { description: 'Whole seconds until asking again makes sense.', schema: { type: 'integer', minimum: 0 } },
  RateLimitLimit: { description: 'So often it may be asked in the window.', schema: { type: 'integer', minimum: 1 } },
  RateLimitRemaining: { description: 'So often it may still be asked.', schema: { type: 'integer', minimum: 0 } },
  RateLimitReset: {
    description: 'Whole seconds until the next window begins.',
    schema: { type: 'integer', minimum: 0 },
  },
}
const REQUEST_ID_HEADER = { 'X-Request-ID': { $ref: '#/components/headers/RequestId' } }
const RETRY_AFTER_HEADER = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } }
const RATE_LIMIT_HEADERS = {
  'X-RateLimit-Limit': { $ref: '#/components/headers/RateLimitLimit' },
  'X-RateLimit-Remaining': { $ref: '#/components/headers/RateLimitRemaining' },
  'X-RateLimit-Reset': { $ref: '#/components/headers/RateLimitReset' },
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A name of your own for this request. Sent again within 24 hours with the same body it makes nothing more, and is answered ' +
    'with what it has made, as that is now, and `Idempotent-Replayed: true`. A request that was refused frees its name.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}
const IDEMPOTENCY_ERRORS: ErrorName[] = ['callInProgress', 'conflict', 'idempotencyMismatch']

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
    externalDocs: { description: 'The same, for people.', url: `/api/${version}/reference` },
    servers: [{ url: '/' }],
    tags: [...new Set(served.map(({ room }) => room))].map((name) => ({
      name,
      ...(rooms.has(name) ? { description: rooms.get(name) } : {}),
    })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      headers: HEADERS,
      schemas: { Error: schemaOf(ErrorAnswer, 'output') },
      examples: EXAMPLES,
    },
  }
  documents.set(version, document)
  return document
}

function describe(operation: Operation): Json {
  const { summary, room, scheme, allows, params, query, body, deprecated, limit } = operation
  const description = descriptionOf(operation)
  return {
    operationId: operationId(operation),
    tags: [room],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(deprecated ? { deprecated: true, 'x-sunset': deprecated.sunset, 'x-successor': deprecated.successor } : {}),
    security: SECURITY[scheme],
    'x-allows': allows,
    ...(limit ? { 'x-rate-limit': { per_minute: limit.perMinute, by: 'address' } } : {}),
    parameters: [
      ...parametersOf(params, 'path'),
      ...parametersOf(query, 'query'),
      ...(operation.takesIdempotencyKey ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(body
      ? {
          requestBody: {
            required: !body.isOptional(),
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }
      : {}),
    responses: { ...answerOf(operation), ...errorsOf(operation) },
  }
}

/** What the route says of itself, and how often it may be asked. */
function descriptionOf({ description, limit }: Operation): string | undefined {
  const often = limit && `At most ${limit.perMinute} requests a minute from one address.`
  return description === undefined ? often : [description, often].filter((part) => part !== undefined).join('\n\n')
}

function operationId({ method, path }: Operation): string {
  const words = path
    .replace(/^\/api\/v\d+|(?<=^\/proxy)\/v\d+/, '')
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

function answerOf(operation: Operation): Json {
  const { answer, produces, status = 200 } = operation
  const headers = REQUEST_ID_HEADER
  if (operation.isWebSocket) return { 101: { description: 'The connection is a WebSocket from here on.' } }
  if (produces !== undefined) {
    const content = Object.fromEntries(produces.split(',').map((type) => [type.trim(), {}]))
    return { [status]: { description: 'OK', headers, content } }
  }
  if (!answer) return { 204: { description: 'Done; there is nothing to say.', headers } }
  const content = { 'application/json': { schema: schemaOf(answer, 'output') } }
  return { [status]: { description: 'OK', headers, content } }
}

/** The errors of a route by status, each cause with an example of how it reads. */
function errorsOf(operation: Operation): Json {
  const responses: Record<string, Json> = {}
  for (const [status, names] of Map.groupBy(causesOf(operation), (name) => ERRORS[name].status)) {
    const examples = names.map((name) => [name, { $ref: `#/components/examples/${name}` }])
    responses[status] = {
      description: names.map((name) => `\`${ERRORS[name].code}\` ${ERRORS[name].message}`).join('\n\n'),
      headers: {
        ...REQUEST_ID_HEADER,
        ...(status === 429 || status === 503 ? RETRY_AFTER_HEADER : {}),
        ...(status === 429 ? RATE_LIMIT_HEADERS : {}),
      },
      content: { 'application/json': { schema: ERROR_REF, examples: Object.fromEntries(examples) as Json } },
    }
  }
  const rest = 'An error, in the one shape that all errors have.'
  return { ...responses, default: { description: rest, content: { 'application/json': { schema: ERROR_REF } } } }
}

function causesOf(operation: Operation): Set<ErrorName> {
  const { scheme, allows, body, params, query, errors = [] } = operation
  return new Set([
    ...(body ? BODY_ERRORS : []),
    ...(params || query ? (['validationFailed'] as const) : []),
    ...UNPROVEN[scheme],
    ...(scheme === 'session' && allows !== 'signed in' ? (['forbidden'] as const) : []),
    ...(operation.takesIdempotencyKey ? IDEMPOTENCY_ERRORS : []),
    ...(operation.limit ? (['rateLimited'] as const) : []),
    ...errors,
  ])
}

/** Zod says more of an id and of a whole number than a reader of the document wants to know. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  return rest
}
