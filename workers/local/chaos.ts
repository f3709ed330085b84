/**
 * `npm run chaos`: the Worker as it is deployed, under a steady load of calls of every kind on providers that fail in every way,
 * while stores stop and hang and queues deliver twice; with `--kill` the Worker is killed and started again, too. Then every book must agree.
 * `--seed 7` repeats the blows of a run, `--seconds 60` says how long. Ends with 1 if anything is wrong.
 */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs, styleText } from 'node:util'
import { BLOWS } from './chaos/blows.ts'
import { audit, quiet, schedules } from './chaos/books.ts'
import { call } from './chaos/callers.ts'
import { Ground } from './chaos/ground.ts'
import { Seeded } from './chaos/seeded.ts'

const ACCOUNTS = 12
const AT_ONCE = 12
/** A call whose settling was lost with its Worker is let go by its lease, a minute after the longest time it could have taken. */
const QUIET_MS = 120_000
const BETWEEN_MS = [500, 3_000] as const

process.chdir(join(import.meta.dirname, '..', '..'))
const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    seconds: { type: 'string', default: '60' },
    kill: { type: 'boolean', default: false },
  },
})
const seed = Number(flags.seed)
console.log(`chaos with seed ${seed}, for ${flags.seconds} s`)

const ground = await Ground.open('.local/chaos', ACCOUNTS)
let wrong: string[] = []
try {
  const stop = new AbortController()
  const calling = call(ground, new Seeded(seed), { atOnce: AT_ONCE, signal: stop.signal })
  const blows = await strike(new Seeded(seed + 1), Number(flags.seconds) * 1_000)
  stop.abort()
  const seen = await calling
  console.log(
    `${blows} blows, ${seen.calls} calls: ${seen.whole.length} whole answers, ${seen.unknown} whose end their caller does not know, ` +
      `refused: ${[...seen.refused].map(([code, count]) => `${count} × ${code}`).join(', ')}`,
  )
  for (const cron of await schedules()) await ground.runCron(cron)
  const states = await quiet(ground, QUIET_MS)
  wrong = await audit(ground, seen, states)
} finally {
  await ground.close()
}
for (const line of wrong) console.error(styleText('red', `✗ ${line}`))
console.log(
  wrong.length === 0
    ? styleText('green', 'Every call is counted once, every book agrees.')
    : `Repeat with: npm run chaos -- --seed ${seed} --seconds ${flags.seconds}`,
)
process.exit(wrong.length === 0 ? 0 : 1)

/** One blow after another until the time is over. Gives how many. */
async function strike(random: Seeded, forMs: number): Promise<number> {
  const names = Object.keys(BLOWS).filter((name) => flags.kill || name !== 'the Worker is killed')
  const endsAt = performance.now() + forMs
  let count = 0
  for (; performance.now() < endsAt; count += 1) {
    const name = random.of(names)
    console.log(styleText('dim', `  ${name}`))
    await BLOWS[name]?.(ground, random)
    await setTimeout(random.between(...BETWEEN_MS))
  }
  return count
}
