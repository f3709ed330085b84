/**
 * How much there is in a market that was made, and how it is numbered: every id is made from a kind and a number, so that
 * whoever asks knows whom to ask for. Number 0 of each kind has the most of everything.
 */
import { createHash } from 'node:crypto'

export type Size = { agents: number; reviews: number; logs: number }

/** The full size, times a share. */
export function sizeOf(share: number): Size {
  const scaled = (full: number): number => Math.max(1_000, Math.round(full * share))
  return { agents: scaled(100_000), reviews: scaled(1_000_000), logs: scaled(10_000_000) }
}

/** How far back everything began. */
export const DAYS = 180

/** How many of each kind of people there are. Visitors have registered and done nothing since. */
export const peopleOf = ({ agents }: Size) => ({
  creators: Math.ceil(agents / 10),
  developers: Math.ceil(agents / 5),
  visitors: agents * 2,
  admins: 3,
})

/** The id of the nth of a kind, a version 4 UUID. */
export function idOf(kind: string, n: number): string {
  const hex = createHash('md5').update(`${kind}${n}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}

/** The same in SQL, a hash of a number, and the nth of some words. */
export const FUNCTIONS = `
CREATE OR REPLACE FUNCTION bench_id(kind TEXT, n BIGINT) RETURNS UUID LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    overlay(overlay(md5(kind || n) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid;
CREATE OR REPLACE FUNCTION bench_hash(n BIGINT) RETURNS INT LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN hashint8(n) & 2147483647;
CREATE OR REPLACE FUNCTION bench_word(words TEXT, n BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (string_to_array(words, ' '))[1 + n % array_length(string_to_array(words, ' '), 1)];`

/** The numbers from 0, `count` of them, as `n`. */
export const all = (count: number): string => `generate_series(0, ${count - 1}) AS n`

/** A moment so many days ago; `days` is an expression. */
export const ago = (days: string): string => `now() - (${days}) * interval '1 day'`

/** The creator of an agent by its number, an expression. Creator 0 has every thousandth. */
export const creatorOf = (size: Size, n: string): string =>
  `CASE WHEN ${n} % 1000 = 0 THEN 0 ELSE ${n} % ${peopleOf(size).creators} END`

/** The nth agent has about so many reviews; together they are what was asked for. */
export const reviewsOf = (size: Size): string =>
  `least(${peopleOf(size).developers}, floor(${(size.reviews / Math.log(size.agents / 20 + 1)) * 1.08} / (n + 20)))::int`

/** Words of which names are made. */
export const WORDS = {
  trait:
    'careful quick patient plain exact honest curious gentle sharp steady bright quiet bold thorough friendly brief',
  subject:
    'contract changelog recipe invoice essay lecture tide pool garden budget interview melody proof dataset roadmap letter translation',
  trade:
    'writer reviewer tutor analyst editor guide planner coach critic explorer translator checker summariser designer',
}
