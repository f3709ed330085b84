import { expect, it } from 'vitest'
import { price, priceRange } from './price.ts'

it('shows a price with at least two decimals and loses none', () => {
  expect(['1', '0.5', '0.0015', '12.500000', '0.000001'].map(price)).toEqual([
    '$1.00',
    '$0.50',
    '$0.0015',
    '$12.50',
    '$0.000001',
  ])
})

it('names the cheapest and the dearest', () => {
  expect(priceRange(['0.02', '1.00', '0.001'])).toBe('$0.001 to $1.00 a call')
  expect(priceRange(['0.02', '0.020'])).toBe('$0.02 a call')
})
