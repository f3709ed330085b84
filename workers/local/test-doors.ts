/**
 * Opened once per test run: Postgres with the migrated schema, Redis, the providers, the mail service and the chain, each on a free
 * port of its own, and a small door through which a test inside workerd can stop and start them.
 */
import { createServer, type Server } from 'node:http'
import { startCollector } from './collector.ts'
import { startCoinbase } from './coinbase.ts'
import { chainVariables } from './chain.ts'
import { openChainDoor } from './chain-door.ts'
import { startDns } from './dns.ts'
import { startMail } from './mail.ts'
import { migrate } from './migrate.ts'
import { startPostgres } from './postgres.ts'
import { startProviders } from './providers.ts'
import { startReceiver } from './receiver.ts'
import { startRedis } from './redis.ts'
import { startStripe } from './stripe.ts'
import { startVectors } from './vectors.ts'
import { TEST_COINBASE, TEST_STRIPE } from './test-keys.ts'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'

export type TestDoors = {
  postgresUrl: string
  postgresHttpUrl: string
  redisUrl: string
  redisToken: string
  openaiBaseUrl: string
  anthropicBaseUrl: string
  googleBaseUrl: string
  providersUrl: string
  vectorsUrl: string
  mailUrl: string
  dnsUrl: string
  receiverUrl: string
  stripeUrl: string
  coinbaseUrl: string
  collectorUrl: string
  controlUrl: string
  /** The Worker's variables of the chain. */
  chain: Record<string, string>
}

declare module 'vitest' {
  export interface ProvidedContext {
    doors: TestDoors
  }
}

export default async function openDoors(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startPostgres({ port: 0 })
  await migrate(postgres.url)
  const redis = await startRedis({ port: 0, token: 'test-redis-token' })
  const providers = await startProviders({ port: 0 })
  const vectors = await startVectors({ port: 0 })
  const mail = await startMail({ port: 0 })
  const dns = await startDns({ port: 0 })
  const receiver = await startReceiver({ port: 0 })
  const stripe = await startStripe({ port: 0, ...TEST_STRIPE })
  const coinbase = await startCoinbase({ port: 0, ...TEST_COINBASE })
  const collector = await startCollector({ port: 0 })
  // Two keys of the test run: whoever reads this may have them.
  const chainKeys = { mintKey: `0x${'1a'.repeat(32)}`, settleKey: `0x${'5e'.repeat(32)}` } as const
  const chain = await openChainDoor(chainKeys, 'https://api.test')
  let tripped = 0
  const control = await listen(
    createServer((request, response) => {
      const actions: Record<string, () => unknown> = {
        '/postgres/pause': () => postgres.pause(),
        '/postgres/resume': () => postgres.resume(),
        '/redis/pause': () => redis.pause(),
        '/redis/resume': () => redis.resume(),
        '/mail/pause': () => mail.pause(),
        '/mail/resume': () => mail.resume(),
        // Nobody but a test may come here: what a webhook's receiver redirects to.
        '/tripwire': () => void tripped++,
        '/tripwire/count': () => tripped,
      }
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://doors')
      const action = actions[pathname] ?? (() => chain.control(pathname, Number(searchParams.get('n') ?? 1)))
      void Promise.resolve(action()).then(
        (told) => response.end(JSON.stringify(told ?? {})),
        (thrown: unknown) => response.writeHead(500).end(String(thrown)),
      )
    }),
  )
  project.provide('doors', {
    postgresUrl: postgres.url,
    postgresHttpUrl: postgres.httpUrl,
    redisUrl: redis.url,
    redisToken: redis.token,
    openaiBaseUrl: providers.openaiBaseUrl,
    anthropicBaseUrl: providers.anthropicBaseUrl,
    googleBaseUrl: providers.googleBaseUrl,
    providersUrl: providers.url,
    vectorsUrl: vectors.url,
    mailUrl: mail.url,
    dnsUrl: dns.url,
    receiverUrl: receiver.url,
    stripeUrl: stripe.url,
    coinbaseUrl: coinbase.url,
    collectorUrl: collector.url,
    controlUrl: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    chain: chainVariables(chain),
  })
  return async () => {
    control.close()
    const doors = [postgres, redis, providers, vectors, mail, dns, receiver, stripe, coinbase, collector, chain]
    await Promise.all(doors.map((door) => door.stop()))
  }
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
