/**
 * The reads whose plans are asserted (tests/node/plans.test.ts) and whose times are measured (`npm run bench:api`): one line for
 * each way in which a list, a search or a dashboard asks the database. A line whose route the document does not have is skipped;
 * a list of the document without a line fails the test.
 */
import { PAID_WALLET } from './fill-money.ts'
import { idOf } from './numbers.ts'

export type Who = 'anyone' | 'developer' | 'creator' | 'admin' | 'key'

export type Read = {
  name: string
  /** As the document names it: `/api/v1/agents/{id}`. */
  route: string
  /** Who asks: number 0 of each kind, who has the most of everything. */
  who: Who
  /** What is asked for the nth time; another `n` is another word or place where that makes sense. */
  path: (n: number) => string
  /** Searches are allowed more time than other reads. */
  isSearch?: boolean
  /** How many rows of tables and indexes all of its statements together may read. Default: 1,000. */
  rows?: number
  /** A table of which the test holds so little that PostgreSQL rightly reads it from end to end. */
  mayScan?: string
}

const WORDS = 'contract careful garden tutor invoice reviewer melody patient budget translator proof quick'.split(' ')
/** Of the sentence that is part of every description. */
const COMMON = 'answers paragraphs sources example question reads short'.split(' ')
const SHELVES = 'writing code data research education support legal finance'.split(' ')

const word = (n: number): string => WORDS[n % WORDS.length] ?? ''
const pair = (n: number): string => `${word(n)}%20${word(n + 1 + Math.floor(n / WORDS.length))}`
const shelf = (n: number): string => SHELVES[n % SHELVES.length] ?? ''
const agent = (n: number): string => idOf('agent', (n % 5) * 10)

/** Days before today, as YYYY-MM-DD. */
const day = (before: number): string => new Date(Date.now() - before * 86_400_000).toISOString().slice(0, 10)

const HALF_A_YEAR = `?from=${day(179)}`

/** Callers are counted each, along an index. */
const CALLERS = 60_000
/** Every agent or key of an account, for each month and for each of the days that are left over. */
const PARTS = 5_000

const V1 = '/api/v1'
const MARKET = `${V1}/marketplace/agents`

/** A read of one list with several queries. */
function list(route: string, who: Who, queries: Record<string, string>, more: Partial<Read> = {}): Read[] {
  return Object.entries(queries).map(([name, query]) => ({
    name,
    route,
    who,
    path: () => `${route}${query}`,
    ...more,
  }))
}

const search = (name: string, query: (n: number) => string): Read => ({
  name,
  route: MARKET,
  who: 'anyone',
  path: (n) => `${MARKET}?${query(n)}`,
  isSearch: true,
  rows: 10_000,
})

export const READS: Read[] = [
  search('search: a word', (n) => `q=${word(n)}`),
  search('search: a word that all have', (n) => `q=${COMMON[n % COMMON.length]}`),
  search(
    'search: two words that all have',
    (n) => `q=${COMMON[n % COMMON.length]}%20${COMMON[(n + 3) % COMMON.length]}`,
  ),
  search('search: two words', (n) => `q=${pair(n)}`),
  search('search: misspelt', (n) => `q=${word(n).slice(0, -2)}${word(n).slice(-1)}x`),
  search('search: nothing found', (n) => `q=zzyzx${n}`),
  search('search: Chinese', () => 'q=%E6%BD%AE%E6%B1%A0'),
  search('search: word, shelf, price, rating', (n) => `q=${word(n)}&category=${shelf(n)}&max_price=0.05&min_rating=4`),
  search('search: word by rating', (n) => `q=${word(n)}&sort=rating`),
  search('market: best', () => ''),
  search('market: by calls', () => 'sort=calls'),
  search('market: by rating', () => 'sort=rating'),
  search('market: newest', () => 'sort=newest'),
  search('market: cheapest', () => 'sort=price'),
  search('market: a shelf by rating', (n) => `category=${shelf(n)}&sort=rating`),
  search('market: a provider, a price', () => 'provider=google&min_price=0.02&max_price=0.03&sort=calls'),
  search('market: a rare filter', () => 'min_rating=4.95&sort=newest&provider=anthropic'),
  {
    name: 'market: shelves',
    route: `${V1}/marketplace/categories`,
    who: 'anyone',
    path: () => `${V1}/marketplace/categories`,
    // It counts to a thousand on each shelf.
    rows: 12_500,
  },
  {
    name: 'market: featured',
    route: `${V1}/marketplace/featured`,
    who: 'anyone',
    path: () => `${V1}/marketplace/featured`,
  },
  { name: 'market: an agent', route: `${MARKET}/{id}`, who: 'anyone', path: (n) => `${MARKET}/${agent(n)}` },
  { name: 'models, as OpenAI lists them', route: '/v1/models', who: 'anyone', path: () => '/v1/models', rows: 2_500 },
  { name: 'catalog.json', route: '/catalog.json', who: 'anyone', path: () => '/catalog.json', rows: 2_500 },
  {
    name: 'agent.md',
    route: '/agents/{slug}/agent.md',
    who: 'anyone',
    path: (n) => `/agents/agent-${(n % 5) * 10}/agent.md`,
  },
  { name: 'llms.txt', route: '/llms.txt', who: 'anyone', path: () => '/llms.txt', rows: 2_500 },
  {
    name: 'reviews of an agent',
    route: `${V1}/reviews/agents/{id}`,
    who: 'anyone',
    path: (n) => `${V1}/reviews/agents/${agent(n)}`,
  },
  {
    name: 'reviews of an agent, best first',
    route: `${V1}/reviews/agents/{id}`,
    who: 'anyone',
    path: (n) => `${V1}/reviews/agents/${agent(n)}?sort=rating&limit=100`,
  },
  ...list(`${V1}/chain/settlements`, 'anyone', { 'what was paid to a wallet': `?creator=${PAID_WALLET}&limit=100` }),
  ...list(`${V1}/reviews/mine`, 'developer', { 'your reviews': '' }),
  ...list(`${V1}/creators/me/reviews`, 'creator', {
    'reviews of your agents': '',
    'reviews of one of your agents': `?agent_id=${idOf('agent', 0)}`,
  }),
  ...list(`${V1}/agents`, 'creator', { 'your agents': '?limit=100', 'your drafts': '?status=draft' }),
  {
    name: 'documents of an agent',
    route: `${V1}/agents/{id}/knowledge`,
    who: 'creator',
    path: () => `${V1}/agents/${idOf('agent', 0)}/knowledge`,
  },
  {
    name: 'chunks of a document',
    route: `${V1}/agents/{id}/knowledge/{fileId}/chunks`,
    who: 'creator',
    path: (n) => `${V1}/agents/${idOf('agent', 0)}/knowledge/${idOf(`file ${1 + (n % 9)} of `, 0)}/chunks?limit=100`,
  },
  {
    name: 'versions of an agent',
    route: `${V1}/agents/{id}/versions`,
    who: 'creator',
    path: () => `${V1}/agents/${idOf('agent', 0)}/versions`,
  },
  {
    name: 'an agent’s figures',
    route: `${V1}/agents/{id}/analytics`,
    who: 'creator',
    path: () => `${V1}/agents/${idOf('agent', 0)}/analytics`,
    rows: CALLERS,
  },
  ...list(
    `${V1}/creators/me/analytics`,
    'creator',
    {
      'creator’s figures, 30 days': '',
      'creator’s figures, half a year': HALF_A_YEAR,
      'creator’s figures, an earlier month': `?from=${day(60)}&to=${day(30)}`,
    },
    { rows: CALLERS },
  ),
  ...list(
    `${V1}/creators/me/analytics.csv`,
    'creator',
    { 'creator’s figures as CSV': '', 'creator’s half a year as CSV': HALF_A_YEAR },
    { rows: CALLERS },
  ),
  ...list(
    `${V1}/creators/me/calls`,
    'creator',
    {
      'calls of your agents': '',
      'calls of one of your agents': `?agent_id=${idOf('agent', 0)}`,
      'failed calls of your agents': '?status=error',
    },
    { rows: 2_500 },
  ),
  {
    name: 'your earnings',
    route: `${V1}/creators/me/earnings`,
    who: 'creator',
    path: () => `${V1}/creators/me/earnings`,
  },
  ...list(`${V1}/creators/me/settlements`, 'creator', { 'your settlements': '' }),
  {
    name: 'a statement',
    route: `${V1}/creators/me/settlements/{id}/statement.csv`,
    who: 'creator',
    path: () => `${V1}/creators/me/settlements/${idOf('settlement 1 of ', 0)}/statement.csv`,
    // It reads the calls of a week.
    rows: 50_000,
  },
  ...list(`${V1}/creators/me/withdrawals`, 'creator', { 'your withdrawals': '' }),
  ...list(`${V1}/developers/keys`, 'developer', { 'your keys': '' }),
  ...list(
    `${V1}/developers/calls`,
    'developer',
    {
      'your calls': '',
      'your calls, 100': '?limit=100',
      'your failed calls': '?status=error',
      'your calls to an agent': `?agent_id=${idOf('agent', 0)}`,
      'your calls by a key': `?api_key_id=${idOf('key', 0)}`,
      'your slow calls': '?min_latency=1500',
      'your calls of a week': `?from=${day(40)}T00:00:00Z&to=${day(33)}T00:00:00Z`,
    },
    { rows: 2_500 },
  ),
  ...list(
    `${V1}/developers/usage`,
    'developer',
    {
      'usage by day': '',
      'usage by agent': '?group_by=agent',
      'usage by key': '?group_by=key',
      'usage by status': '?group_by=status',
      'usage by day, half a year': `${HALF_A_YEAR}&per_page=100`,
      'usage by agent, half a year': `${HALF_A_YEAR}&group_by=agent`,
      'usage by key, half a year': `${HALF_A_YEAR}&group_by=key&per_page=100`,
    },
    { rows: PARTS },
  ),
  ...list('/api/v2/developers/usage', 'developer', { 'usage by day, v2': '' }),
  ...list(
    `${V1}/developers/usage.csv`,
    'developer',
    { 'usage as CSV': '', 'usage by key, half a year, as CSV': `${HALF_A_YEAR}&group_by=key` },
    { rows: PARTS },
  ),
  ...list(
    `${V1}/developers/analytics`,
    'developer',
    { 'developer’s figures': '', 'developer’s figures, half a year': HALF_A_YEAR },
    { rows: 10_000 },
  ),
  ...list(`${V1}/calls`, 'key', { 'calls of the key’s account': '' }),
  ...list(
    `${V1}/payments/history`,
    'developer',
    { 'your payments': '', 'your failed payments': '?status=failed' },
    { rows: 2_500 },
  ),
  ...list(`${V1}/webhooks`, 'developer', { 'your webhooks': '' }),
  ...['', '?state=failed', '?event_type=quota.low', '?state=failed&event_type=quota.low'].map((query) => ({
    name: `deliveries of a webhook ${query}`,
    route: `${V1}/webhooks/{id}/deliveries`,
    who: 'developer' as const,
    path: () => `${V1}/webhooks/${idOf('webhook', 0)}/deliveries${query}`,
  })),
  ...list(
    `${V1}/notifications`,
    'developer',
    { 'your notifications': '', 'your unread ones': '?unread=true' },
    { rows: 2_500 },
  ),
  ...list(`${V1}/notifications`, 'creator', { 'a creator’s notifications': '' }, { rows: 2_500 }),
  ...list(`${V1}/auth/sessions`, 'developer', { 'your sessions': '' }),
  ...list(`${V1}/admin/users`, 'admin', {
    'admin: users': '',
    'admin: creators': '?user_type=creator',
    'admin: suspended users': '?status=suspended',
  }),
  ...list(
    `${V1}/admin/users`,
    'admin',
    { 'admin: users by e-mail': '?q=developer-12' },
    { mayScan: 'creator_profiles', rows: 6_000 },
  ),
  ...list(`${V1}/admin/agents`, 'admin', {
    'admin: agents': '',
    'admin: drafts': '?status=draft',
    'admin: agents by slug': '?slug=contract',
  }),
  ...list(`${V1}/admin/audit-log`, 'admin', {
    'admin: audit log': '',
    'admin: audit log of an action': '?action=user.suspend',
    'admin: audit log of an admin': `?actor_id=${idOf('admin', 0)}`,
  }),
  ...list(`${V1}/admin/moderation/queue`, 'admin', { 'admin: moderation queue': '' }),
  ...list(`${V1}/admin/dashboard/stats`, 'admin', { 'admin: the platform in figures': '' }, { rows: 60_000 }),
  {
    name: 'admin: a user',
    route: `${V1}/admin/users/{id}`,
    who: 'admin',
    path: () => `${V1}/admin/users/${idOf('developer', 0)}`,
  },
  ...list(`${V1}/admin/settlements/pending`, 'admin', { 'admin: pending earnings': '?limit=100' }, { rows: 5_000 }),
  ...list(`${V1}/admin/settlements/history`, 'admin', {
    'admin: settlements': '',
    'admin: settlements of a creator': `?creator_id=${idOf('creator', 0)}`,
    'admin: settlements of a status': '?status=closing',
  }),
  ...list(`${V1}/admin/withdrawals`, 'admin', {
    'admin: withdrawals': '',
    'admin: held withdrawals': '?state=held',
    'admin: withdrawals of a creator': `?creator_id=${idOf('creator', 0)}`,
  }),
  ...list(`${V1}/admin/differences`, 'admin', { 'admin: differences': '', 'admin: all differences': '?open=false' }),
  ...list(`${V1}/admin/payments`, 'admin', {
    'admin: payments': '',
    'admin: payments that are held': '?status=held',
    'admin: payments by crypto': '?method=coinbase',
    'admin: payments of a user': `?user_id=${idOf('developer', 0)}`,
  }),
  ...list(`${V1}/admin/flags`, 'admin', { 'admin: flags': '' }),
  ...list(`${V1}/admin/system/dead-letters`, 'admin', { 'admin: dead letters': '' }),
]
