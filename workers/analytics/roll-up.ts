/** How calls are added to the rollups: parts of the statement that writes the call log. */
import { sql, type SQL } from 'drizzle-orm'
import { countOf } from './latency.ts'
import { ALL_AGENTS } from './tables.ts'

/**
 * The parts of a statement that add the log rows in `inserted`, a part of the same statement with the columns of
 * `call_logs`, to the rollups. That is why a row that comes twice counts once: the second time it is not inserted.
 *
 * Several of these run at the same time. Each writes the tables in one order, and the rows of a table in the order of their
 * keys, so that two of them wait for each other and never in a circle.
 */
export function rollUp(inserted: SQL): SQL {
  return sql`
    counted AS MATERIALIZED (
      SELECT user_id, creator_id, agent_id, api_key_id, (created_at AT TIME ZONE 'UTC')::date AS day, status,
        coalesce(funding, 'none') AS source, count(*) AS calls, sum(cost_usd) AS cost, sum(revenue_usd) AS revenue,
        sum(revenue_usd * fee_percent / 100) AS fee, coalesce(sum(input_tokens), 0) AS input_tokens,
        coalesce(sum(output_tokens), 0) AS output_tokens, sum(${countOf(sql`latency_ms`)}) AS latencies
      FROM ${inserted} GROUP BY 1, 2, 3, 4, 5, 6, 7
    ),
    account_rows AS (
      INSERT INTO account_usage (user_id, day, status, calls, cost_usd, input_tokens, output_tokens, latencies)
      SELECT user_id, day, status, sum(calls), sum(cost), sum(input_tokens), sum(output_tokens), sum(latencies)
      FROM counted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (user_id, day, status) DO UPDATE SET ${added('account_usage', SUMS, ['cost_usd'])}
    ),
    part_rows AS (
      INSERT INTO account_part_usage
        (user_id, part, span, starts, part_id, calls, successful, cost_usd, input_tokens, output_tokens, latencies)
      SELECT user_id, part, span, starts, part_id, sum(calls), ${SUCCESSFUL}, sum(cost), sum(input_tokens),
        sum(output_tokens), ${LATENCIES}
      FROM counted
        CROSS JOIN LATERAL (VALUES ('agent', agent_id), ('key', api_key_id)) AS parts (part, part_id)
        CROSS JOIN LATERAL (VALUES ('day', day), ('month', date_trunc('month', day)::date)) AS spans (span, starts)
      GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
      ON CONFLICT (user_id, part, span, starts, part_id) DO UPDATE SET
        ${added('account_part_usage', SUMS, ['successful', 'cost_usd'])}
    ),
    sold AS (
      SELECT * FROM counted CROSS JOIN LATERAL (VALUES (agent_id), (${ALL_AGENTS}::uuid)) AS sellers (seller_id)
    ),
    new_callers AS (
      INSERT INTO agent_callers (creator_id, agent_id, day, user_id)
      SELECT DISTINCT creator_id, seller_id, day, user_id FROM sold ORDER BY 1, 2, 3, 4
      ON CONFLICT DO NOTHING
      RETURNING creator_id, agent_id, day, user_id
    ),
    last_rows AS (
      INSERT INTO agent_last_calls (creator_id, agent_id, user_id, day)
      SELECT creator_id, agent_id, user_id, max(day) FROM new_callers GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (creator_id, agent_id, user_id) DO UPDATE SET day = excluded.day WHERE agent_last_calls.day < excluded.day
    ),
    agent_rows AS (
      INSERT INTO agent_usage
        (creator_id, agent_id, day, users, calls, successful, paid, promotional, trial, revenue_usd, fee_usd, input_tokens,
        output_tokens, latencies)
      SELECT sums.creator_id, seller_id, sums.day, coalesce(users, 0), calls, successful, paid, promotional, trial, revenue,
        fee, input_tokens, output_tokens, latencies
      FROM (
        SELECT creator_id, seller_id, day, sum(calls) AS calls, ${SUCCESSFUL} AS successful, ${fundedBy('paid')} AS paid,
          ${fundedBy('promotional')} AS promotional, ${fundedBy('trial')} AS trial, sum(revenue) AS revenue, sum(fee) AS fee,
          sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, ${LATENCIES} AS latencies
        FROM sold GROUP BY 1, 2, 3
      ) AS sums
      LEFT JOIN (SELECT creator_id, agent_id, day, count(*) AS users FROM new_callers GROUP BY 1, 2, 3) AS new
        ON (new.creator_id, new.agent_id, new.day) = (sums.creator_id, seller_id, sums.day)
      ORDER BY 1, 2, 3
      ON CONFLICT (creator_id, agent_id, day) DO UPDATE SET
        ${added('agent_usage', SUMS, ['users', 'successful', 'paid', 'promotional', 'trial', 'revenue_usd', 'fee_usd'])}
    ),
    platform_rows AS (
      INSERT INTO platform_usage (day, status, funding, calls, revenue_usd)
      SELECT day, status, source, sum(calls), sum(revenue) FROM counted GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (day, status, funding) DO UPDATE SET ${added('platform_usage', ['calls'], ['revenue_usd'])}
    )`
}

const SUCCESSFUL = sql`coalesce(sum(calls) FILTER (WHERE status = 'success'), 0)`
const LATENCIES = sql`coalesce(sum(latencies) FILTER (WHERE status = 'success'), 0)`
const fundedBy = (source: string): SQL => sql`coalesce(sum(calls) FILTER (WHERE source = ${sql.raw(`'${source}'`)}), 0)`

/** What every table of usage but the platform's sums up. */
const SUMS = ['calls', 'input_tokens', 'output_tokens', 'latencies']

/** What an upsert sets, where what comes is added to what is there. */
function added(table: string, ...columns: string[][]): SQL {
  return sql.raw(
    columns
      .flat()
      .map((column) => `${column} = ${table}.${column} + excluded.${column}`)
      .join(', '),
  )
}
