/**
 * Money is an `Amount`: a whole number of 10⁻⁸ dollars, as a branded bigint, never a floating number.
 * It is written as DECIMAL(18,8) in Postgres and as a decimal string on the wire.
 */
declare const brand: unique symbol
export type Amount = bigint & { readonly [brand]: 'Amount' }

const SCALE = 8
const ONE_DOLLAR = 100_000_000n
const DECIMAL = /^(-?)(\d{1,10})(?:\.(\d{1,8}))?$/

function brandAmount(units: bigint): Amount {
  return units as Amount
}

export const ZERO = brandAmount(0n)

/** Reads a decimal string such as `0.005` or `-12`; throws a RangeError on anything else, or beyond 18 digits. */
export function amount(text: string): Amount {
  const match = DECIMAL.exec(text)
  if (!match) throw new RangeError('An amount is a decimal with at most 10 digits before the point and 8 after it.')
  const [, sign, whole = '', fraction = ''] = match
  const units = BigInt(whole) * ONE_DOLLAR + BigInt(fraction.padEnd(SCALE, '0'))
  return brandAmount(sign === '-' ? 0n - units : units)
}

/** The amount as a decimal string with at least two digits after the point: `0.005`, `12.00`. */
export function format(value: Amount): string {
  const magnitude = value < 0n ? 0n - value : value
  const whole = magnitude / ONE_DOLLAR
  const fraction = (magnitude % ONE_DOLLAR)
    .toString()
    .padStart(SCALE, '0')
    .replace(/0{1,6}$/, '')
  return `${value < 0n ? '-' : ''}${whole}.${fraction}`
}

export function add(a: Amount, b: Amount): Amount {
  return brandAmount(a + b)
}

export function subtract(a: Amount, b: Amount): Amount {
  return brandAmount(a - b)
}

export function negate(value: Amount): Amount {
  return subtract(ZERO, value)
}

/** The part of `value` that is above `floor`, or zero. */
export function above(value: Amount, floor: Amount): Amount {
  return value > floor ? subtract(value, floor) : ZERO
}

/** `percent` hundredths of `value`. Exact for amounts of at most 6 decimals, which all prices are. */
export function percentOf(value: Amount, percent: number): Amount {
  return brandAmount((value * BigInt(percent)) / 100n)
}

/** The amount as a whole number of 10⁻⁸ dollars, for a SQLite INTEGER column. Throws beyond 2^53 (about $90 million). */
export function toUnits(value: Amount): number {
  const units = Number(value)
  if (!Number.isSafeInteger(units)) throw new RangeError('This amount is too large for an integer column.')
  return units
}

/** The reverse of `toUnits`. */
export function fromUnits(units: number): Amount {
  return brandAmount(BigInt(units))
}

/** As many whole `unit`s as there are in a value that is not negative: `12.34` of cents, of `12.345`. */
export function wholeUnits(value: Amount, unit: Amount): Amount {
  return brandAmount(value - (value % unit))
}

/** The smaller of two. */
export function least(a: Amount, b: Amount): Amount {
  return a < b ? a : b
}
