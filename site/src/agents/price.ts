/** A price as it is read: `0.0015` is `$0.0015`, `1` is `$1.00`. At least two decimals, none lost. */
export function price(decimal: string): string {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return `$${whole}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`
}

/** The cheapest and the dearest of some prices, as one phrase. */
export function priceRange(decimals: string[]): string {
  const sorted = decimals.toSorted((a, b) => Number(a) - Number(b)).map(price)
  const [least, most] = [sorted[0], sorted.at(-1)]
  return least === most ? `${least} a call` : `${least} to ${most} a call`
}
