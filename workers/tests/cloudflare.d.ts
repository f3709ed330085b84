/** What `env` holds in tests: the Worker's own bindings, and the doors of the test run. */
import type { Bindings } from '../env.ts'

declare global {
  namespace Cloudflare {
    interface Env extends Pick<Bindings, 'ACCOUNT' | 'BREAKER' | 'CALL_LOGS'> {
      PROVIDERS_URL: string
      DOORS_URL: string
      OPERATOR_TOKEN: string
      [name: string]: unknown
    }
  }
}
