/** What stands in the market: agents, what they were before, and what is said of them. */
import { ago, all, creatorOf, DAYS, peopleOf, reviewsOf, WORDS, type Size } from './numbers.ts'
import { into, unindexed, type Step } from './steps.ts'

const SHELVES = `(ARRAY['writing','code','data','research','education','support','legal','finance','marketing','design','translation','other'])`
const SENTENCE =
  'Reads what you give it and answers in short paragraphs with sources, an example and one question about what comes next.'

export function agentSteps(size: Size): [string, Step][] {
  const people = peopleOf(size)
  const rate = `1 + (bench_hash(n * 31 + k) % 100 >= 4)::int + (bench_hash(n * 31 + k) % 100 >= 9)::int
    + (bench_hash(n * 31 + k) % 100 >= 20)::int + (bench_hash(n * 31 + k) % 100 >= 50)::int`
  return [
    [
      'agents',
      unindexed(
        'agents',
        into(
          'agents',
          {
            id: `bench_id('agent', n)`,
            creator_id: `bench_id('creator', ${creatorOf(size, 'n')})`,
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
            total_calls: `(${size.logs} / (n + 10))::bigint`,
            total_revenue: `(${size.logs} / (n + 10)) * 0.004`,
            average_rating: `CASE WHEN ${reviewsOf(size)} = 0 THEN 0 ELSE 3 + (bench_hash(n + 9) % 200) / 100.0 END`,
            review_count: reviewsOf(size),
            featured_rank: `CASE WHEN n < 20 AND n % 10 < 8 THEN n + 1 END`,
            published_at: `CASE WHEN n % 10 <> 8 THEN ${ago(`${DAYS} * (bench_hash(n) % 1000) / 1000.0`)} END`,
            created_at: ago(`${DAYS} * (1 + (bench_hash(n) % 1000) / 1000.0)`),
          },
          all(size.agents),
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
        `${all(size.agents)}, LATERAL generate_series(1, CASE n WHEN 0 THEN 60 ELSE 1 END) AS v`,
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
            user_id: `bench_id('developer', (n * 7919 + k) % ${people.developers})`,
            rating: rate,
            content: `CASE WHEN k % 3 > 0 THEN 'It did what it says. ${SENTENCE}' END`,
            status: `CASE WHEN (n + k) % 100 = 0 THEN 'pending' WHEN (n + k) % 100 = 1 THEN 'rejected' ELSE 'approved' END`,
            created_at: ago(`${DAYS} * (bench_hash(n * 17 + k) % 100000) / 100000.0`),
            queued_at: ago(`${DAYS} * (bench_hash(n * 17 + k) % 100000) / 100000.0`),
          },
          `${all(size.agents)}, LATERAL generate_series(1, ${reviewsOf(size)}) AS k`,
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
  ]
}
