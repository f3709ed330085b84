/** The picture that goes with a link to an agent: its seal beside sealed lines, as a PNG. No words, so that it needs no language. */
import { zlibSync } from 'fflate'
import { sealCurves, sealSvg } from '../src/seal/seal.ts'
import { sealedLines } from '../src/seal/sealed-lines.ts'

const WIDTH = 1200
const HEIGHT = 630
/** The palette: paper, and steps to the ink of the engraving; then steps to wax. */
const STEPS = 15
const PAPER = [253, 252, 249] as const
const INK = [12, 74, 110] as const
const WAX = [194, 55, 27] as const
const SEAL = { x: 340, y: 315, radius: 235 }
const DOT = 1
/** So many straight pieces make a curve look round. */
const PIECES = 12

type Point = [number, number]

/** The seal for a browser's tab, in colours that hold on light and dark. */
export function icon(id: string): string {
  return sealSvg(id, { sizePx: 32, ink: '#0284c7', wax: '#d9472b' }).replace(
    '<svg ',
    '<svg xmlns="http://www.w3.org/2000/svg" ',
  )
}

/** A PNG of 1200 × 630. */
export function picture(id: string): Uint8Array<ArrayBuffer> {
  const ink = new Float32Array(WIDTH * HEIGHT)
  const wax = new Float32Array(WIDTH * HEIGHT)
  for (const curve of sealCurves(id)) for (const [from, to] of segments(curve)) stroke(ink, from, to, 0.5)
  for (let degree = 0; degree < 360; degree += 0.1) {
    const angle = (degree * Math.PI) / 180
    for (let width = -2; width <= 2; width += 0.5)
      dot(wax, SEAL.x + (SEAL.radius + width) * Math.cos(angle), SEAL.y + (SEAL.radius + width) * Math.sin(angle), 0.6)
  }
  sealedLines(id).forEach((line, row) => {
    let x = 680
    for (const width of line) {
      const end = x + width * 4
      for (let at = Math.round(x); at < end; at += 1)
        for (let y = 0; y < 16; y += 1) ink[(230 + row * 44 + y) * WIDTH + at] = 1
      x = end + 12
    }
  })
  return png(ink, wax)
}

/** The straight pieces of a seal's path on the picture: `M` begins it, `C` and `S` are cubic curves, each walked in steps. */
function* segments(path: string): Generator<[Point, Point]> {
  let at: Point = [0, 0]
  let control: Point = at
  for (const [, command, text = ''] of path.matchAll(/([MCS])([^MCS]*)/g)) {
    const points = pairs(text)
    if (command === 'M') {
      at = points[0] ?? at
      continue
    }
    const size = command === 'S' ? 2 : 3
    for (let index = 0; index + size <= points.length; index += size) {
      const own = points.slice(index, index + size)
      // `S` leaves out the first handle: it mirrors the one before.
      const handle: Point[] = command === 'S' ? [[2 * at[0] - control[0], 2 * at[1] - control[1]]] : []
      const curve = [at, ...handle, ...own]
      for (let piece = 0; piece < PIECES; piece += 1)
        yield [place(bezier(curve, piece / PIECES)), place(bezier(curve, (piece + 1) / PIECES))]
      control = own.at(-2) ?? at
      at = own.at(-1) ?? at
    }
  }
}

function pairs(text: string): Point[] {
  const numbers = (text.match(/-?\d+/g) ?? []).map(Number)
  return numbers.flatMap((x, index): Point[] => (index % 2 === 0 ? [[x, numbers[index + 1] ?? 0]] : []))
}

/** From the square that a seal is drawn in to the picture. */
function place([x, y]: Point): Point {
  return [SEAL.x + (x / 1000) * SEAL.radius, SEAL.y + (y / 1000) * SEAL.radius]
}

function bezier(points: Point[], t: number): Point {
  const [first = [0, 0] as Point, ...rest] = points
  if (rest.length === 0) return first
  return bezier(
    rest.map(([x, y], index): Point => {
      const [fromX, fromY] = points[index] ?? first
      return [fromX + (x - fromX) * t, fromY + (y - fromY) * t]
    }),
    t,
  )
}

function stroke(layer: Float32Array, from: Point, to: Point, strength: number): void {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])))
  for (let step = 0; step < steps; step += 1) {
    dot(layer, from[0] + ((to[0] - from[0]) * step) / steps, from[1] + ((to[1] - from[1]) * step) / steps, strength)
  }
}

/** Spreads a dot over the four pixels it touches. */
function dot(layer: Float32Array, x: number, y: number, strength: number): void {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  for (let dx = 0; dx <= DOT; dx += 1) {
    for (let dy = 0; dy <= DOT; dy += 1) {
      const share = (1 - Math.abs(x - left - dx)) * (1 - Math.abs(y - top - dy))
      const at = (top + dy) * WIDTH + left + dx
      if (share > 0 && at >= 0 && at < layer.length) layer[at] = Math.min(1, (layer[at] ?? 0) + share * strength * 1.6)
    }
  }
}

function png(ink: Float32Array, wax: Float32Array): Uint8Array<ArrayBuffer> {
  const palette = [...tints(INK), ...tints(WAX)].flat()
  const rows = new Uint8Array((WIDTH + 1) * HEIGHT)
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const at = y * WIDTH + x
      const isWax = (wax[at] ?? 0) > 0.05
      rows[y * (WIDTH + 1) + 1 + x] =
        Math.round((isWax ? (wax[at] ?? 0) : (ink[at] ?? 0)) * STEPS) + (isWax ? STEPS + 1 : 0)
    }
  }
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, WIDTH)
  view.setUint32(4, HEIGHT)
  header.set([8, 3, 0, 0, 0], 8)
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)
  const parts = [
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette)),
    chunk('IDAT', zlibSync(rows, { level: 6 })),
    chunk('IEND', new Uint8Array()),
  ]
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  return file
}

function tints(to: readonly [number, number, number]): number[][] {
  return Array.from({ length: STEPS + 1 }, (_, step) =>
    PAPER.map((from, channel) => Math.round(from + (((to[channel] ?? 0) - from) * step) / STEPS)),
  )
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(new TextEncoder().encode(name), 4)
  bytes.set(data, 8)
  let crc = 0xffffffff
  for (const byte of bytes.subarray(4, 8 + data.length)) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  view.setUint32(8 + data.length, (crc ^ 0xffffffff) >>> 0)
  return bytes
}
