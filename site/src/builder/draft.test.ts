import { expect, test } from 'vitest'
import { changesOf, EMPTY, isPrice } from './draft.ts'

const before = { ...EMPTY, name: 'Tide Table', prompt: 'You know the tides.' }

test('what was not touched is not sent', () => {
  expect(changesOf(before, { ...before })).toEqual({})
  expect(changesOf(before, { ...before, name: 'Tides ' })).toEqual({ name: 'Tides' })
})

test('a changed part of the configuration goes alone', () => {
  expect(changesOf(before, { ...before, prompt: 'You know them all.', price: '0.05' })).toEqual({
    config: { system_prompt: 'You know them all.', price_per_call: '0.05' },
  })
  expect(changesOf(before, { ...before, knowledge: { ...before.knowledge, enabled: true } })).toEqual({
    config: { knowledge_base: { enabled: true } },
  })
})

test('a model is its provider and its name', () => {
  expect(changesOf(before, { ...before, model: 'google gemini-2.5-pro' })).toEqual({
    config: { provider: 'google', model: 'gemini-2.5-pro' },
  })
})

test.each([
  ['0.001', true],
  ['100', true],
  ['0.0009', false],
  ['100.01', false],
  ['0.0000001', false],
  ['1e1', false],
  ['', false],
])('%j as a price: %s', (text, isOne) => {
  expect(isPrice(text)).toBe(isOne)
})
