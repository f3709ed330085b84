/** What was paid, settled and paid out, and where that is written down. */
import { describeChain } from '../chain.ts'
import { ago, all, DAYS, peopleOf, type Size } from './numbers.ts'
import { inTurn, into, type Step } from './steps.ts'

/** The chain of whose contract there are events; nobody answers for it. */
export const BENCH_CHAIN = {
  ...describeChain({ mintKey: `0x${'1a'.repeat(32)}`, settleKey: `0x${'5e'.repeat(32)}` }),
  rpcUrl: 'http://127.0.0.1:9',
}
/** The wallet of a creator, as a number: one of fifty that were paid. */
export const PAID_WALLET = `0x${'1'.padStart(40, '0')}`

export function moneySteps(size: Size): [string, Step][] {
  const few = Math.ceil(size.logs / 50)
  const { creators, developers } = peopleOf(size)
  return [
    [
      'payments',
      into(
        'payments',
        {
          id: `bench_id('payment', n)`,
          user_id: `bench_id('developer', CASE WHEN n % 30 = 0 THEN 0 ELSE n % ${developers} END)`,
          amount_usd: '10',
          quota_purchased: '1000',
          package: `'starter'`,
          payment_method: `CASE WHEN n % 10 = 0 THEN 'coinbase' ELSE 'stripe' END`,
          payment_id: `'session ' || n`,
          status: `CASE WHEN n % 500 = 0 THEN 'held' WHEN n % 20 = 0 THEN 'failed' ELSE 'completed' END`,
          created_at: ago(`${DAYS} * (1 - n::float / ${few})`),
          completed_at: `CASE WHEN n % 20 > 0 THEN now() END`,
          credited_at: `CASE WHEN n % 20 > 0 THEN now() END`,
        },
        all(few),
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
  ]
}

/** The statements of this market have no calls: what is measured is how they are looked for. */
const EMPTY_STATEMENT =
  'kind,call_id,settled_at,agent_id,agent_version,funding,price_usd,revenue_usd,fee_percent,fee_usd,net_usd\r\ntotal,0,,,,,,0.00,,0.00,0.00\r\n'
