import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { bytes, dollars, duration, percent, relative, short } from './format.ts'

beforeEach(() => vi.stubGlobal('document', { documentElement: { lang: 'en' } }))
afterEach(() => vi.unstubAllGlobals())

test('dollars lose no digit that counts, and have two at least', () => {
  expect(['1', '0.5', '0.0015', '12.500000', '0.00000001', '-3', '10000'].map((one) => dollars(one))).toEqual([
    '$1.00',
    '$0.50',
    '$0.0015',
    '$12.50',
    '$0.00000001',
    '−$3.00',
    '$10,000.00',
  ])
})

test('other figures read as a person says them', () => {
  expect([duration(840), duration(1_340)]).toEqual(['840 ms', '1.3 s'])
  expect([bytes(0), bytes(812), bytes(4_200_000)]).toEqual(['0 B', '812 B', '4.2 MB'])
  expect([percent(0.9931), short(1_240)]).toEqual(['99.3%', '1.2K'])
})

test('a moment is said from now, in the language of the page', () => {
  const now = Date.parse('2026-11-25T12:00:00Z')
  expect(relative('2026-11-25T11:57:00Z', now)).toBe('3 minutes ago')
  expect(relative('2026-11-27T12:00:00Z', now)).toBe('in 2 days')
  expect(relative('2026-11-25T11:59:58Z', now)).toBe('now')
  vi.stubGlobal('document', { documentElement: { lang: 'zh-CN' } })
  expect(relative('2026-11-25T11:57:00Z', now)).toBe('3分钟前')
})
