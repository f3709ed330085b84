/**
 * A market as large as one likes, made by SQL alone: many agents, few of them known; many developers, few of them busy; calls that
 * come in bursts. Every id is made from a kind and a number (`idOf`), so that whoever asks knows whom to ask for. What a schema
 * has no table or column for is left out.
 */
import { createHash } from 'node:crypto'
import type { Pool, PoolClient } from 'pg'
import { describeChain } from '../chain.ts'
import { hashKey, newKey, prefixOf } from '../../keys/key-format.ts'

export type Size = { agents: number; reviews: number; logs: number }

/** The full size, times a share. */
export function sizeOf(share: number): Size {
  const scaled = (full: number): number => Math.max(1_000, Math.round(full * share))
  return { agents: scaled(100_000), reviews: scaled(1_000_000), logs: scaled(10_000_000) }
}

const DAYS = 180
/** The chain of whose contract there are events; nobody answers for it. */
export const BENCH_CHAIN = {
  ...describeChain({ mintKey: `0x${'1a'.repeat(32)}`, settleKey: `0x${'5e'.repeat(32)}` }),
  rpcUrl: 'http://127.0.0.1:9',
}
/** The wallet of a creator, as a number: one of fifty that were paid. */
export const PAID_WALLET = `0x${'1'.padStart(40, '0')}`
/** Calls of one account to one agent come about so many at a time. */
const BURST = 10
const SHELVES = `(ARRAY['writing','code','data','research','education','support','legal','finance','marketing','design','translation','other'])`
const WORDS = {
  trait:
    'careful quick patient plain exact honest curious gentle sharp steady bright quiet bold thorough friendly brief',
  subject:
    'contract changelog recipe invoice essay lecture tide pool garden budget interview melody proof dataset roadmap letter translation',
  trade:
    'writer reviewer tutor analyst editor guide planner coach critic explorer translator checker summariser designer',
}
const SENTENCE =
  'Reads what you give it and answers in short paragraphs with sources, an example and one question about what comes next.'

/** The id of the nth of a kind, a version 4 UUID. */
export function idOf(kind: string, n: number): string {
  const hex = createHash('md5').update(`${kind}${n}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}

/** Fills an empty, migrated database, and gives the API key of developer 0. `say` is told of each step. */
export async function fill(pool: Pool, size: Size, say: (step: string) => void = () => {}): Promise<{ key: string }> {
  const client = await pool.connect()
  const key = newKey()
  try {
    // Foreign keys are not checked row by row: everything here refers to what is here.
    await client.query('SET session_replication_role = replica')
    await client.query("SET maintenance_work_mem = '512MB'")
    await client.query("SET work_mem = '256MB'")
    await client.query('SET synchronous_commit = off')
    await client.query(ID_FUNCTIONS)
    for (const [name, step] of steps(size, key)) {
      const startedAt = performance.now()
      await step(client)
      say(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`)
    }
  } finally {
    client.release(true)
  }
  return { key }
}

const ID_FUNCTIONS = `
CREATE OR REPLACE FUNCTION bench_id(kind TEXT, n BIGINT) RETURNS UUID LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    overlay(overlay(md5(kind || n) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid;
CREATE OR REPLACE FUNCTION bench_hash(n BIGINT) RETURNS INT LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint8(n) & 2147483647;
CREATE OR REPLACE FUNCTION bench_word(words TEXT, n BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (string_to_array(words, ' '))[1 + n % array_length(string_to_array(words, ' '), 1)];`

type Step = (client: PoolClient) => Promise<void>

function steps({ agents, reviews, logs }: Size, key: string): [string, Step][] {
  const creators = Math.ceil(agents / 10)
  const developers = Math.ceil(agents / 5)
  const few = Math.ceil(logs / 50)
  const ago = (days: string): string => `now() - (${days}) * interval '1 day'`
  const all = (count: number): string => `generate_series(0, ${count - 1}) AS n`
  const creatorOf = (n: string): string => `CASE WHEN ${n} % 1000 = 0 THEN 0 ELSE ${n} % ${creators} END`
  // The nth agent has about so many reviews; together they are what was asked for.
  const reviewsOf = `least(${developers}, floor(${(reviews / Math.log(agents / 20 + 1)) * 1.08} / (n + 20)))::int`
  const person = (kind: string, type: string, count: number, role = 'NULL'): Step =>
    into(
      'users',
      {
        id: `bench_id('${kind}', n)`,
        email: `'${kind}-' || n || '@bench.test'`,
        password_hash: `'none'`,
        user_type: `'${type}'`,
        admin_role: role,
        email_verified: 'TRUE',
        status: type === 'admin' ? `'active'` : `CASE WHEN n % 50 = 49 THEN 'suspended' ELSE 'active' END`,
        created_at: ago(`${DAYS} * (1 - n::float / ${count})`),
      },
      all(count),
    )
  const session = (kind: string, count: number): Step =>
    into(
      'sessions',
      { id: `bench_id('${kind} session', n)`, user_id: `bench_id('${kind}', n)`, expires_at: ago('-365') },
      all(count),
    )
  const ROLES = `(ARRAY['super_admin', 'moderator', 'support'])[1 + n]`
  const rate = `1 + (bench_hash(n * 31 + k) % 100 >= 4)::int + (bench_hash(n * 31 + k) % 100 >= 9)::int
    + (bench_hash(n * 31 + k) % 100 >= 20)::int + (bench_hash(n * 31 + k) % 100 >= 50)::int`
  return [
    [
      'people',
      inTurn(
        person('creator', 'creator', creators),
        person('developer', 'developer', developers),
        person('admin', 'admin', 3, ROLES),
      ),
    ],
    [
      'payouts',
      into(
        'settled_events',
        {
          chain_id: String(BENCH_CHAIN.chainId),
          contract: `'${BENCH_CHAIN.settlement}'`,
          key: `'0x' || lpad(to_hex(n), 64, '0')`,
          payee: `'0x' || lpad((n % 50 + 1)::text, 40, '0')`,
          amount: '1000000 + n',
          credited: 'FALSE',
          tx_hash: `'0x' || lpad(to_hex(n / 10), 64, '0')`,
          block_number: 'n / 10',
          log_index: 'n % 10',
          settled_at: ago(`${DAYS} * (1 - n::float / ${few})`),
          matched: 'TRUE',
        },
        all(few),
      ),
    ],
    ['sessions', inTurn(session('creator', creators), session('developer', developers), session('admin', 3))],
    [
      'profiles',
      inTurn(
        into(
          'creator_profiles',
          {
            user_id: `bench_id('creator', n)`,
            display_name: `initcap(bench_word('${WORDS.trait}', n)) || ' Studio ' || n`,
          },
          all(creators),
        ),
        into(
          'developer_profiles',
          { user_id: `bench_id('developer', n)`, display_name: `'Developer ' || n` },
          all(developers),
        ),
      ),
    ],
    [
      'keys',
      inTurn(
        into(
          'api_keys',
          {
            id: `bench_id('key', n)`,
            user_id: `bench_id('developer', n)`,
            key_hash: `CASE n WHEN 0 THEN '${hashKey(key)}' ELSE md5('a' || n) || md5('b' || n) END`,
            key_prefix: `'${prefixOf(key)}'`,
            name: `'Key ' || n`,
          },
          all(developers),
        ),
        into(
          'api_keys',
          {
            id: `bench_id('further key', n)`,
            user_id: `bench_id('developer', 0)`,
            key_hash: `md5('c' || n) || md5('d' || n)`,
            key_prefix: `'ak_bench'`,
            name: `'Further key ' || n`,
          },
          all(40),
        ),
      ),
    ],
    [
      'agents',
      unindexed(
        'agents',
        into(
          'agents',
          {
            id: `bench_id('agent', n)`,
            creator_id: `bench_id('creator', ${creatorOf('n')})`,
            slug: `'agent-' || n`,
            name: `initcap(concat_ws(' ', bench_word('${WORDS.trait}', n), bench_word('${WORDS.subject}', n / 3), bench_word('${WORDS.trade}', n / 7))) || CASE WHEN n % 20 = 7 THEN ' 潮池讲解' ELSE '' END`,
            description: `bench_word('${WORDS.subject}', n / 5) || ' ' || bench_word('${WORDS.trade}', n / 11) || '. ${SENTENCE}'`,
            category: `${SHELVES}[1 + bench_hash(n) % 12]`,
            status: `CASE WHEN n % 10 = 8 THEN 'draft' WHEN n % 10 = 9 THEN 'inactive' ELSE 'active' END`,
            provider: `(ARRAY['openai', 'openai', 'anthropic', 'google'])[1 + n % 4]`,
            model: `(ARRAY['gpt-4.1-mini', 'gpt-4.1', 'claude-haiku-4-5', 'gemini-2.5-flash'])[1 + n % 4]`,
            config_encrypted: `'\\x00'`,
            config_iv: `'\\x00'`,
            key_id: `'bench'`,
            price_per_call: `(0.001 + (bench_hash(n + 5) % 200) * 0.0005)::decimal(10, 6)`,
            total_calls: `(${logs} / (n + 10))::bigint`,
            total_revenue: `(${logs} / (n + 10)) * 0.004`,
            average_rating: `CASE WHEN ${reviewsOf} = 0 THEN 0 ELSE 3 + (bench_hash(n + 9) % 200) / 100.0 END`,
            review_count: reviewsOf,
            featured_rank: `CASE WHEN n < 20 AND n % 10 < 8 THEN n + 1 END`,
            published_at: `CASE WHEN n % 10 <> 8 THEN ${ago(`${DAYS} * (bench_hash(n) % 1000) / 1000.0`)} END`,
            created_at: ago(`${DAYS} * (1 + (bench_hash(n) % 1000) / 1000.0)`),
          },
          all(agents),
        ),
      ),
    ],
    [
      'versions',
      into(
        'agent_versions',
        {
          id: `bench_id('version ' || v || ' of ', n)`,
          agent_id: `bench_id('agent', n)`,
          version: 'v',
          provider: `'openai'`,
          model: `'gpt-4.1-mini'`,
          price_per_call: '0.004',
          config_encrypted: `'\\x00'`,
          config_iv: `'\\x00'`,
          key_id: `'bench'`,
        },
        `${all(agents)}, LATERAL generate_series(1, CASE n WHEN 0 THEN 60 ELSE 1 END) AS v`,
      ),
    ],
    [
      'reviews',
      unindexed(
        'reviews',
        into(
          'reviews',
          {
            id: `bench_id('review ' || k || ' of ', n)`,
            agent_id: `bench_id('agent', n)`,
            user_id: `bench_id('developer', (n * 7919 + k) % ${developers})`,
            rating: rate,
            content: `CASE WHEN k % 3 > 0 THEN 'It did what it says. ${SENTENCE}' END`,
            status: `CASE WHEN (n + k) % 100 = 0 THEN 'pending' WHEN (n + k) % 100 = 1 THEN 'rejected' ELSE 'approved' END`,
            created_at: ago(`${DAYS} * (bench_hash(n * 17 + k) % 100000) / 100000.0`),
            queued_at: ago(`${DAYS} * (bench_hash(n * 17 + k) % 100000) / 100000.0`),
          },
          `${all(agents)}, LATERAL generate_series(1, ${reviewsOf}) AS k`,
        ),
      ),
    ],
    [
      'review figures',
      into(
        'review_figures',
        Object.fromEntries([
          ['agent_id', 'agent_id'],
          ...[1, 2, 3, 4, 5].map((stars) => [`stars_${stars}`, `count(*) FILTER (WHERE rating = ${stars})`]),
        ]) as Record<string, string>,
        `reviews WHERE status = 'approved' GROUP BY agent_id`,
      ),
    ],
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
          `(SELECT s, at, r4, bench_id('agent', a) AS agent, bench_id('creator', ${creatorOf('a')}) AS creator,
              bench_id('key', d) AS key, bench_id('developer', d) AS developer
            FROM (SELECT s, at, r4, d, floor(${agents} * power(bench_hash(d * 31 + choice) % 1000003 / 1000003.0, 4))::bigint AS a
              FROM (SELECT s, r4, floor(${developers} * power(r1, 3))::bigint AS d, floor(30 * r2 * r2)::bigint AS choice,
                  ${ago(`${DAYS} * (1 - s::float / ${Math.ceil(logs / BURST)})`)} - interval '1 minute' AS at
                FROM (SELECT s, random() AS r1, random() AS r2, random() AS r4
                  FROM generate_series(1, ${Math.ceil(logs / BURST)}) AS s OFFSET 0) AS drawn OFFSET 0) AS asked OFFSET 0) AS chosen OFFSET 0) AS burst,
            LATERAL generate_series(1, ${BURST}) AS k`,
        ),
      ),
    ],
    [
      'usage of accounts',
      unindexed(
        'account_usage',
        into(
          'account_usage',
          { user_id: 'user_id', api_key_id: 'api_key_id', agent_id: 'agent_id', ...USAGE, cost_usd: 'sum(cost_usd)' },
          `call_logs GROUP BY user_id, api_key_id, agent_id, ${DAY}, status, coalesce(funding, 'none')`,
        ),
      ),
    ],
    [
      'usage of agents',
      unindexed(
        'agent_usage',
        into(
          'agent_usage',
          {
            agent_id: 'agent_id',
            creator_id: 'creator_id',
            ...USAGE,
            revenue_usd: 'sum(revenue_usd)',
            fee_usd: 'sum(revenue_usd) * 0.2',
          },
          `call_logs GROUP BY agent_id, creator_id, ${DAY}, status, coalesce(funding, 'none')`,
        ),
      ),
    ],
    [
      'callers of agents',
      unindexed(
        'agent_callers',
        into(
          'agent_callers',
          {
            agent_id: 'agent_id',
            creator_id: 'creator_id',
            user_id: 'user_id',
            day: DAY,
            calls: 'count(*)',
            successful: `count(*) FILTER (WHERE status = 'success')`,
          },
          `call_logs GROUP BY agent_id, creator_id, user_id, ${DAY}`,
        ),
      ),
    ],
    [
      'webhooks',
      into(
        'webhooks',
        {
          id: `bench_id('webhook', n)`,
          user_id: `bench_id('developer', CASE WHEN n < 10 THEN 0 ELSE n END)`,
          url: `'https://hooks.example.com/' || n`,
          events: `'["quota.low"]'`,
          secret: `'bench:' || left(md5(n::text), 22)`,
        },
        all(Math.ceil(developers / 4)),
      ),
    ],
    [
      'deliveries',
      unindexed(
        'webhook_deliveries',
        into(
          'webhook_deliveries',
          {
            id: `bench_id('delivery', n)`,
            webhook_id: `bench_id('webhook', CASE WHEN n % 3 = 0 THEN 0 ELSE n % ${Math.ceil(developers / 4)} END)`,
            event_id: `bench_id('event', n)`,
            event_type: `CASE WHEN n % 40 = 0 THEN 'quota.low' ELSE 'call.completed' END`,
            body: `'{"type":"call.completed","data":{}}'`,
            state: `CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'delivered' END`,
            attempts: '1',
            created_at: ago(`30 * (1 - n::float / ${few})`),
            finished_at: ago(`30 * (1 - n::float / ${few})`),
          },
          all(few),
        ),
      ),
    ],
    [
      'attempts',
      unindexed(
        'webhook_attempts',
        into(
          'webhook_attempts',
          {
            delivery_id: `bench_id('delivery', n)`,
            round: '0',
            number: '1',
            at: ago(`30 * (1 - n::float / ${few})`),
            status: '200',
            latency_ms: '80',
          },
          all(few),
        ),
      ),
    ],
    ...(['developer', 'creator', 'admin'] as const).map((kind): [string, Step] => [
      `notifications of ${kind}s`,
      into(
        'notifications',
        {
          user_id: `bench_id('${kind}', CASE WHEN n % 20 = 0 THEN 0 ELSE n % ${kind === 'admin' ? 3 : creators} END)`,
          id: `bench_id('notification of ${kind}', n)`,
          type: `'quota.low'`,
          title: `'Little is left'`,
          body: `'Half of your calls are used up.'`,
          created_at: ago(`${DAYS} * (1 - n::float / ${few})`),
          read_at: 'CASE WHEN n % 4 > 0 THEN now() END',
        },
        all(Math.ceil(kind === 'admin' ? few / 100 : few / 2)),
      ),
    ]),
    [
      'audit log',
      unindexed(
        'audit_log',
        into(
          'audit_log',
          {
            id: `bench_id('audit', n)`,
            actor_id: `bench_id('admin', n % 3)`,
            actor_role: `'super_admin'`,
            action: `(ARRAY['user.suspended', 'user.activated', 'agent.unpublished', 'review.approved', 'flag.changed'])[1 + n % 5]`,
            subject_type: `'user'`,
            subject_id: `bench_id('developer', n % ${developers})::text`,
            created_at: ago(`${DAYS} * (1 - n::float / ${few})`),
          },
          all(few),
        ),
      ),
    ],
    [
      'dead letters',
      into(
        'dead_letters',
        {
          id: `'letter-' || n`,
          queue: `'call-logs'`,
          body: `'{}'`,
          attempts: '5',
          sent_at: ago('n / 100.0'),
          received_at: ago('n / 100.0'),
        },
        all(2_000),
      ),
    ],
    [
      'settlements',
      inTurn(
        into(
          'settlements',
          {
            id: `bench_id('settlement ' || week || ' of ', n)`,
            creator_id: `bench_id('creator', n)`,
            period_start: `current_date - 7 * (week + 1)`,
            period_end: `current_date - 7 * week`,
            status: `'posted'`,
            amount: '70',
            platform_fee: '14',
            net_amount: '56',
            statement_sha256: `repeat('5e', 32)`,
            statement_bytes: String(EMPTY_STATEMENT.length),
            created_at: ago('7 * week + n / 1000000.0'),
            settled_at: ago('7 * week'),
            told_at: ago('7 * week'),
          },
          `${all(creators)}, LATERAL generate_series(1, 26) AS week`,
        ),
        into(
          'settlement_parts',
          { settlement_id: 'id', fee_percent: '20', creator_id: 'creator_id', gross_usd: '70', withdrawn_usd: '0' },
          'settlements',
        ),
      ),
    ],
    [
      'earnings',
      inTurn(
        // A line a day: of the last week it is open, before that it was settled.
        into(
          'earnings',
          {
            creator_id: `bench_id('creator', n)`,
            day: 'current_date - ago',
            kind: `'calls'`,
            calls: '1',
            revenue_usd: '10',
            fee_percent: '20',
            fee_usd: '2',
            transaction_id: 'gen_random_uuid()',
            settlement_id: `CASE WHEN ago > 7 THEN bench_id('settlement ' || (ago - 1) / 7 || ' of ', n) END`,
          },
          `${all(creators)}, LATERAL generate_series(1, 28) AS ago`,
        ),
        into(
          'ledger_balances',
          {
            account: `(ARRAY['creator_pending:', 'creator_available:'])[1 + kind] || bench_id('creator', n)`,
            balance: '-(ARRAY[70, 1820])[1 + kind]',
          },
          `${all(creators)}, LATERAL generate_series(0, 1) AS kind`,
        ),
      ),
    ],
    [
      'withdrawals',
      inTurn(
        into(
          'withdrawals',
          {
            id: `bench_id('withdrawal ' || month || ' of ', n)`,
            creator_id: `bench_id('creator', n)`,
            amount_usd: '50',
            fee_usd: '10',
            net_usd: '40',
            wallet: `'0x' || repeat('5e', 20)`,
            state: `CASE WHEN month > 1 THEN 'final' WHEN n % 50 = 0 THEN 'held' ELSE 'safe' END`,
            paid_at: `CASE WHEN month > 1 OR n % 50 > 0 THEN ${ago('30 * month')} END`,
            ended_at: `CASE WHEN month > 1 THEN ${ago('30 * month')} END`,
            created_at: ago('30 * month + n / 1000000.0'),
          },
          `${all(creators)}, LATERAL generate_series(1, 6) AS month`,
        ),
        into('withdrawal_steps', { withdrawal_id: 'id', number: '1', state: `'requested'` }, 'withdrawals'),
      ),
    ],
    [
      'differences',
      into(
        'differences',
        {
          name: `'creator_pending'`,
          scope: `'creator:' || n`,
          expected: `'1.00'`,
          found: `'2.00'`,
          last_seen: ago('n / 100.0'),
          resolved_at: 'CASE WHEN n % 20 > 0 THEN now() END',
        },
        all(10_000),
      ),
    ],
    ['statistics', run('VACUUM ANALYZE')],
  ]
}

/** The statements of this market have no calls: what is measured is how they are looked for. */
const EMPTY_STATEMENT =
  'kind,call_id,settled_at,agent_id,agent_version,funding,price_usd,revenue_usd,fee_percent,fee_usd,net_usd\r\ntotal,0,,,,,,0.00,,0.00,0.00\r\n'

const DAY = `(created_at AT TIME ZONE 'UTC')::date`
const USAGE = {
  day: DAY,
  status: 'status',
  funding: `coalesce(funding, 'none')`,
  calls: 'count(*)',
  input_tokens: 'sum(input_tokens)',
  output_tokens: 'sum(output_tokens)',
  latencies: 'array_fill(0, ARRAY[48]) || count(*)::int || array_fill(0, ARRAY[31])',
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

function run(sql: string): Step {
  return async (client) => {
    await client.query(sql)
  }
}

function inTurn(...parts: Step[]): Step {
  return async (client) => {
    for (const part of parts) await part(client)
  }
}

/** Inserts rows made of these expressions. A column that the table has not is left out, and so is all of it without the table. */
function into(table: string, columns: Record<string, string>, from: string): Step {
  return async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [table],
    )
    if (rows.length === 0) return
    const known = new Set(rows.map(({ name }) => name))
    const used = Object.entries(columns).filter(([name]) => known.has(name))
    await client.query(
      `INSERT INTO ${table} (${used.map(([name]) => name).join(', ')}) SELECT ${used.map(([, value]) => value).join(', ')} FROM ${from}`,
    )
  }
}

/** Does the work without the table's indexes, and makes them again afterwards. */
function unindexed(table: string, work: Step): Step {
  return async (client) => {
    const { rows } = await client.query<{
      index: string
      definition: string
      rule: string | null
      constraint: string | null
    }>(
      `SELECT indexrelid::regclass::text AS index, pg_get_indexdef(indexrelid) AS definition,
          pg_get_constraintdef(c.oid) AS rule, quote_ident(c.conname) AS constraint
       FROM pg_index LEFT JOIN pg_constraint c ON c.conindid = indexrelid AND c.contype IN ('p', 'u')
       WHERE indrelid = to_regclass($1) AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.confrelid = indrelid AND f.conindid = indexrelid AND f.contype = 'f')`,
      [table],
    )
    for (const { index, constraint } of rows)
      await client.query(
        constraint === null ? `DROP INDEX ${index}` : `ALTER TABLE ${table} DROP CONSTRAINT ${constraint}`,
      )
    await work(client)
    for (const { definition, rule, constraint } of rows)
      await client.query(
        rule === null
          ? definition.replace(' ON ONLY ', ' ON ')
          : `ALTER TABLE ${table} ADD CONSTRAINT ${constraint} ${rule}`,
      )
  }
}
