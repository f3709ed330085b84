/** What a stand-in makes of reference material that stands before a question: the sentences that share most words with it. */

/** How the gateway marks it (workers/gateway/recall.ts). */
// Where a wire makes one turn of neighbouring messages, the question follows in the same turn.
const MATERIAL = /^Reference material[\s\S]*?<<<([0-9a-f]{32})\n([\s\S]*?)\n\1>>>/
const HEADS = /^\[\d+\][^\n]*\n/gm
const SENTENCES_MAX = 2

/** The turns without reference material, and that material, if the last question has some. */
export function withoutReference(turns: string[]): { turns: string[]; material: string | undefined } {
  const material = turns.map((turn) => MATERIAL.exec(turn)?.[2]).findLast((found) => found !== undefined)
  return { turns: turns.map((turn) => turn.replace(MATERIAL, '').trim()).filter((turn) => turn !== ''), material }
}

/** The sentences of the material that answer the question best, in their order. */
export function passageFor(material: string, question: string): string {
  const asked = new Set(wordsOf(question))
  const sentences = material.replaceAll(HEADS, '').split(/(?<=[.!?])\s+|(?<=[。！？])|\n+/)
  return sentences
    .map((sentence, place) => ({ sentence: sentence.trim(), place, shared: share(sentence, asked) }))
    .filter(({ sentence }) => sentence !== '')
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, SENTENCES_MAX)
    .toSorted((a, b) => a.place - b.place)
    .map(({ sentence }) => sentence)
    .join(' ')
}

function share(sentence: string, asked: Set<string>): number {
  const words = new Set(wordsOf(sentence))
  let shared = 0
  for (const word of words) if (asked.has(word)) shared += word.length
  return shared / Math.sqrt(words.size + 8)
}

/** Words of letters, five of each enough to know it again; codes and numbers whole; pairs of Chinese characters. */
function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{Script=Latin}\p{N}]+(?:-\p{N}+)*/gu) ?? []
  const chinese = text.match(/\p{Script=Han}{2,}/gu) ?? []
  const pairs = chinese.flatMap((run) =>
    Array.from(run)
      .slice(1)
      .map((character, at) => `${run[at] ?? ''}${character}`),
  )
  return [
    ...words.flatMap((word) => (/\p{N}/u.test(word) ? [word] : word.length > 2 ? [word.slice(0, 5)] : [])),
    ...pairs,
  ]
}
