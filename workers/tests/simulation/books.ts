/** What the database says of many developers and creators at the end of their histories, read for all of them at once. */
import type { SimulatedDatabase } from './database.ts'

export type BookedPayment = { id: string; status: string; back: number }

export class Books {
  readonly #balances: Map<string, number>
  readonly #logged: Map<string, number>
  readonly #payments: Map<string, BookedPayment>
  readonly #reversed: Map<string, number>
  readonly #left: Map<string, number>
  readonly #wrong: Map<string, string[]>

  private constructor(
    maps: [
      Map<string, number>,
      Map<string, number>,
      Map<string, BookedPayment>,
      Map<string, number>,
      Map<string, number>,
      Map<string, string[]>,
    ],
  ) {
    ;[this.#balances, this.#logged, this.#payments, this.#reversed, this.#left, this.#wrong] = maps
  }

  static async read(database: SimulatedDatabase, users: string[], creators: string[]): Promise<Books> {
    const numbers = async (text: string, values: unknown[]): Promise<Map<string, number>> => {
      const rows = await database.query<{ of: string; n: string }>(text, values)
      return new Map(rows.map(({ of, n }) => [of, Number(n)]))
    }
    const payments = await database.query<BookedPayment>(
      `SELECT p.id, p.status, coalesce(sum(r.amount_usd * 100) FILTER (WHERE r.state = 'applied'), 0)::int AS back
       FROM payments AS p LEFT JOIN payment_reversals AS r ON r.payment_id = p.id WHERE p.user_id = ANY($1) GROUP BY p.id`,
      [users],
    )
    const wrong = await database.query<{ of: string; ids: string[] }>(
      `SELECT creator_id AS of, array_agg(id::text) AS ids FROM (
         SELECT s.creator_id, s.id FROM settlements AS s LEFT JOIN earnings AS e ON e.settlement_id = s.id WHERE s.creator_id = ANY($1)
         GROUP BY s.id, s.creator_id, s.amount, s.platform_fee, s.status
         HAVING s.amount <> coalesce(sum(e.revenue_usd), 0) OR s.platform_fee <> coalesce(sum(e.fee_usd), 0) OR s.status <> 'posted'
       ) AS wrong GROUP BY creator_id`,
      [creators],
    )
    return new Books([
      await numbers(
        `SELECT account AS of, (-balance * 100000000)::bigint::text AS n FROM ledger_balances
         WHERE account = ANY($1) OR account IN (SELECT 'lot:' || id FROM quota_lots WHERE user_id = ANY($2))`,
        [users.map((id) => `prepaid:${id}`), users],
      ),
      await numbers(
        "SELECT user_id AS of, count(*) AS n FROM call_logs WHERE user_id = ANY($1) AND status = 'success' GROUP BY user_id",
        [users],
      ),
      new Map(payments.map((one) => [one.id, one])),
      await numbers(
        "SELECT creator_id AS of, (sum(revenue_usd) * 100000000)::bigint::text AS n FROM earnings WHERE creator_id = ANY($1) AND kind = 'reversal' GROUP BY creator_id",
        [creators],
      ),
      await numbers(
        'SELECT creator_id AS of, (sum(gross_usd - withdrawn_usd) * 100000000)::bigint::text AS n FROM settlement_parts WHERE creator_id = ANY($1) GROUP BY creator_id',
        [creators],
      ),
      new Map(wrong.map(({ of, ids }) => [of, ids])),
    ])
  }

  /** What the ledger says is owed on an account, in 10⁻⁸ dollars. */
  owed(account: string): number {
    return this.#balances.get(account) ?? 0
  }

  /** Calls of a developer that were logged as charged. */
  logged(user: string): number {
    return this.#logged.get(user) ?? 0
  }

  payment(id: string): BookedPayment | undefined {
    return this.#payments.get(id)
  }

  /** What was taken back from a creator, below zero, in 10⁻⁸ dollars. */
  reversed(creator: string): number {
    return this.#reversed.get(creator) ?? 0
  }

  /** What of a creator's settlements was not withdrawn, in 10⁻⁸ dollars. */
  left(creator: string): number {
    return this.#left.get(creator) ?? 0
  }

  /** The creator's settlements that are not the sum of their lines, or were not posted. */
  wrong(creator: string): string[] {
    return this.#wrong.get(creator) ?? []
  }
}
