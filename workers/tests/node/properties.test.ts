/** The design document lists 35 correctness properties. Each is a test of its own, by its number, and stays one. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const PROPERTIES = Array.from({ length: 35 }, (_, at) => `property ${String(at + 1).padStart(2, '0')}`)
/** The name of a test that runs: one that is skipped, or only planned, shows nothing. */
const NAMED = /\b(?:test|it)(?:\.each\([^)]*\))?\(\s*(['"`])((?:property \d{2}(?:, )?)+): .+?\1/g

test('every property of the design document is a named test', () => {
  const named = new Set<string>()
  for (const path of globSync('{workers,site/src,site/edge,contracts}/**/*.test.ts', { cwd: ROOT }))
    for (const [, , names] of readFileSync(join(ROOT, path), 'utf8').matchAll(NAMED))
      for (const name of names?.split(', ') ?? []) named.add(name)
  expect(PROPERTIES.filter((property) => !named.has(property))).toEqual([])
  expect([...named].filter((name) => !PROPERTIES.includes(name))).toEqual([])
})
