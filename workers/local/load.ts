/**
 * `npm run load`: what happens when more is asked than can be answered. Calls arrive at a rate that rises until it sheds, with a
 * provider that takes 300 ms; prints latency and refusals for each rate. `--rate 500` keeps to one, and with `--minutes 30`
 * prints memory and latency each minute, to see that neither grows. Every answered call must be in the log in the end.
 */
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fault } from '../tests/faults.ts'
import { arrive, type Arrivals } from './bench/open-loop.ts'
import { warm } from './bench/load.ts'
import { residentBytes } from './bench/process.ts'
import { ACCOUNTS, type Running, Stage } from './bench/stage.ts'

const PROVIDER_MS = 300
const RATES = [50, 100, 200, 400, 600, 800, 1_000, 1_400, 2_000, 3_000]
const STEP_SECONDS = 6
/** Between two rates, so that each begins with nothing waiting. */
const REST_MS = 1_500

const { values: flags } = parseArgs({
  options: { rate: { type: 'string' }, minutes: { type: 'string', default: '30' } },
})
const body = { text: `Where should I begin? ${fault({ delayMs: PROVIDER_MS })}`, stream: false }

const stage = await Stage.open()
let ending: Promise<never> | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
try {
  const link = await stage.agentLink()
  await warm(link.arm, body, ACCOUNTS)
  const answered = flags.rate === undefined ? await climb(link) : await stay(link, Number(flags.rate))
  await stage.drained(ACCOUNTS + answered)
  console.log(`\nAll ${answered.toLocaleString('en')} answered calls are in the log, once each.`)
  await end(0)
} catch (thrown) {
  console.error(thrown)
  await end(1)
}

function end(code: number): Promise<never> {
  ending ??= stage.close().then(() => process.exit(code))
  return ending
}

/** One rate after the other. Gives how many calls were answered. */
async function climb({ arm, worker }: Running): Promise<number> {
  let answered = 0
  print(['a second', 'answered', 'p50 ms', 'p99 ms', 'refused', 'p50 ms', 'p99 ms', 'failed', 'MiB'])
  for (const perSecond of RATES) {
    const arrivals = await arrive(arm, { body, perSecond, seconds: STEP_SECONDS })
    answered += arrivals.statuses.get(200) ?? 0
    print([...row(perSecond, arrivals), await mebibytes(worker.processId)])
    await setTimeout(REST_MS)
  }
  return answered
}

/** One rate for so many minutes. Gives how many calls were answered. */
async function stay({ arm, worker }: Running, perSecond: number): Promise<number> {
  let answered = 0
  print(['minute', 'answered', 'p50 ms', 'p99 ms', 'refused', 'p50 ms', 'p99 ms', 'failed', 'MiB'])
  for (let minute = 1; minute <= Number(flags.minutes); minute += 1) {
    const arrivals = await arrive(arm, { body, perSecond, seconds: 60 })
    answered += arrivals.statuses.get(200) ?? 0
    print([...row(minute, arrivals), await mebibytes(worker.processId)])
  }
  return answered
}

/** Whoever was refused was told to come again: 429 or 503. Everything else that is no answer has failed. */
function row(first: number, { due, notSent, statuses, answered, refused }: Arrivals): string[] {
  const ok = statuses.get(200) ?? 0
  const told = (statuses.get(429) ?? 0) + (statuses.get(503) ?? 0)
  const ms = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(0))
  return [
    String(first),
    String(ok),
    ms(answered.p50Ms),
    ms(answered.p99Ms),
    String(told),
    ms(refused.p50Ms),
    ms(refused.p99Ms),
    String(due - ok - told) + (notSent > 0 ? ` (${notSent} not sent)` : ''),
  ]
}

async function mebibytes(processId: number): Promise<string> {
  return ((await residentBytes(processId)) / 2 ** 20).toFixed(0)
}

function print(cells: string[]): void {
  console.log(cells.map((cell) => cell.padStart(10)).join(''))
}
