import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { testBindings } from './workers/local/test-bindings.ts'

/** Pure code and the local stand-ins are tested in Node, everything else in workerd against real Durable Objects and Queues. */
const IN_NODE = [
  'site/src/**/*.test.ts',
  'contracts/**/*.test.ts',
  'workers/local/**/*.test.ts',
  'workers/gateway/guard/**/*.test.ts',
  'workers/gateway/providers/**/*.test.ts',
  'workers/tests/node/**/*.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: './workers/local/test-doors.ts',
    projects: [
      { test: { name: 'node', include: IN_NODE, testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: testBindings(inject('doors')) },
          })),
        ],
        test: {
          name: 'workers',
          include: ['workers/**/*.test.ts'],
          exclude: IN_NODE,
          // The stores and providers of the run are shared: a file that stops one must be alone.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
