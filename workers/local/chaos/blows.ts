/** What goes wrong, one thing after another while calls go on. Each ends what it began. */
import { setTimeout } from 'node:timers/promises'
import type { Ground } from './ground.ts'
import type { Seeded } from './seeded.ts'

type Blow = (ground: Ground, random: Seeded) => Promise<void>

export const BLOWS: Record<string, Blow> = {
  'Postgres is stopped': async ({ postgres }, random) => {
    await postgres.pause()
    await setTimeout(random.between(500, 4_000))
    await postgres.resume()
  },
  'Postgres hangs': async ({ postgres }, random) => {
    await postgres.hang()
    await setTimeout(random.between(500, 3_000))
    await postgres.resume()
  },
  'Postgres comes and goes': async ({ postgres }) => {
    for (let round = 0; round < 8; round += 1) {
      await postgres.pause()
      await setTimeout(120)
      await postgres.resume()
      await setTimeout(180)
    }
  },
  'Redis hangs': async ({ redis }, random) => {
    redis.pause()
    await setTimeout(random.between(500, 4_000))
    redis.resume()
  },
  'queues deliver twice': async (ground) => ground.deliverTwice(20),
  'Postgres and Redis are away together': async ({ postgres, redis }, random) => {
    redis.pause()
    await postgres.pause()
    await setTimeout(random.between(500, 2_500))
    await postgres.resume()
    redis.resume()
  },
  'the Worker is killed': async (ground) => ground.killAndRestart(),
}
