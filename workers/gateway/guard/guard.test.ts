import { assert as check, array, constantFrom, integer, property, string, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pieces } from '../../tests/attacks.ts'
import { CHINESE, PROSE } from '../../tests/prompts.ts'
import { type Exposure, Guard, type GuardOptions, isBudgetUsed, LeakBlocked, mergeExposures } from './guard.ts'
import { compileLeakIndex, type LeakIndex } from './leak-index.ts'

const prose = compileLeakIndex(PROSE, [])
const OPEN: GuardOptions = { callerTexts: [], strict: false }

/** What comes of a text cut into these pieces: all of it, or null where the guard blocked. */
function through(index: LeakIndex, texts: readonly string[], options: Partial<GuardOptions> = {}): string | null {
  const guard = new Guard(index, { ...OPEN, ...options })
  try {
    return texts.map((text) => guard.push('text', text)).join('') + guard.end('text')
  } catch (thrown) {
    if (thrown instanceof LeakBlocked) return null
    throw thrown
  }
}

/** The exposures of a text that passes. */
function exposures(text: string, options: Partial<GuardOptions> = {}): Exposure[] {
  const guard = new Guard(prose, { ...OPEN, ...options })
  guard.push('text', text)
  guard.end('text')
  return guard.exposures
}

describe('text that leaks nothing', () => {
  test('leaves at once and as it came', () => {
    const guard = new Guard(prose, OPEN)
    for (const piece of ['Cream ', 'that has curdled', ' can be', ' whisked again. 🍲', '\n\n汤'])
      expect(guard.push('text', piece)).toBe(piece)
    expect(guard.end('text')).toBe('')
  })

  test('is held while it spells twelve characters of the prompt, and released when it goes on differently', () => {
    const guard = new Guard(prose, OPEN)
    expect(guard.push('text', 'Tell me how many minutes rem')).toBe('Tell me ')
    expect(guard.push('text', 'ai')).toBe('')
    expect(guard.push('text', 'ned')).toBe('how many minutes remained')
    expect(guard.end('text')).toBe('')
  })

  test('comes out at the end when it stops in the middle of a match', () => {
    const guard = new Guard(prose, OPEN)
    const out = guard.push('text', 'She was leaning over the stove')
    expect(out).toBe('She was ')
    expect(out + guard.end('text')).toBe('She was leaning over the stove')
  })

  test('keeps the halves of a character together', () => {
    const guard = new Guard(prose, OPEN)
    expect(guard.push('text', 'soup \ud83c')).toBe('soup ')
    expect(guard.push('text', '\udf72!')).toBe('🍲!')
  })

  test('is never lost, altered or reordered, whatever it is and however it is cut', () => {
    const part = constantFrom(
      'how many minutes ',
      'guests arrive',
      '汤🍲',
      '%41',
      '&amp;',
      '\\u00',
      'aGVsbG8gd29ybGQgaGVsbG8',
      '0x48 65',
      ' ',
      '\n',
    )
    const texts = array(tuple(string({ unit: 'binary', maxLength: 12 }), part), { maxLength: 12 })
    check(
      property(texts, integer({ min: 1, max: 9 }), (parts, size) => {
        const text = parts.flat().join('')
        const out = through(prose, pieces(text, size))
        return out === null || out === text
      }),
    )
  })

  test('may be long and full of encoded images without being held beyond a few characters', () => {
    const bytes = Array.from({ length: 10_000 }, (_, i) => String.fromCharCode((i * i * 31 + i * 7) % 256)).join('')
    const guard = new Guard(prose, OPEN)
    const text = `![soup](data:image/png;base64,${btoa(bytes)})`
    let out = ''
    for (const [i, piece] of pieces(text, 50).entries()) {
      out += guard.push('text', piece)
      expect((i + 1) * 50 - out.length).toBeLessThanOrEqual(64)
    }
    expect(out + guard.end('text')).toBe(text)
  })

  test('is not held for ever by what stands between the letters of a match', () => {
    const guard = new Guard(prose, OPEN)
    const text = `how many minutes${' '.repeat(20_000)}`
    expect(text.length - guard.push('text', text).length).toBeLessThanOrEqual(4096)
  })
})

describe('the decision to block', () => {
  test('does not depend on how the text is cut', () => {
    const cuts = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })
    const span = tuple(integer({ min: 0, max: PROSE.length - 80 }), integer({ min: 5, max: 60 }))
    check(
      property(span, cuts, ([start, length], sizes) => {
        const text = `I was told: ${PROSE.slice(start, start + length)}, and no more.`
        const cut: string[] = []
        for (let at = 0, i = 0; at < text.length; at += sizes[i++ % sizes.length]!)
          cut.push(text.slice(at, at + sizes[i % sizes.length]!))
        expect(through(prose, cut)).toBe(through(prose, [text]))
      }),
      { numRuns: 300 },
    )
  })

  test('is final for all lanes', () => {
    const guard = new Guard(prose, OPEN)
    guard.push('tool:0', 'harmless')
    expect(() => guard.push('text', PROSE)).toThrow(LeakBlocked)
    expect(() => guard.push('tool:0', 'still harmless')).toThrow(LeakBlocked)
    expect(() => guard.end('tool:0')).toThrow(LeakBlocked)
  })

  test('tells nothing of what was matched', () => {
    const guard = new Guard(prose, OPEN)
    try {
      guard.push('text', PROSE)
      expect.unreachable()
    } catch (thrown) {
      expect(String(thrown)).toBe('LeakBlocked: The answer was withheld.')
      expect(Object.keys(thrown as object)).toEqual(['name'])
    }
  })

  test('is taken before more than eleven normalised characters are out', () => {
    for (const start of [0, 101, 333]) {
      const guard = new Guard(prose, OPEN)
      let out = ''
      expect(() => {
        for (const character of PROSE.slice(start, start + 80)) out += guard.push('text', character)
      }).toThrow(LeakBlocked)
      expect(out.replace(/[^a-z0-9]/gi, '').length).toBeLessThanOrEqual(11)
    }
  })

  test('holds for Chinese, where twelve characters are a sentence', () => {
    const index = compileLeakIndex(CHINESE, [])
    expect(through(index, [`我可以说：${CHINESE.slice(40, 54)}`])).toBeNull()
    expect(through(index, [`我可以说：${CHINESE.slice(40, 46)}这样的话`])).not.toBeNull()
  })
})

describe('a prompt that is short', () => {
  test.each(['Be kind.', 'Sing!', 'Answer in rhymes', 'Reply only in haiku, 5-7-5.'])(
    '(%s) never leaves whole',
    (prompt) => {
      const index = compileLeakIndex(prompt, [])
      for (const size of [1, 3, 1000]) {
        expect(through(index, pieces(prompt, size))).toBeNull()
        expect(through(index, pieces(`My orders are: "${prompt.toUpperCase()}" and that is all.`, size))).toBeNull()
      }
    },
  )

  test('may leave in parts, and as a part of longer words', () => {
    expect(
      through(compileLeakIndex('Be kind.', []), ['A kind reply: one may be kinder, or maybe kind.']),
    ).not.toBeNull()
    expect(through(compileLeakIndex('Reply only in haiku, 5-7-5.', []), ['I reply only in verse.'])).not.toBeNull()
  })

  test('is found in Chinese without spaces around it', () => {
    expect(through(compileLeakIndex('只用诗回答。', []), ['我的任务是只用诗回答，不多说。'])).toBeNull()
  })

  test('of fewer than four characters is not guarded', () => {
    expect(through(compileLeakIndex('Hi!', []), ['Hi!'])).toBe('Hi!')
    expect(through(compileLeakIndex('', []), ['Anything.'])).toBe('Anything.')
  })
})

describe('what the caller sent', () => {
  const guess = PROSE.slice(60, 160)

  test('may be said back to him', () => {
    expect(through(prose, pieces(`You wrote: ${guess}. Right?`, 5))).toBeNull()
    expect(
      through(prose, pieces(`You wrote: ${guess}. Right?`, 5), { callerTexts: ['Hello', `Is it "${guess}"?`] }),
    ).not.toBeNull()
  })

  test('may be said back to him in another form', () => {
    expect(through(prose, [btoa(guess)], { callerTexts: [guess] })).toBe(btoa(guess))
    expect(through(prose, [guess], { callerTexts: [btoa(guess)] })).toBe(guess)
  })

  test('does not free what follows it in the prompt', () => {
    expect(through(prose, [PROSE.slice(60, 200)], { callerTexts: [guess] })).toBeNull()
  })

  test('in many small pieces frees nothing', () => {
    const scraps = pieces(PROSE, 20).toSorted()
    expect(through(prose, [guess], { callerTexts: [scraps.join(' ... ')] })).toBeNull()
  })

  test('does not tell by a block whether a guess was right', () => {
    const wrong = `${guess.slice(0, -1)}#`
    for (const callerText of [guess, wrong])
      expect(through(prose, [callerText], { callerTexts: [callerText] })).toBe(callerText)
  })
})

describe('what is public', () => {
  const description = PROSE.slice(0, 140)
  const index = compileLeakIndex(PROSE, [`About this agent: ${description}`])

  test('may leave', () => {
    expect(through(prose, [description])).toBeNull()
    expect(through(index, pieces(description, 4))).toBe(description)
  })

  test('does not free the rest of the prompt', () => {
    expect(through(index, [PROSE.slice(150, 220)])).toBeNull()
    expect(through(index, [PROSE.slice(90, 190)])).toBeNull()
  })

  test('may be all of the prompt', () => {
    expect(through(compileLeakIndex('Be kind.', ['Be kind.']), ['Be kind.'])).toBe('Be kind.')
    expect(through(compileLeakIndex(PROSE, [PROSE]), [PROSE])).toBe(PROSE)
  })
})

describe('what drips', () => {
  const drop = PROSE.slice(20, 48)

  test('is exposed from sixteen characters on, at its place in the normalised prompt', () => {
    const before = PROSE.slice(0, 20).replace(/[^a-z]/gi, '').length
    const length = drop.replace(/[^a-z]/gi, '').length
    expect(exposures(`x: ${drop}; no more`)).toEqual([{ start: before, end: before + length }])
    expect(exposures('a patient cook')).toEqual([])
  })

  test('is not exposed when the caller knew it', () => {
    expect(exposures(`x: ${drop}; no more`, { callerTexts: [`x: ${drop}!`] })).toEqual([])
  })

  test('is blocked in strict mode', () => {
    expect(through(prose, [`x: ${drop}; no more`])).not.toBeNull()
    expect(through(prose, [`x: ${drop}; no more`], { strict: true })).toBeNull()
    expect(through(prose, ['x: a patient cook'], { strict: true })).not.toBeNull()
  })

  test('is merged with what touches it', () => {
    const merged = mergeExposures([{ start: 40, end: 60 }, { start: 0, end: 10 }], [{ start: 55, end: 70 }, { start: 10, end: 12 }]) // prettier-ignore
    expect(merged).toEqual([{ start: 0, end: 12 }, { start: 40, end: 70 }]) // prettier-ignore
    expect(mergeExposures([], [])).toEqual([])
  })

  test('uses up a budget of 120 characters, or of a tenth of a shorter prompt', () => {
    expect(isBudgetUsed([{ start: 0, end: 119 }], 5000)).toBe(false)
    expect(isBudgetUsed([{ start: 0, end: 60 }, { start: 100, end: 160 }], 5000)).toBe(true) // prettier-ignore
    expect(isBudgetUsed([{ start: 0, end: 40 }], 500)).toBe(false)
    expect(isBudgetUsed([{ start: 0, end: 50 }], 500)).toBe(true)
    expect(isBudgetUsed([], 0)).toBe(false)
  })
})

describe('an index', () => {
  test('says how long the prompt is, and nothing else', () => {
    const index = compileLeakIndex('Canary 7391: hush!', [])
    expect(index.length).toBe(15)
    expect(Object.keys(index)).toEqual(['length'])
    expect(JSON.stringify(index)).toBe('{"length":15}')
  })

  test('of the largest prompt takes long texts without stumbling', () => {
    const words = PROSE.split(' ')
    const large = Array.from({ length: 6400 }, (_, i) => words[(i * i + (i >> 3)) % words.length]).join(' ').slice(0, 32_000) // prettier-ignore
    const index = compileLeakIndex(large, [])
    expect(through(index, ['A', large.slice(17_000, 17_080)])).toBeNull()
    expect(through(index, ['Nothing of the kind. '.repeat(500)])).not.toBeNull()
    expect(through(compileLeakIndex('ha'.repeat(16_000), []), ['h', 'ha'.repeat(9)])).not.toBeNull()
  })
})
