/**
 * The seal of an agent: a guilloché rosette drawn from the SHA-256 of its id, and from nothing else. The same id gives the
 * same curves everywhere: on a card, on a page, as the picture of a token. Pure; needs no browser.
 *
 * Three woven bands lie around one centre. Each is one closed hypotrochoid, the sum of two turning arms:
 * z(t) = a·e^(i·m·t) + b·e^(−i·(n−m)·t), which has n lobes and keeps between the radii |a−b| and a+b. A byte of the hash
 * sets each number below, so anyone can draw the seal again from the id alone.
 */
import { sha256 } from '@noble/hashes/sha2.js'

export type SealState = 'active' | 'draft' | 'inactive'

export type SealOptions = {
  state?: SealState
  /** A verified token on chain closes the ring. */
  isVerified?: boolean
  /** The width in pixels that it will be shown at; small seals get relatively thicker lines. */
  sizePx?: number
  /** Colours of the lines and of the ring, for places without the site's style sheet. */
  ink?: string
  wax?: string
}

/** Half the side of the square that a seal is drawn in; all coordinates are whole numbers between −1000 and 1000. */
const HALF = 1000
const RING_RADIUS = 965
/** The open ring of an unverified agent leaves this many degrees free, at the top. */
const RING_GAP_DEGREES = 46
const POINTS_PER_LOBE = 4
/** Every curve counts as this long, so that one dash pattern, and one drawing motion, fits them all. */
const PATH_LENGTH = 10_000
/** No line is thinner than this on screen. */
const LINE_PX_MIN = 0.6

/** `swing` is the speed of the long arm over that of the short one: well above 1 weaves, well below 1 loops, near 1 has thorns. */
type Shape = { lobes: number; swing: number; inner: number; outer: number; phase: number }

/** The seal of `id` as an SVG element with a `viewBox` and no size. Holds numbers and the given colours only. */
export function sealSvg(id: string, options: SealOptions = {}): string {
  const { state = 'active', isVerified = false, sizePx = 240 } = options
  const ink = state === 'inactive' ? 'var(--seal-idle,#8a97a0)' : (options.ink ?? 'currentColor')
  const wax = state === 'active' ? (options.wax ?? 'var(--wax,#c2371b)') : ink
  const dashes = state === 'draft' ? ' stroke-dasharray="9 7"' : ''
  const ringDashes = state === 'draft' ? ' stroke-dasharray="60 44"' : ''
  const line = Math.max(7, Math.round((LINE_PX_MIN * 2 * HALF) / sizePx))
  const curves = sealCurves(id).map(
    (d) => `<path d="${d}" stroke="${ink}" stroke-width="${line}"${dashes} pathLength="${PATH_LENGTH}"/>`,
  )
  const ring = `<path d="${ringPath(isVerified)}" stroke="${wax}" stroke-width="${isVerified ? 4 * line : 2.5 * line}"${ringDashes}/>`
  const box = `${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`
  return `<svg viewBox="${box}" fill="none" aria-hidden="true" class="seal">${curves.join('')}${ring}</svg>`
}

/** The three curves of the seal of `id` as SVG path data, the outermost first. */
export function sealCurves(id: string): string[] {
  return shapesOf(sha256(new TextEncoder().encode(id))).map(curve)
}

function shapesOf(hash: Uint8Array): Shape[] {
  const pick = (index: number, from: number, to: number) => from + ((hash[index] ?? 0) / 255) * (to - from)
  const whole = (index: number, from: number, to: number) => from + ((hash[index] ?? 0) % (to - from + 1))
  const swing = (index: number) => ((hash[index] ?? 0) < 128 ? pick(index, 0.25, 0.75) : pick(index, 1.2, 2.6))
  const phase = (index: number) => pick(index, 0, 2 * Math.PI)
  const edge = pick(0, 520, 650)
  const heartEdge = pick(1, 240, 350)
  return [
    { lobes: whole(2, 26, 40), swing: pick(3, 1.5, 2.6), inner: edge, outer: 900, phase: phase(4) },
    { lobes: whole(5, 13, 22), swing: swing(6), inner: heartEdge, outer: edge + pick(7, 10, 150), phase: phase(8) },
    {
      lobes: whole(9, 6, 12),
      swing: swing(10),
      inner: pick(11, 30, 120),
      outer: heartEdge + pick(12, 20, 90),
      phase: phase(13),
    },
  ]
}

/** The turns that come nearest to the wished swing and still close the band in one line: no divisor in common with the lobes. */
function turnsOf({ lobes, swing }: Shape, a: number, b: number): number {
  const wished = Math.max(1, Math.round((swing * b * lobes) / (a + swing * b)))
  for (let turns = wished; turns < lobes; turns++) if (divisor(turns, lobes) === 1) return turns
  return 1
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}

/** The shape as smooth cubic curves: each next control point is the mirror of the one before, so `S` needs only half of them. */
function curve(shape: Shape): string {
  const a = (shape.outer + shape.inner) / 2
  const b = (shape.outer - shape.inner) / 2
  const turns = turnsOf(shape, a, b)
  const back = shape.lobes - turns
  const steps = shape.lobes * POINTS_PER_LOBE
  const third = (2 * Math.PI) / steps / 3
  let path = ''
  for (let step = 0; step <= steps; step++) {
    const t = (step / steps) * 2 * Math.PI
    const forth = turns * t + shape.phase
    const against = back * t - shape.phase
    const x = a * Math.cos(forth) + b * Math.cos(against)
    const y = a * Math.sin(forth) - b * Math.sin(against)
    const dx = -a * turns * Math.sin(forth) - b * back * Math.sin(against)
    const dy = a * turns * Math.cos(forth) - b * back * Math.cos(against)
    if (step === 0) path = `M${pair(x, y)}C${pair(x + dx * third, y + dy * third)} `
    else path += `${step === 1 ? '' : 'S'}${pair(x - dx * third, y - dy * third)} ${pair(x, y)}`
  }
  return path
}

function ringPath(isClosed: boolean): string {
  if (isClosed) return `M0 ${-RING_RADIUS}A${RING_RADIUS} ${RING_RADIUS} 0 1 1 -1 ${-RING_RADIUS}Z`
  const half = (RING_GAP_DEGREES / 2 / 180) * Math.PI
  const x = RING_RADIUS * Math.sin(half)
  const y = -RING_RADIUS * Math.cos(half)
  return `M${pair(x, y)}A${RING_RADIUS} ${RING_RADIUS} 0 1 1 ${pair(-x, y)}`
}

function pair(x: number, y: number): string {
  return `${Math.round(x)} ${Math.round(y)}`
}
