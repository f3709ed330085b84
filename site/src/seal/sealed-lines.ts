/**
 * The bars that stand where a prompt would. Their widths come from the hash of the agent's id, never from the prompt:
 * they say that something is there and nothing of what, not even how long it is.
 */
import { sha256 } from '@noble/hashes/sha2.js'

const LINES = 5
/** Percents of a line, gaps included. */
const GAP = 2
const NARROWEST = 7
const WIDEST = 34

/** For each line the widths of its bars, in percents. */
export function sealedLines(id: string): number[][] {
  const hash = sha256(new TextEncoder().encode(`lines:${id}`))
  let next = 0
  const draw = () => NARROWEST + ((hash[next++ % hash.length] ?? 0) % (WIDEST - NARROWEST))
  return Array.from({ length: LINES }, (_, line) => fill(line === LINES - 1 ? 46 + (draw() % 20) : 100, draw))
}

function fill(room: number, draw: () => number): number[] {
  const width = draw()
  if (room <= WIDEST + NARROWEST) return [room]
  return [width, ...fill(room - width - GAP, draw)]
}
