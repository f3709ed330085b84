/**
 * How well passages are found (`npm run eval:rag` prints the table): by vectors alone, by words alone, and by both. The vectors are
 * those of the small local model, to which all Chinese is alike; there the words must do it.
 */
import { expect, test } from 'vitest'
import { learn, newKnowing, type Knowing } from '../tests/documents.ts'
import { DOCUMENTS, fileOf } from '../tests/rag/documents.ts'
import { bindings } from '../tests/world.ts'
import { embed } from './embed.ts'
import { rank, take } from './rank.ts'
import { searchChunks } from './search.ts'
import { placeOf } from './steps.ts'

const MODES = ['vectors', 'words', 'hybrid'] as const
type Mode = (typeof MODES)[number]
type Tally = { questions: number } & Record<Mode, { found: number; reciprocal: number }>

const QUESTIONS = DOCUMENTS.flatMap(({ language, sections }) =>
  sections.flatMap(({ exact, meaning, answer }) => [
    ...exact.map((question) => ({ group: `${language}, its own words`, question, answer })),
    ...meaning.map((question) => ({ group: `${language}, other words`, question, answer })),
  ]),
)

test('the set has five kinds of documents, 150 questions in two languages, and each answer in one section', async () => {
  expect(new Set(DOCUMENTS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(5)
  expect(QUESTIONS.length).toBeGreaterThanOrEqual(150)
  const sections = DOCUMENTS.flatMap((document) => document.sections)
  const wrong = sections.filter(({ answer }) => sections.filter(({ text }) => text.includes(answer)).length !== 1)
  expect(wrong.map(({ heading }) => heading)).toEqual([])
})

test('the passage is among the first five for 85 of 100 questions, and more often than by vectors or by words alone', async () => {
  const knowing = await newKnowing()
  for (const document of DOCUMENTS)
    expect(await learn(knowing, document.filename, await fileOf(document))).toMatchObject({ status: 'ready' })
  const tallies = new Map<string, Tally>()
  for (const { group, question, answer } of QUESTIONS) {
    const places = await placesOf(knowing, question, answer)
    for (const name of [group, 'all']) {
      const tally = tallies.get(name) ?? newTally()
      tallies.set(name, tally)
      tally.questions++
      for (const mode of MODES) {
        const place = places[mode]
        if (place > 0 && place <= 5) tally[mode].found++
        if (place > 0) tally[mode].reciprocal += 1 / place
      }
    }
  }
  print(tallies)
  const all = tallies.get('all') ?? newTally()
  expect(all.hybrid.found / all.questions).toBeGreaterThanOrEqual(0.85)
  expect(all.hybrid.found).toBeGreaterThan(all.vectors.found)
  expect(all.hybrid.found).toBeGreaterThan(all.words.found)
  expect(all.hybrid.reciprocal).toBeGreaterThan(Math.max(all.vectors.reciprocal, all.words.reciprocal))
})

/** The place of the passage in each ranking, from 1, or 0 where it is not among what is near enough. */
async function placesOf({ agent }: Knowing, question: string, answer: string): Promise<Record<Mode, number>> {
  const [vector = new Float32Array()] = await embed(bindings, [question], 10_000)
  const { matches } = await bindings.VECTORS.query([...vector], { topK: 20, namespace: agent.id })
  const named = matches.flatMap(({ id }) => placeOf(id) ?? [])
  const found = await searchChunks(bindings, { agentId: agent.id, fileIds: [], query: question, named })
  const wanted = answer.replaceAll(/\s+/g, '')
  const placeIn = (mode: Mode): number =>
    take(rank(found, { vector, named }, mode), { topK: 20, threshold: mode === 'words' ? -1 : 0.2 }).findIndex(
      ({ content }) => content.replaceAll(/\s+/g, '').includes(wanted),
    ) + 1
  return { vectors: placeIn('vectors'), words: placeIn('words'), hybrid: placeIn('hybrid') }
}

function newTally(): Tally {
  const empty = () => ({ found: 0, reciprocal: 0 })
  return { questions: 0, vectors: empty(), words: empty(), hybrid: empty() }
}

function print(tallies: Map<string, Tally>): void {
  const share = (sum: number, of: number): string => (sum / of).toFixed(3).padStart(7)
  const lines = [...tallies].map(
    ([name, tally]) =>
      name.padEnd(22) +
      String(tally.questions).padStart(5) +
      MODES.map(
        (mode) => share(tally[mode].found, tally.questions) + share(tally[mode].reciprocal, tally.questions),
      ).join('  '),
  )
  const head = `${''.padEnd(22)}    n${MODES.map((mode) => mode.padStart(14)).join('  ')}\n${''.padEnd(27)}${MODES.map(() => '   R@5    MRR').join('   ')}`
  console.log(`\n${head}\n${lines.join('\n')}\n`)
}
