/** The table of contents: middleware in order, then one line per room. */
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { admin } from './admin/routes.ts'
import { creators } from './auth/creators.routes.ts'
import { developers } from './auth/developers.routes.ts'
import { passwords } from './auth/passwords.routes.ts'
import { auth } from './auth/routes.ts'
import { sessions } from './auth/sessions.routes.ts'
import { agentAnalytics } from './agents/analytics.routes.ts'
import { agentCalls } from './agents/calls.routes.ts'
import { creatorAnalytics } from './analytics/creators.routes.ts'
import { usage } from './analytics/usage.routes.ts'
import { agents } from './agents/routes.ts'
import { AppError, errorBody, toAppError } from './base/errors.ts'
import { flags } from './base/flags.ts'
import { newId } from './base/ids.ts'
import { observeRequest } from './base/observe.ts'
import { referenceRoutes } from './base/reference.routes.ts'
import { methodsAt } from './base/route.ts'
import { VERSIONS, type Version } from './base/versions.ts'
import { chain } from './chain/routes.ts'
import { signers } from './chain/signers.routes.ts'
import { settings, type AppContext, type Bindings } from './env.ts'
import { openAiErrorBody } from './gateway/openai-error.ts'
import { gateway } from './gateway/routes.ts'
import { knowledge } from './knowledge/routes.ts'
import { live } from './notifications/live.routes.ts'
import { notifications } from './notifications/routes.ts'
import { developerAccount } from './keys/account.routes.ts'
import { developerKeys } from './keys/developers.routes.ts'
import { keys } from './keys/routes.ts'
import { deliveries } from './webhooks/deliveries.routes.ts'
import { endpoints } from './webhooks/endpoints.routes.ts'
import { adminPayments } from './payments/admin.routes.ts'
import { paymentRoutes } from './payments/routes.ts'
import { paymentWebhooks } from './payments/webhook.routes.ts'
import { marketplace } from './marketplace/routes.ts'
import { reviews } from './reviews/routes.ts'
import { settlementRoutes } from './settlements/routes.ts'

/** A caller's own request id is taken over where it can stand in a log column and a header as it is. */
const REQUEST_ID = /^[\w-]{1,36}$/
const EXPOSED_HEADERS = [
  'X-Request-ID',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Quota-Remaining',
  'Retry-After',
  'Idempotent-Replayed',
  'X-AgentLink-Knowledge',
  'Traceparent',
  'Deprecation',
  'Sunset',
  'Link',
]
/** What works while the platform is being maintained: a look at its health, and what an admin needs to end it. */
const OPEN_IN_MAINTENANCE = /^\/(health$|api\/v\d+\/(admin|auth)\/)/
const MAINTENANCE_RETRY_SECONDS = '60'

export const app = new Hono<AppContext>()

app.use(async function requestId(c, next) {
  const sent = c.req.header('x-request-id')
  c.set('requestId', sent && REQUEST_ID.test(sent) ? sent : newId())
  await next()
  c.res.headers.set('x-request-id', c.var.requestId)
  c.res.headers.set('request-id', c.var.requestId)
})

app.use(observeRequest)

const withCors = cors({
  origin: (origin, c) => (settings(c.env as Bindings).ALLOWED_ORIGINS.includes(origin) ? origin : null),
  allowMethods: ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
  allowHeaders: [
    'Authorization',
    'Content-Type',
    'Idempotency-Key',
    'X-AgentLink-Key',
    'X-AgentLink-Trial',
    'X-Request-ID',
    'Traceparent',
  ],
  exposeHeaders: EXPOSED_HEADERS,
  credentials: true,
  maxAge: 43_200,
})

/** Only a browser names an origin; every other caller is spared what is for browsers. */
app.use(async function browsers(c, next) {
  return c.req.header('origin') === undefined ? next() : withCors(c, next)
})

app.use(async function maintenance(c, next) {
  const { maintenance_mode } = await flags(c.env)
  if (maintenance_mode && !OPEN_IN_MAINTENANCE.test(c.req.path))
    throw new AppError('maintenance', { headers: { 'retry-after': MAINTENANCE_RETRY_SECONDS } })
  return next()
})

app.get('/health', (c) => c.json({ status: 'ok' }))
app.route('/', auth)
app.route('/', sessions)
app.route('/', passwords)
app.route('/', creators)
app.route('/', developers)
app.route('/', chain)
app.route('/', gateway)
app.route('/', endpoints)
app.route('/', deliveries)
app.route('/', live)
app.route('/', notifications)
app.route('/', keys)
app.route('/', developerKeys)
app.route('/', developerAccount)
app.route('/', usage)
app.route('/', creatorAnalytics)
app.route('/', agentAnalytics)
app.route('/', agentCalls)
app.route('/', agents)
app.route('/', knowledge)
app.route('/', paymentRoutes)
app.route('/', paymentWebhooks)
app.route('/', adminPayments)
app.route('/', settlementRoutes)
app.route('/', marketplace)
app.route('/', reviews)
app.route('/', admin)
app.route('/', signers)
app.route('/', referenceRoutes())

app.notFound((c) => {
  const [, asked] = /^\/(?:api|proxy)\/(v\d+)\//.exec(c.req.path) ?? []
  if (asked !== undefined && !VERSIONS.includes(asked as Version))
    throw new AppError('versionNotFound', { details: { served: VERSIONS } })
  const allowed = methodsAt(c.req.path)
  if (allowed.length > 0) throw new AppError('methodNotAllowed', { headers: { allow: allowed.join(', ') } })
  throw new AppError('routeNotFound')
})

/** The only catch: every error leaves in the dialect of its route, with its request id, and without a word of its cause, which is for the log. */
app.onError((thrown, c) => {
  const error = toAppError(thrown)
  const body = c.req.path.startsWith('/v1/')
    ? openAiErrorBody(error, c.var.requestId)
    : errorBody(error, c.var.requestId)
  return Response.json(body, { status: error.status, headers: { 'cache-control': 'no-store', ...error.headers } })
})
