import { billing } from '../words/billing.ts'
import { fill, said } from '../words/words.ts'
import { whole } from '../ui/format.ts'

type Bought = { package: 'starter' | 'pro' | 'enterprise' | null; calls: number }

/** What a payment buys: `Starter, 1,000 calls`. */
export function nameOf({ package: bought, calls }: Bought): string {
  const w = said(billing)
  return bought === null ? w.names.topUp : fill(w.nameCalls, { name: w.names[bought], calls: whole(calls) })
}
