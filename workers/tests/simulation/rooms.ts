/** The platform's rooms as a history needs them. */

/** Named by variables, because what the Worker's code is typed with does not hold in Node; what it does, does. */
const MODULES = {
  quota: '../../quota/quota.ts',
  amounts: '../../money/amount.ts',
  checkout: '../../payments/checkout.ts',
  settlements: '../../settlements/settlements.ts',
  withdrawals: '../../settlements/withdrawals.ts',
  payouts: '../../settlements/payouts.ts',
  periods: '../../settlements/periods.ts',
}

type Ask<T = unknown> = (...parameters: unknown[]) => Promise<T>
type Tell<T = unknown> = (...parameters: unknown[]) => T

export type Admission = { kind: string; funding?: string }
export type QuotaState = Record<'used' | 'held' | 'unsent' | 'remaining' | 'balance', number> & {
  lots: { id: string; kind: 'paid' | 'promotional'; calls: number; remaining: number; state?: string }[]
}
export type Earnings = Record<'pending' | 'available' | 'inFlight', bigint> &
  Record<'paid' | 'lifetime', { gross: bigint; fee: bigint; net: bigint }>

export type Rooms = {
  quota: Record<'credit' | 'deposit' | 'settle', Ask> & {
    admit: Ask<Admission>
    quotaOf: Ask<QuotaState>
    accountOf: Tell
  }
  amounts: { fromUnits: Tell<bigint> }
  checkout: { checkout: Ask<{ paymentId: string }> }
  settlements: { earningsOf: Ask<Earnings> }
  withdrawals: { withdraw: Ask }
  payouts: { advance: Ask }
  periods: { dueEnd: Tell<string> }
}

/** Loads the rooms into this process. */
export async function openRooms(): Promise<Rooms> {
  const names = Object.keys(MODULES) as (keyof typeof MODULES)[]
  const modules = await Promise.all(names.map(async (name) => [name, (await import(MODULES[name])) as object] as const))
  return Object.fromEntries(modules) as Rooms
}
