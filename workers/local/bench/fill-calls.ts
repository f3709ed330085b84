/** What was called, and what it comes to, added up as the consumer of the log adds it up. */
import { sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { rollUp } from '../../analytics/roll-up.ts'
import { KEYS_MORE } from './fill-people.ts'
import { ago, creatorOf, DAYS, peopleOf, type Size } from './numbers.ts'
import { into, run, unindexed, type Step } from './steps.ts'

/** Calls of one account to one agent come about so many at a time. */
const BURST = 10

export function callSteps(size: Size): [string, Step][] {
  const people = peopleOf(size)
  return [
    ['months', run(MONTHS)],
    [
      'call logs',
      unindexed(
        'call_logs',
        into(
          'call_logs',
          {
            id: 'gen_random_uuid()',
            request_id: `''`,
            agent_id: 'agent',
            agent_version: '1',
            creator_id: 'creator',
            api_key_id: 'key',
            user_id: 'developer',
            provider: `'openai'`,
            model: `'gpt-4.1-mini'`,
            stream: 'k % 2 = 0',
            status: `CASE WHEN (s + k) % 37 = 0 THEN 'error' WHEN (s + k) % 101 = 0 THEN 'timeout' ELSE 'success' END`,
            error_code: `CASE WHEN (s + k) % 37 = 0 THEN '50201' END`,
            input_tokens: '300',
            output_tokens: '200',
            latency_ms: '(400 + 900 * r4 + 40 * k)::int',
            first_content_ms: '(200 + 300 * r4)::int',
            funding: `CASE WHEN (s + k) % 37 = 0 OR (s + k) % 101 = 0 THEN NULL WHEN s % 10 = 0 THEN 'promotional' ELSE 'paid' END`,
            cost_usd: '0.004',
            price_usd: '0.004',
            premium_usd: '0',
            revenue_usd: '0.004',
            fee_percent: '20',
            admitted_at: "at + k * interval '2 seconds'",
            created_at: "at + k * interval '2 seconds'",
          },
          // The busiest account makes some of every hundred calls. Nobody calls more than thirty agents, and most call the best known.
          `(SELECT s, at, r4, bench_id('agent', a) AS agent, bench_id('creator', ${creatorOf(size, 'a')}) AS creator,
              bench_id(CASE WHEN d = 0 AND s % 3 > 0 THEN 'further key' ELSE 'key' END, CASE WHEN d = 0 AND s % 3 > 0 THEN s % ${KEYS_MORE} ELSE d END) AS key, bench_id('developer', d) AS developer
            FROM (SELECT s, at, r4, d, floor(${size.agents} * power(bench_hash(d * 31 + choice) % 1000003 / 1000003.0, 4))::bigint AS a
              FROM (SELECT s, r4, floor(${people.developers} * power(r1, 3))::bigint AS d, floor(30 * r2 * r2)::bigint AS choice,
                  ${ago(`${DAYS} * (1 - s::float / ${Math.ceil(size.logs / BURST)})`)} - interval '1 minute' AS at
                FROM (SELECT s, random() AS r1, random() AS r2, random() AS r4
                  FROM generate_series(1, ${Math.ceil(size.logs / BURST)}) AS s OFFSET 0) AS drawn OFFSET 0) AS asked OFFSET 0) AS chosen OFFSET 0) AS burst,
            LATERAL generate_series(1, ${BURST}) AS k`,
        ),
      ),
    ],
    ['usage', rolledUp],
  ]
}

/** A month after the other: what has to be sorted for one fits into memory. */
const rolledUp: Step = async (client) => {
  await client.query('ANALYZE call_logs')
  const { rows } = await client.query<{ month: string }>(
    `SELECT inhrelid::regclass::text AS month FROM pg_inherits WHERE inhparent = 'call_logs'::regclass ORDER BY 1`,
  )
  for (const { month } of rows) {
    const statement = new PgDialect().sqlToQuery(sql`WITH ${rollUp(sql.raw(month))} SELECT`)
    await client.query(statement.sql, statement.params)
  }
}

/** The partitions that the months before this one had when they were the present. */
const MONTHS = `DO $$
DECLARE month TIMESTAMP;
BEGIN
    FOR back IN 1..7 LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => back);
        EXECUTE format('CREATE TABLE %I PARTITION OF call_logs FOR VALUES FROM (%L) TO (%L)', 'call_logs_' || to_char(month, 'YYYY_MM'),
            month AT TIME ZONE 'UTC', (month + INTERVAL '1 month') AT TIME ZONE 'UTC');
    END LOOP;
END $$`
