/** Histories in groups: those of one group happen among each other, in an order that the group's seed decides. */
import { Books } from './books.ts'
import { History } from './history.ts'
import { DAY_MS, Platform, RestlessError } from './platform.ts'
import { quieten } from './quiet.ts'
import { openRooms } from './rooms.ts'

export type RunOptions = {
  histories: number | undefined
  seed: number | undefined
  together: number | undefined
  databaseUrl: string | undefined
}

/** How probable it is that a step goes wrong. */
const TROUBLE = 0.06
/** After so long every period can be settled. */
const WEEKS_LATER = 3

/** Runs them; gives what is wrong with the first group that broke, with its seed, or null; and what had happened by then. */
export async function runHistories({
  histories = 1_000,
  seed = 1,
  together = 40,
  databaseUrl,
}: RunOptions): Promise<{ broken: string | null; happened: Platform['happened'] }> {
  const platform = await Platform.start(databaseUrl)
  const loud = quieten(() => platform.database.rest())
  const rooms = await openRooms()
  const { happened } = platform
  const because = (broken: string | null) => ({ broken, happened })
  try {
    for (let first = 0; first < histories; first += together) {
      const own = seed + first / together
      const problems = await runGroup(platform, own, () =>
        Array.from({ length: Math.min(together, histories - first) }, () => new History(platform, rooms)),
      )
      if (problems.length > 0)
        return because(`--seed ${own} --histories ${together}: ${problems.slice(0, 5).join('; ')}`)
      platform.clear()
    }
    return because(null)
  } catch (thrown) {
    if (!(thrown instanceof RestlessError))
      throw new Error(`--seed ${platform.seed} --histories ${together}`, { cause: thrown })
    const why = thrown.message
    return because(`--seed ${platform.seed} --histories ${together}: ${why}`)
  } finally {
    loud()
    await platform.stop()
  }
}

async function runGroup(platform: Platform, seed: number, make: () => History[]): Promise<string[]> {
  const before = await cashOf(platform)
  platform.begin(seed, TROUBLE)
  const { random } = platform
  const histories = make()
  const running = histories.map((history) => history.happen())
  while (running.length > 0) {
    const at = random.below(running.length)
    const { done } = (await running[at]?.next()) ?? {}
    if (done) running.splice(at, 1)
    while (random.chance(0.4)) await platform.step()
  }
  await platform.settleDown()
  platform.now += WEEKS_LATER * 7 * DAY_MS
  for (const history of histories) await history.end()
  await platform.settleDown()
  for (const history of histories) {
    await history.cashIn()
    while (random.chance(0.4)) await platform.step()
  }
  await platform.settleDown()
  for (const history of histories) await history.sweep()
  await platform.settleDown()
  platform.trouble = 0
  const payouts = await platform.payouts()
  const problems = await inBalance(platform)
  const cash = (await cashOf(platform)) - before
  const kept = histories.reduce((sum, history) => sum + history.kept, 0)
  if (cash !== kept) problems.push(`cash: ${cash}, not ${kept}`)
  const [users, creators] = [histories.map(({ user }) => user), histories.map(({ creator }) => creator)]
  const books = await Books.read(platform.database, users, creators)
  for (const history of histories) for await (const problem of history.check(books, payouts)) problems.push(problem)
  return problems
}

/** What came in by card and did not go out again, the processor's fees for payments aside; in 10⁻⁸ dollars. */
async function cashOf(platform: Platform): Promise<number> {
  const [row] = await platform.database.query<{ units: string }>(
    `SELECT (coalesce(sum(balance), 0) * 100000000)::bigint::text AS units FROM ledger_balances
     WHERE account IN ('cash_stripe', 'processor_fees')`,
  )
  return Number(row?.units)
}

/** What is wrong with the ledger as a whole. */
async function inBalance(platform: Platform): Promise<string[]> {
  const [row] = await platform.database.query<{ total: string; below: number }>(
    `SELECT sum(balance)::text AS total, count(*) FILTER (WHERE balance > 0 AND account LIKE '%:%')::int AS below FROM ledger_balances`,
  )
  const problems: string[] = []
  if (Number(row?.total) !== 0) problems.push(`the ledger comes to ${row?.total}, not to zero`)
  if (row?.below) problems.push(`${row.below} accounts are overdrawn`)
  return problems
}
