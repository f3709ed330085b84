import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { idFrom, isUuid, newId } from './ids.ts'
import { Id } from './wire.ts'

test('the same parts make the same id, others another, and it is a UUID of version 8', async () => {
  expect(await idFrom('quota.low', 'lot', '50')).toBe(await idFrom('quota.low', 'lot', '50'))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string(), { minLength: 1 }), fc.array(fc.string(), { minLength: 1 }), async (a, b) => {
      const [first, second] = await Promise.all([idFrom(...a), idFrom(...b)])
      expect(first === second).toBe(JSON.stringify(a) === JSON.stringify(b))
      expect(isUuid(first) && Id.safeParse(first).success && first[14] === '8').toBe(true)
    }),
  )
})

test('parts are kept apart', async () => {
  expect(await idFrom('ab', 'c')).not.toBe(await idFrom('a', 'bc'))
})

test('new ids are random', () => {
  expect(newId()).not.toBe(newId())
})
