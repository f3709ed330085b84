/** The variables and secrets of the Worker under test. Clocks are short, so that a test of a timeout takes no time. */
import type { TestDoors } from './test-doors.ts'
import { TEST_STRIPE } from './test-keys.ts'

/** Everything workers/env.ts asks for, pointing at the doors that the test run has opened. */
export function testBindings(doors: TestDoors): Record<string, string> {
  return {
    DATABASE_URL: doors.postgresUrl,
    DATABASE_HTTP_URL: doors.postgresHttpUrl,
    UPSTASH_REDIS_REST_URL: doors.redisUrl,
    UPSTASH_REDIS_REST_TOKEN: doors.redisToken,
    ENCRYPTION_KEY: 'test-1:dGVzdCBrZXkgb2Ygb25seSAzMiBieXRlcywgbm8gbW8=',
    JWT_SECRET: 'access tokens of the test run are signed with this',
    OPERATOR_TOKEN: 'operator-token-of-the-test-run-0000',
    WEBHOOK_KEY: 'test-1:d2ViaG9va3Mgb2YgdGhlIHRlc3QgcnVuLCAzMiBieXQ=',
    WEBHOOK_RETRY_SECONDS: '1,2,4',
    WEBHOOK_TIMEOUT_MS: '1500',
    WEBHOOK_EGRESS_URL: doors.receiverUrl,
    DNS_URL: doors.dnsUrl,
    RECEIVER_URL: doors.receiverUrl,
    STRIPE_BASE_URL: doors.stripeUrl,
    STRIPE_SECRET_KEY: TEST_STRIPE.secretKey,
    STRIPE_WEBHOOK_SECRET: TEST_STRIPE.webhookSecrets.current,
    STRIPE_WEBHOOK_SECRET_PREVIOUS: TEST_STRIPE.webhookSecrets.previous,
    OPENAI_BASE_URL: doors.openaiBaseUrl,
    OPENAI_API_KEY: 'sk-test',
    ANTHROPIC_BASE_URL: doors.anthropicBaseUrl,
    ANTHROPIC_API_KEY: 'sk-ant-test',
    GOOGLE_BASE_URL: doors.googleBaseUrl,
    GOOGLE_AI_API_KEY: 'google-test',
    SITE_URL: 'https://site.test',
    MAIL_BASE_URL: doors.mailUrl,
    MAIL_API_KEY: 're_test',
    MAIL_URL: doors.mailUrl,
    SIGN_IN_PER_ADDRESS: '1000',
    REGISTER_PER_ADDRESS: '1000',
    MAIL_PER_ADDRESS: '1000',
    PROVIDERS_URL: doors.providersUrl,
    DOORS_URL: doors.controlUrl,
    FIRST_CONTENT_MS: '600',
    JSON_TOTAL_MS: '600',
    IDLE_MS: '600',
    STREAM_TOTAL_MS: '5000',
    HEARTBEAT_MS: '150',
    OUTBOX_BUSY_MS: '0',
  }
}
