import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashKey, isWellFormed, newKey, prefixOf } from './key-format.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

test('property 02: 10,000 keys, their hashes too, are all different and all well-formed', () => {
  const keys = Array.from({ length: 10_000 }, newKey)
  expect(new Set(keys).size).toBe(keys.length)
  expect(new Set(keys.map(hashKey)).size).toBe(keys.length)
  for (const key of keys) {
    expect(key).toMatch(/^ak_[0-9A-Za-z]{32}$/)
    expect(isWellFormed(key)).toBe(true)
  }
})

/** CRC-32 bit by bit, as its definition has it: slow, and another program than the one under test. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

test('the last six characters are the CRC-32 of all before them', () => {
  expect(crc32('123456789')).toBe(0xcbf43926)
  for (let i = 0; i < 1_000; i++) {
    const key = newKey()
    const checksum = Array.from(key.slice(-6)).reduce((value, char) => value * 62 + BASE62.indexOf(char), 0)
    expect(checksum).toBe(crc32(key.slice(0, -6)))
  }
})

test('a key with any one character changed is not well-formed', () => {
  const change = fc.record({ at: fc.nat(34), to: fc.constantFrom(...BASE62.split('')) })
  fc.assert(
    fc.property(change, ({ at, to }) => {
      const key = newKey()
      fc.pre(key[at] !== to)
      expect(isWellFormed(key.slice(0, at) + to + key.slice(at + 1))).toBe(false)
    }),
  )
})

test('junk is not well-formed', () => {
  const key = newKey()
  const junk = ['', 'ak_', key.slice(1), key.slice(0, -1), `${key}a`, ` ${key}`, `${key}\n`, key.toUpperCase()]
  for (const text of [...junk, key.replace('ak_', 'sk_'), key.replace(/.$/, 'é'), `ak_${'0'.repeat(32)}`])
    expect(isWellFormed(text), text).toBe(false)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => !isWellFormed(text)),
    { numRuns: 300 },
  )
})

test('each of the 62 characters is as likely as any other', () => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 5_000; i++)
    for (const char of newKey().slice(3, 29)) counts.set(char, (counts.get(char) ?? 0) + 1)
  const mean = (5_000 * 26) / 62
  expect(counts.size).toBe(62)
  // About 46 is one standard deviation here; without the rejection of the last bytes eight characters would be 500 above.
  for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(46 * 7)
})

test('the hash is SHA-256 in hex, the prefix the first eight characters', () => {
  expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(prefixOf('ak_12345678')).toBe('ak_12345')
})
