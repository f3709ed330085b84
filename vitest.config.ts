import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { writeLocalConfig } from './workers/local/local-config.ts'
import { testBindings } from './workers/local/test-bindings.ts'

/** Pure code and the local stand-ins are tested in Node, everything else in workerd against real Durable Objects and Queues. */
const IN_NODE = [
  'site/src/**/*.test.ts',
  'site/edge/**/*.test.ts',
  'contracts/**/*.test.ts',
  'workers/local/**/*.test.ts',
  'workers/gateway/guard/**/*.test.ts',
  'workers/gateway/providers/**/*.test.ts',
  'workers/tests/node/**/*.test.ts',
]

/** Of these, what is measured in time over real sockets: it runs with nothing beside it. */
const TIMED = ['workers/tests/node/journeys/**/*.test.ts', 'workers/local/providers/faults.test.ts']

/** What the Worker and its tests are built on: each is one file for them, since every test file loads all of it anew. */
const PACKAGES = [
  '@neondatabase/serverless',
  '@noble/hashes/argon2.js',
  '@noble/hashes/hmac.js',
  '@noble/hashes/sha2.js',
  '@noble/hashes/utils.js',
  '@upstash/ratelimit',
  '@upstash/redis',
  '@upstash/redis/cloudflare',
  'drizzle-orm',
  'drizzle-orm/errors',
  'drizzle-orm/neon-http',
  'drizzle-orm/pg-core',
  'fast-check',
  'fflate',
  'hono',
  'hono/cookie',
  'hono/cors',
  'hono/route',
  'htmlparser2',
  'jose',
  'papaparse',
  'pdf-lib',
  'standardwebhooks',
  'unpdf',
  'viem/accounts',
  'viem/utils',
  'zod',
]
const WORKERS_MODULE = fileURLToPath(new URL('workers/tests/simulation/workers-module.ts', import.meta.url))

const LOCAL_CONFIG = writeLocalConfig('node_modules/.cache/agentlink')

/** Tests of these rooms leave nothing behind that another's could trip over: they share a Worker, which is loaded once. */
const SHARED =
  'admin agents analytics auth base gateway keys knowledge marketplace money notifications payments quota reviews settlements webhooks'
    .split(' ')
    .map((room) => `workers/${room}/**/*.test.ts`)

/** Of these, what needs a Worker that has only just started. */
const ALONE = ['workers/agents/crons.test.ts', 'workers/base/redis.test.ts']

/** A project whose tests run in workerd; `isolate` gives each file a Worker and objects of its own. */
function inWorkerd(
  name: string,
  groupOrder: number,
  isolate: boolean,
  include: string[],
  exclude: string[] = [],
): TestProjectInlineConfiguration {
  return {
    // Two of these may start at the same time.
    cacheDir: `node_modules/.vite/${name}`,
    plugins: [
      cloudflareTest(({ inject }) => ({
        wrangler: { configPath: LOCAL_CONFIG },
        miniflare: { bindings: testBindings(inject('doors')) },
      })),
    ],
    test: {
      name,
      isolate,
      include,
      exclude: [...IN_NODE, ...exclude],
      sequence: { groupOrder },
      deps: { optimizer: { ssr: { enabled: true, include: PACKAGES } } },
      // A log line that comes from another request, such as a queue's consumer, waits for the next word to the runner; if it is
      // the last of a file, the runner waits for it for ever. Unintercepted, lines are printed by workerd itself.
      disableConsoleIntercept: true,
      // The stores and providers of the run are shared: a file that stops one must be alone.
      fileParallelism: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  }
}

export default defineConfig({
  test: {
    globalSetup: './workers/local/test-doors.ts',
    projects: [
      {
        // The Worker's code runs in Node too, where something stands in for the platform.
        resolve: { alias: { 'cloudflare:workers': WORKERS_MODULE } },
        test: {
          name: 'node',
          include: IN_NODE,
          exclude: TIMED,
          // Most of them wait for something else: also where there are two cores, two of them run.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'timed',
          include: TIMED,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      inWorkerd('workers', 3, false, SHARED, ALONE),
      inWorkerd('workers-alone', 4, true, ['workers/chain/**/*.test.ts', 'workers/tests/**/*.test.ts', ...ALONE]),
      {
        test: {
          name: 'browser',
          include: ['site/e2e/**/*.test.ts'],
          globalSetup: './site/e2e/setup.ts',
          sequence: { groupOrder: 5 },
          // One stack and one browser, which two cores have enough to do with.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
