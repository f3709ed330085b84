import { describe, expect, it } from 'vitest'
import { sealCurves, sealSvg } from './seal.ts'
import { sealedLines } from './sealed-lines.ts'

const ids = Array.from({ length: 200 }, (_, index) => `agent ${index}`)
const numbers = (path: string) => (path.match(/-?\d+/g) ?? []).map(Number)

describe('a seal', () => {
  it('is the same for the same id, for ever', () => {
    expect(sealCurves('agentlink').map((path) => path.slice(0, 40))).toMatchInlineSnapshot(`
      [
        "M-858 273C-874 220 -826 146 -738 40S-524",
        "M117 534C163 524 194 463 172 402S76 289 ",
        "M-95 335C-137 323 -166 268 -162 193S-122",
      ]
    `)
  })

  it('differs between ids', () => {
    expect(new Set(ids.map((id) => sealSvg(id))).size).toBe(ids.length)
  })

  it.each(ids.slice(0, 50))('of %s lies within its ring and ends where it began', (id) => {
    for (const path of sealCurves(id)) {
      const points = numbers(path)
      expect(Math.max(...points.map(Math.abs))).toBeLessThan(965)
      expect(points.slice(-2)).toEqual(points.slice(0, 2))
    }
  })

  it('has a closed ring only when its token is verified', () => {
    expect(sealSvg('a', { isVerified: true })).toContain('Z"')
    expect(sealSvg('a')).not.toContain('Z"')
  })

  it('is dashed as a draft and has no wax when inactive', () => {
    expect(sealSvg('a', { state: 'draft' })).toContain('stroke-dasharray')
    expect(sealSvg('a')).not.toContain('stroke-dasharray')
    expect(sealSvg('a', { state: 'inactive' })).not.toContain('--wax')
  })

  it('carries nothing of the id into its markup', () => {
    expect(sealSvg('"><script>')).not.toContain('script')
  })
})

describe('sealed lines', () => {
  it.each(ids.slice(0, 50))('of %s fill their lines and no more', (id) => {
    const lines = sealedLines(id)
    for (const line of lines.slice(0, -1)) expect(line.reduce((a, b) => a + b, 0) + 2 * (line.length - 1)).toBe(100)
    for (const width of lines.flat()) expect(width).toBeGreaterThan(0)
  })
})
