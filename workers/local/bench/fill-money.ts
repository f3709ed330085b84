/** What was paid out, and where that is written down. */
import { describeChain } from '../chain.ts'
import { ago, all, DAYS, type Size } from './numbers.ts'
import { into, type Step } from './steps.ts'

/** The chain of whose contract there are events; nobody answers for it. */
export const BENCH_CHAIN = {
  ...describeChain({ mintKey: `0x${'1a'.repeat(32)}`, settleKey: `0x${'5e'.repeat(32)}` }),
  rpcUrl: 'http://127.0.0.1:9',
}
/** The wallet of a creator, as a number: one of fifty that were paid. */
export const PAID_WALLET = `0x${'1'.padStart(40, '0')}`

export function moneySteps(size: Size): [string, Step][] {
  const few = Math.ceil(size.logs / 50)
  return [
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
