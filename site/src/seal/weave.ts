/** A guilloché border: sine strands of one wavelength, each a little later than the one before. Pure. */

const POINTS_PER_WAVE = 8

export type Weave = { length: number; height: number; waves: number; strands: number }

/** The strands as SVG path data, lying along the x axis from 0 to `length`, `height` tall around y = 0. */
export function weave({ length, height, waves, strands }: Weave): string[] {
  return Array.from({ length: strands }, (_, strand) =>
    strandPath({ length, height, waves, phase: (strand / strands) * 2 * Math.PI }),
  )
}

function strandPath(strand: { length: number; height: number; waves: number; phase: number }): string {
  const steps = strand.waves * POINTS_PER_WAVE
  const stride = strand.length / steps
  const turn = (2 * Math.PI) / POINTS_PER_WAVE
  let path = ''
  for (let step = 0; step <= steps; step++) {
    const angle = step * turn + strand.phase
    const x = step * stride
    const y = (strand.height / 2) * Math.sin(angle)
    const rise = ((strand.height / 2) * Math.cos(angle) * turn) / 3
    if (step === 0) path = `M${pair(x, y)}C${pair(x + stride / 3, y + rise)} `
    else path += `${step === 1 ? '' : 'S'}${pair(x - stride / 3, y - rise)} ${pair(x, y)}`
  }
  return path
}

function pair(x: number, y: number): string {
  return `${Number(x.toFixed(1))} ${Number(y.toFixed(1))}`
}
