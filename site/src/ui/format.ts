/** How amounts, numbers and times read, in the language of the page. */
import { currentLang } from '../words/words.ts'

const DOLLARS_CENTS_MIN = 2

/** The dollars of a decimal string, with every digit that counts: `$0.0125`, `−$3.00`, `$12.50`. */
export function dollars(amount: string | number, decimalsMax = 8): string {
  const value = Number(amount)
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: DOLLARS_CENTS_MIN,
    maximumFractionDigits: decimalsMax,
  })
  return `${value < 0 ? '−' : ''}$${text}`
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return value.toLocaleString('en-US')
}

/** A large number in short: `1.2K`, `3.4M`; `1.2万` in Chinese. */
export function short(value: number): string {
  return value.toLocaleString(currentLang() === 'zh' ? 'zh-CN' : 'en-US', {
    notation: 'compact',
    maximumFractionDigits: 1,
  })
}

/** A share between 0 and 1 in percent. */
export function percent(share: number, decimals = 1): string {
  return share.toLocaleString('en-US', { style: 'percent', maximumFractionDigits: decimals })
}

/** Milliseconds as a person reads them: `840 ms`, `1.3 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

/** Bytes as a person reads them: `812 B`, `4.2 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1)
  return `${(count / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** The exact moment, in this device's zone. */
export function moment(at: string | number | Date): string {
  return new Date(at).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium' })
}

/** The day, as the ledger counts days: in UTC. */
export function day(at: string | number | Date): string {
  return new Date(at).toLocaleDateString(locale(), { dateStyle: 'medium', timeZone: 'UTC' })
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** How long ago, or how soon: `3 minutes ago`, `in 2 days`. */
export function relative(at: string | number | Date, now = Date.now()): string {
  const seconds = (new Date(at).getTime() - now) / 1_000
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' })
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit)
  }
  return format.format(Math.abs(seconds) < 10 ? 0 : Math.trunc(seconds), 'second')
}

function locale(): string {
  return currentLang() === 'zh' ? 'zh-CN' : 'en-GB'
}
