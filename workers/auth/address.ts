/** Ethereum addresses, as people paste them. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import * as z from 'zod'

const FORM = /^0x[0-9a-fA-F]{40}$/
const ZERO = /^0x0{40}$/

/**
 * An address: `0x` and 40 hexadecimal digits, and where it is written in both cases, with the right checksum (EIP-55). Read,
 * it has its checksum. The zero address is nobody's.
 */
export const Address = z
  .string()
  .regex(FORM, 'must be 0x and 40 hexadecimal digits')
  .refine((text) => !ZERO.test(text), 'is the zero address, which is nobody’s')
  .refine((text) => !isMixed(text) || text === checksummed(text), 'has a wrong checksum: a character was mistyped')
  .overwrite((text) => (FORM.test(text) ? checksummed(text) : text))

/** The address with the cases of its letters as EIP-55 has them. */
export function checksummed(address: string): string {
  const digits = address.slice(2).toLowerCase()
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)))
  return `0x${digits.replaceAll(/[a-f]/g, (digit, at: number) => (Number.parseInt(hash[at] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit))}`
}

function isMixed(address: string): boolean {
  const digits = address.slice(2)
  return digits !== digits.toLowerCase() && digits !== digits.toUpperCase()
}
