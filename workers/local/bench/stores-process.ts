/** A process of its own for the doors of Postgres and Redis. It counts the requests of each and tells when asked. */
import diagnostics from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { migrate } from '../migrate.ts'
import { startPostgres } from '../postgres.ts'
import { startRedis } from '../redis.ts'

const postgres = await startPostgres({ port: 0 })
await migrate(postgres.url)
const redis = await startRedis({ port: 0, token: 'bench-redis-token' })

const counts = { postgres: 0, redis: 0 }
diagnostics.subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage }
  if (String(request.socket.localPort) === new URL(redis.url).port) counts.redis++
  else counts.postgres++
})
process.on('message', () => process.send?.(counts))
process.send?.({
  databaseUrl: postgres.url,
  databaseHttpUrl: postgres.httpUrl,
  redisUrl: redis.url,
  redisToken: redis.token,
})
