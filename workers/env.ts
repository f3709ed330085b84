/**
 * What the Worker is given: bindings by name and type, variables and secrets parsed once per isolate.
 * Durations are in milliseconds. Defaults are the platform's published numbers.
 */
import * as z from 'zod'
import { LEVELS, logFrom } from './base/log.ts'
import type { MetricsObject } from './base/metrics.object.ts'
import type { ThrottleObject } from './base/throttle.object.ts'
import type { Trace } from './base/trace.ts'
import type { SignerObject } from './chain/signer.object.ts'
import type { MintMessage, PayoutMessage, PayoutStateMessage } from './chain/states.ts'
import type { LiveObject } from './notifications/live.object.ts'
import type { KnowledgeStep } from './knowledge/steps.ts'
import type { Mail } from './notifications/mail.ts'
import type { AccountObject } from './quota/account.object.ts'
import type { BreakerObject } from './gateway/breaker.object.ts'
import type { CallLogBatch } from './quota/call-log.ts'
import type { PlatformEvent } from './notifications/events.ts'
import type { PaymentNews } from './payments/payment-events.queue.ts'
import type { DeliveryMessage } from './webhooks/deliveries.ts'
import type { SettlementMessage } from './settlements/settle.ts'

/** The bindings of wrangler.toml, in the order of the rooms they belong to. */
export type OwnBindings = {
  THROTTLE: DurableObjectNamespace<ThrottleObject>
  METRICS: DurableObjectNamespace<MetricsObject>
  AVATARS: R2Bucket
  SIGNER: DurableObjectNamespace<SignerObject>
  MINTS: Queue<MintMessage>
  PAYOUTS: Queue<PayoutMessage>
  PAYOUT_STATES: Queue<PayoutStateMessage>
  LIVE: DurableObjectNamespace<LiveObject>
  MAILS: Queue<Mail>
  EVENTS: Queue<PlatformEvent>
  DELIVERIES: Queue<DeliveryMessage>
  DELIVERIES_SLOW: Queue<DeliveryMessage>
  ACCOUNT: DurableObjectNamespace<AccountObject>
  CALL_LOGS: Queue<CallLogBatch>
  KNOWLEDGE: R2Bucket
  VECTORS: Vectorize
  KNOWLEDGE_STEPS: Queue<KnowledgeStep>
  PAYMENT_EVENTS: Queue<PaymentNews>
  SETTLEMENTS: Queue<SettlementMessage>
  BREAKER: DurableObjectNamespace<BreakerObject>
}

export type Bindings = OwnBindings & Record<string, unknown>

/** What a request carries through the app, for Hono. */
export type AppContext = {
  Bindings: Bindings
  Variables: { requestId: string; userId: string | undefined; trace: Trace }
}

const ms = (standard: number) => z.coerce.number().int().positive().default(standard)

const count = (standard: number) => z.coerce.number().int().positive().default(standard)
/** A key with its name, so that what was made with it says which one it was. */
const webhookKey = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}:[A-Za-z0-9+/]{43}=$/)
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/)
const privateKey = z.string().regex(/^0x[0-9a-fA-F]{64}$/)

const Settings = z.object({
  DATABASE_URL: z.string().min(1),
  /** Where Neon's HTTP protocol is spoken, when not at the host of `DATABASE_URL`. */
  DATABASE_HTTP_URL: z.string().optional(),
  UPSTASH_REDIS_REST_URL: z.string().min(1),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  /** `keyId:base64 of 32 bytes`; what is written is written with this one. */
  ENCRYPTION_KEY: z.string().min(1),
  /** The key before, in the same form; still readable while a rotation runs. */
  ENCRYPTION_KEY_PREVIOUS: z.string().optional(),
  /** Signs access tokens; at least 32 characters. */
  JWT_SECRET: z.string().min(32),
  /** The secret before; tokens signed with it are still read while a rotation runs. */
  JWT_SECRET_PREVIOUS: z.string().min(32).optional(),
  /** Opens the operator's routes; at least 32 characters. */
  OPERATOR_TOKEN: z.string().min(32),
  /** Opens the metrics and nothing else, so that what scrapes them need not hold the operator's token; at least 32 characters. */
  METRICS_TOKEN: z.string().min(32).optional(),
  /** Lines of the log below this level are not written. */
  LOG_LEVEL: z.enum(LEVELS).default('info'),
  /** Of requests that went well, so many have a line in the log; every other has one. */
  LOG_SUCCESS_RATIO: z.coerce.number().min(0).max(1).default(0.1),
  /** A collector of OpenTelemetry's traces over HTTP; `/v1/traces` is added. Without it nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Sent along with each trace, as `name=value,name=value`: what proves to the collector who we are. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^([!#$%&'*+.^`|~\w-]+=[^,\r\n]*(,|$))*$/)
    .default('')
    .transform((text) =>
      Object.fromEntries(
        text
          .split(',')
          .filter((pair) => pair !== '')
          .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
      ),
    ),
  /** Of all requests, so many are traced. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.01),
  /** Sites that may call from a browser, separated by commas. */
  ALLOWED_ORIGINS: z
    .string()
    .default('https://agentlink.io,https://app.agentlink.io')
    .transform((text) => text.split(',')),
  /** Where people open what our mails link to. */
  SITE_URL: z.url().default('https://app.agentlink.io'),
  /** How often one address may try to sign in, or use what was mailed, within five minutes. */
  SIGN_IN_PER_ADDRESS: count(100),
  /** How many accounts one address may register within an hour. */
  REGISTER_PER_ADDRESS: count(20),
  /** How often one address may ask for a mail within an hour. */
  MAIL_PER_ADDRESS: count(30),
  /** A mail service that speaks Resend's API. */
  MAIL_BASE_URL: z.url().default('https://api.resend.com'),
  MAIL_API_KEY: z.string().default(''),
  MAIL_FROM: z.string().default('AgentLink <hello@agentlink.io>'),
  /** `keyId:base64 of 32 bytes`; the secrets of new webhooks, and rotated ones, are made from this. */
  WEBHOOK_KEY: webhookKey,
  /** The key before: needed until no webhook's `secret` names it any more. */
  WEBHOOK_KEY_PREVIOUS: webhookKey.optional(),
  /** The pauses before the second, third and fourth attempt at delivering an event to a webhook. */
  WEBHOOK_RETRY_SECONDS: z
    .string()
    .regex(/^\d{1,5}(,\d{1,5}){2}$/)
    .default('5,60,600')
    .transform((text) => text.split(',').map(Number)),
  /** A webhook's receiver gets this long to answer, and its answer to end. */
  WEBHOOK_TIMEOUT_MS: ms(15_000),
  /**
   * Where deliveries are handed to in place of their target, which then stands in `X-AgentLink-Target`: a proxy with an
   * address of its own for outgoing requests. What a target must be is checked all the same.
   */
  WEBHOOK_EGRESS_URL: z.url().optional(),
  /** DNS over HTTPS, in the JSON form: asked for the addresses of webhooks. */
  DNS_URL: z.url().default('https://cloudflare-dns.com/dns-query'),
  /** Without its key a way to pay is off. A key that begins with `sk_live_` takes real money. */
  STRIPE_SECRET_KEY: z.string().default(''),
  /** Signs what Stripe tells us; the one before is still believed while it is rolled. */
  STRIPE_WEBHOOK_SECRET: z.string().default(''),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: z.string().optional(),
  STRIPE_BASE_URL: z.url().default('https://api.stripe.com'),
  /** A Secret API Key of Coinbase's Developer Platform: its id, and its secret as base64 (Ed25519) or PEM (ES256). */
  COINBASE_API_KEY_ID: z.string().default(''),
  COINBASE_API_KEY_SECRET: z.string().default(''),
  COINBASE_WEBHOOK_SECRET: z.string().default(''),
  COINBASE_WEBHOOK_SECRET_PREVIOUS: z.string().optional(),
  COINBASE_BASE_URL: z.url().default('https://business.coinbase.com'),
  /** Where a node of the chain is asked. Without this and the six below there is no chain, and nothing is minted or paid there. */
  CHAIN_RPC_URL: z.url().optional(),
  /** 8453 Base, 84532 Base Sepolia, 137 Polygon. */
  CHAIN_ID: z.coerce.number().int().positive().optional(),
  /** The token that is paid out. */
  USDC_ADDRESS: address.optional(),
  /** As in contracts/deployments. */
  AGENT_TOKEN_ADDRESS: address.optional(),
  SETTLEMENT_ADDRESS: address.optional(),
  /** Mints tokens, and is used for nothing else, so that a mint that waits delays no payout. */
  MINT_SIGNER_KEY: privateKey.optional(),
  /** Pays out, and is used for nothing else. */
  SETTLE_SIGNER_KEY: privateKey.optional(),
  /** A node of somebody else: what it does not see in the same block counts as settled nowhere. */
  CHAIN_CHECK_RPC_URL: z.url().optional(),
  /** The block in which the contracts were deployed: their events are read from there on. */
  CHAIN_FROM_BLOCK: z.coerce.number().int().nonnegative().default(0),
  /** The most that is offered for a unit of gas, in place of the network's own ceiling in chain/config.ts. */
  CHAIN_FEE_MAX_GWEI: z.coerce.number().int().positive().optional(),
  /** Dollars for one coin of the chain, in which gas is paid: what gas is booked at. Without it, it is listed and not booked. */
  NATIVE_USD: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,8})?$/)
    .optional(),
  /** A node gets this long for each answer. */
  CHAIN_TIMEOUT_MS: ms(8_000),
  /** How often a signer looks after what is on its way. */
  SIGNER_INTERVAL_MS: ms(2_000),
  /** What earnings are settled by: days, weeks that begin on Mondays, or months; in UTC. */
  SETTLEMENT_PERIOD: z.enum(['day', 'week', 'month']).default('week'),
  /** How long after its end a period is settled: until then refunds take back what they were for. */
  SETTLEMENT_HOLD_DAYS: z.coerce.number().int().min(0).max(180).default(7),
  /** Withdrawals of more than this wait for an admin. */
  WITHDRAWAL_REVIEW_USD: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,2})?$/)
    .default('1000'),
  /** How long after a change of wallet nothing can be withdrawn. */
  WALLET_COOL_DOWN_HOURS: z.coerce.number().int().nonnegative().default(72),
  OPENAI_API_KEY: z.string().default(''),
  OPENAI_BASE_URL: z.string().default('https://api.openai.com/v1'),
  ANTHROPIC_API_KEY: z.string().default(''),
  ANTHROPIC_BASE_URL: z.string().default('https://api.anthropic.com'),
  GOOGLE_AI_API_KEY: z.string().default(''),
  GOOGLE_BASE_URL: z.string().default('https://generativelanguage.googleapis.com/v1beta'),
  /** Makes vectors of 1536 dimensions of text, at OpenAI's address. */
  EMBEDDING_MODEL: z.string().default('text-embedding-3-small'),
  /** How long a call waits for what its agent knows; then it is answered without. */
  KNOWLEDGE_MS: ms(3_000),
  /** How many files an account may have, and how many bytes they may have together. */
  KNOWLEDGE_FILES: count(500),
  KNOWLEDGE_BYTES: count(1_000_000_000),
  /** No first content within this time: 504. */
  FIRST_CONTENT_MS: ms(30_000),
  /** A JSON call takes at most this long in all. */
  JSON_TOTAL_MS: ms(30_000),
  /** The longest silence between two events of a stream. */
  IDLE_MS: ms(30_000),
  /** A stream takes at most this long in all. */
  STREAM_TOTAL_MS: ms(300_000),
  /** A comment is sent after this much silence. */
  HEARTBEAT_MS: ms(10_000),
  /** How long a settled call waits in its account's outbox for others, before it is sent on. */
  OUTBOX_LINGER_MS: ms(2_000),
  /** The longest it waits while calls keep coming. */
  OUTBOX_BUSY_MS: z.coerce.number().int().nonnegative().default(8_000),
  /** How old a copy of an agent's configuration may be. */
  AGENT_MEMORY_MS: ms(1_000),
})

export type Settings = z.infer<typeof Settings>

const parsed = new WeakMap<object, Settings>()

/** The variables and secrets, parsed. Throws naming the variable that is missing or malformed, never its value. */
export function settings(env: Bindings): Settings {
  const known = parsed.get(env)
  if (known) return known
  const result = Settings.safeParse(env)
  if (!result.success) {
    const names = result.error.issues.map((issue) => issue.path.join('.')).join(', ')
    throw new Error(`These variables are missing or malformed: ${names}. See the list in workers/env.ts.`)
  }
  parsed.set(env, result.data)
  logFrom(result.data.LOG_LEVEL)
  return result.data
}
