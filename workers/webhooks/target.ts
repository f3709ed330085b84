/**
 * What the target of a webhook may be: an https address on port 443 whose host has a public name, and whose every address
 * is public. These rules are pure; who asks for the addresses is `check-target.ts`, at creation and before each attempt.
 *
 * A URL is judged as the WHATWG parser reads it, which is how `fetch` reads it: every notation of an IPv4 address, every
 * look-alike dot and every escape has become the plain form by then.
 */

export const URL_CHARS_MAX = 500
const HOST_CHARS_MAX = 253
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** Names that mean something inside somebody's network, or nothing at all (RFC 6761, 6762, 7686, 8375, 9476, ICANN's internal). */
const INNER_ZONES = new Set(
  'alt arpa corp domain example home internal intranet invalid lan local localdomain localhost mail onion private router test workgroup'.split(
    ' ',
  ),
)
/** A webhook that calls us would be a way around our own door, and could call itself for ever. */
const OWN_ZONES = ['agentlink.io']

/** The target as it is kept and called, or what is wrong with it, as a phrase that goes on from the field's name. */
export type Target = { url: string; host: string } | { problem: string }

/** Reads the URL of a webhook. Whether its host's addresses are public is not asked here. */
export function readTarget(text: string): Target {
  if (text.length > URL_CHARS_MAX) return { problem: `must be at most ${URL_CHARS_MAX} characters long` }
  // The parser would take these out, or for others; nobody needs them, and a reader would see another URL than we do.
  if (/[\s\\\p{Cc}\p{Cf}]/u.test(text))
    return { problem: 'must not hold white space, control characters or backslashes' }
  const url = URL.parse(text)
  if (!url || !/^https:\/\/[^/]/i.test(text)) return { problem: 'must be a whole URL that begins with https://' }
  if (url.username !== '' || url.password !== '') return { problem: 'must not hold a user name or a password' }
  if (url.port !== '') return { problem: 'must use port 443' }
  const problem = problemOfHost(url.hostname)
  if (problem !== null) return { problem }
  url.hash = ''
  // Letters of other scripts take more room once they are escaped.
  if (url.href.length > URL_CHARS_MAX) return { problem: `must be at most ${URL_CHARS_MAX} characters long` }
  return { url: url.href, host: url.hostname }
}

function problemOfHost(host: string): string | null {
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return 'must name its host, not an IP address'
  const labels = host.split('.')
  if (labels.length < 2 || host.length > HOST_CHARS_MAX || !labels.every((label) => LABEL.test(label)))
    return 'must name a public host, in full and without a dot at its end'
  if (INNER_ZONES.has(labels.at(-1) ?? '')) return 'must name a public host'
  if (OWN_ZONES.some((zone) => host === zone || host.endsWith(`.${zone}`))) return 'must not be one of ours'
  return null
}

/** Everything that IANA's registry of special-purpose IPv4 addresses does not call globally reachable, and multicast. */
const INNER_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
].map(toBlock)

/**
 * Of IPv6 only 2000::/3 is given out. In it: protocol assignments with Teredo (2001::/23), documentation, 6to4 and
 * AS112 (2620:4f:8000::/48). Outside lie loopback, IPv4 in every disguise (::ffff:0:0/96, 64:ff9b::/96), ULA and link-local.
 */
const OUTER_V6 = toBlock6('2000::/3')
const INNER_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'].map(toBlock6)

/** Whether this is an address of the open internet. What is no address at all is not one. */
export function isPublic(address: string): boolean {
  const v4 = toNumber(address)
  if (v4 !== null) return !INNER_V4.some(({ first, last }) => v4 >= first && v4 <= last)
  const v6 = toBigint(address)
  if (v6 === null) return false
  const isIn = ({ first, last }: Block<bigint>): boolean => v6 >= first && v6 <= last
  return isIn(OUTER_V6) && !INNER_V6.some(isIn)
}

type Block<N> = { first: N; last: N }

function toBlock(text: string): Block<number> {
  const [address = '', bits = ''] = text.split('/')
  const first = toNumber(address) ?? 0
  return { first, last: first + 2 ** (32 - Number(bits)) - 1 }
}

function toBlock6(text: string): Block<bigint> {
  const [address = '', bits = ''] = text.split('/')
  const first = toBigint(address) ?? 0n
  return { first, last: first + 2n ** (128n - BigInt(bits)) - 1n }
}

/** Four decimal numbers, as DNS writes them; no other notation. */
function toNumber(address: string): number | null {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(address)) return null
  const bytes = address.split('.').map(Number)
  return bytes.every((byte) => byte < 256) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : null
}

function toBigint(address: string): bigint | null {
  if (!/^[0-9a-f:.]+$/i.test(address) || !address.includes(':')) return null
  // The URL parser checks it, and turns an IPv4 address at its end into two groups.
  const plain = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1)
  if (plain === undefined) return null
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}
