/** The words of a text, as they are looked for: without case and accents, Chinese in pairs of characters and single ones, codes also in one. */
const HAN = '\\u3040-\\u30ff\\u3400-\\u9fff'
const RUNS = new RegExp(`[${HAN}]+|(?:(?![${HAN}])[\\p{L}\\p{N}])+(?:[-./_](?:(?![${HAN}])[\\p{L}\\p{N}])+)*`, 'gu')
const IS_HAN = new RegExp(`^[${HAN}]`)
/** Characters of which questions are full and which say little of what they are about. */
const SAYS_LITTLE = new Set(
  '的了吗呢吧啊是有没在和与及或我你您他她它们这那哪什么怎样如何多少几请可以能会不要想就都也还被把给让对为因',
)
const ASKED_MAX = 64
const WORD_CHARS_MAX = 64

/** The words of a chunk, apart by spaces. */
export function wordsOf(text: string): string {
  return wordsIn(text, false).join(' ')
}

/** The words that a question asks for, each once. */
export function askedWords(text: string): string[] {
  return [...new Set(wordsIn(text, true))].slice(0, ASKED_MAX)
}

function wordsIn(text: string, isQuestion: boolean): string[] {
  const folded = text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC')
  return (folded.match(RUNS) ?? []).flatMap((run) => {
    if (IS_HAN.test(run)) return pairsOf(run, isQuestion)
    const parts = run.split(/[-./_]/)
    // AL-4471 is found as al, 4471 and al4471.
    const whole = parts.length > 1 ? [...parts, parts.join('')] : parts
    return whole.filter((word) => word.length <= WORD_CHARS_MAX)
  })
}

/** Chinese in pairs of characters, and in single ones, which are found where the same is said in other words. */
function pairsOf(run: string, isQuestion: boolean): string[] {
  const characters = Array.from(run)
  const pairs = characters.slice(1).map((character, at) => `${characters[at] ?? ''}${character}`)
  const all = [...pairs, ...characters]
  return isQuestion ? all.filter((word) => !Array.from(word).every((character) => SAYS_LITTLE.has(character))) : all
}
