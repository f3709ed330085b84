/** What `env` holds in tests: the Worker's own bindings, and the doors of the test run. */
import '@cloudflare/vitest-plugin/types'
import type { OwnBindings } from '../env.ts'

declare global {
  namespace Cloudflare {
    interface Env extends OwnBindings {
      PROVIDERS_URL: string
      VECTORS_URL: string
      DOORS_URL: string
      MAIL_URL: string
      RECEIVER_URL: string
      DNS_URL: string
      JWT_SECRET: string
      OPERATOR_TOKEN: string
      [name: string]: unknown
    }
  }
}
