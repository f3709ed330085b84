/** The JSON of a token: canonical (RFC 8785), so that anybody who has its fields makes the same bytes, and the same hash. */
import { keccak256, stringToHex } from 'viem/utils'
import type { Address, Hex } from 'viem'

/** As the document has it. `created_at` in seconds since 1970. */
export type Metadata = {
  name: string
  description: string
  agent_id: string
  creator: Address
  created_at: number
  platform: 'AgentLink'
}

/** The bytes that are served, as text, and what the chain holds of them: the keccak256 of its UTF-8. */
export function metadataOf(fields: Omit<Metadata, 'platform'>): { json: string; hash: Hex } {
  const json = canonical({ ...fields, platform: 'AgentLink' })
  return { json, hash: keccak256(stringToHex(json)) }
}

/** A flat object as RFC 8785 writes it: names in order, no spaces; texts and numbers as ECMAScript does. */
function canonical(fields: Record<string, string | number>): string {
  const names = Object.keys(fields).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(fields[name])}`).join(',')}}`
}

/** The name of a token's file: its id as 64 lower-case hex digits, as ERC-1155 wants it. */
export function tokenFile(tokenId: bigint): string {
  return `${tokenId.toString(16).padStart(64, '0')}.json`
}
