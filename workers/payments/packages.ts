/** What can be bought: the document's packages of calls, and prepaid money for premiums. */
import { amount, type Amount } from '../money/amount.ts'

export type Package = { name: string; calls: number; price: Amount }

export const PACKAGES = {
  starter: { name: 'Starter', calls: 1_000, price: amount('10') },
  pro: { name: 'Pro', calls: 10_000, price: amount('80') },
  enterprise: { name: 'Enterprise', calls: 100_000, price: amount('500') },
} as const satisfies Record<string, Package>

export type PackageName = keyof typeof PACKAGES
export const PACKAGE_NAMES = Object.keys(PACKAGES) as [PackageName, ...PackageName[]]

/** A top-up is any amount of whole cents between these. */
export const TOP_UP_MIN = amount('5')
export const TOP_UP_MAX = amount('10000')

/** What a payment buys, as a line of a receipt: `Starter, 1,000 calls`. */
export function nameOf({ package: bought }: { package: PackageName | null }): string {
  if (bought === null) return 'Prepaid balance'
  const { name, calls } = PACKAGES[bought]
  return `${name}, ${calls.toLocaleString('en-US')} calls`
}
