/** What calls cost in a month: the cheapest packages that hold them, and the premium. All in dollars. */

export type Package = { id: string; name: string; calls: number; price_usd: string }
export type Estimate = {
  /** Packages to buy, the largest first. */
  bought: { name: string; count: number }[]
  packagesUsd: number
  premiumUsd: number
  /** Calls that are left over. */
  left: number
}

/** What a call of a package covers of an agent's price. */
export const COVERED_USD = 0.005
/** Beyond this many combinations the largest package decides. */
const LARGEST_MAX = 10_000

/** The premium of one call of an agent at this price. */
export function premiumOf(price: number): number {
  return Math.max(0, Math.round((price - COVERED_USD) * 1e8) / 1e8)
}

/** The cheapest way to make `calls` in a month. `packages` in any order. */
export function estimate(calls: number, price: number, packages: readonly Package[]): Estimate {
  const needed = Math.max(0, calls)
  const [largest, ...smaller] = packages.toSorted((a, b) => b.calls - a.calls)
  const premiumUsd = needed * premiumOf(price)
  if (!largest || needed === 0) return { bought: [], packagesUsd: 0, premiumUsd, left: 0 }
  let best: Estimate | undefined
  const full = Math.min(Math.floor(needed / largest.calls), LARGEST_MAX)
  for (const count of [full, full + 1]) {
    const found = filled(needed - count * largest.calls, smaller)
    const packagesUsd = found.usd + count * Number(largest.price_usd)
    if (count === full && found.held < needed - count * largest.calls) continue
    if (best && best.packagesUsd <= packagesUsd) continue
    best = {
      bought: [...(count > 0 ? [{ name: largest.name, count }] : []), ...found.bought],
      packagesUsd,
      premiumUsd,
      left: count * largest.calls + found.held - needed,
    }
  }
  return best ?? { bought: [], packagesUsd: 0, premiumUsd, left: 0 }
}

type Filled = { bought: { name: string; count: number }[]; usd: number; held: number }

function filled(needed: number, packages: readonly Package[]): Filled {
  const [largest, ...smaller] = packages
  if (needed <= 0) return { bought: [], usd: 0, held: 0 }
  if (!largest) return { bought: [], usd: 0, held: 0 }
  const full = Math.floor(needed / largest.calls)
  const options = [full, full + 1].flatMap((count): Filled[] => {
    const rest = filled(needed - count * largest.calls, smaller)
    const held = count * largest.calls + rest.held
    if (held < needed) return []
    const bought = count > 0 ? [{ name: largest.name, count }, ...rest.bought] : rest.bought
    return [{ bought, usd: count * Number(largest.price_usd) + rest.usd, held }]
  })
  return options.toSorted((a, b) => a.usd - b.usd)[0] ?? { bought: [], usd: 0, held: 0 }
}
