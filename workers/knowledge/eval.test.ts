/**
 * How well passages are found (`npm run eval:rag` prints the table): by vectors alone, by words alone, and by both. The vectors are
 * those of the small local model, to which all Chinese is alike; there the words must do it.
 */
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { learn, newKnowing, type Knowing } from '../tests/documents.ts'
import { DOCUMENTS, fileOf } from '../tests/rag/documents.ts'
import { bindings } from '../tests/world.ts'
import { embed } from './embed.ts'
import { rank, take } from './rank.ts'
import { searchChunks } from './search.ts'
import { placeOf } from './steps.ts'

/** As agents have it that say nothing of it. */
const THRESHOLD = 0.2
const BATCH = 32
const WHOLE_MS_MAX = 300_000
const MODES = ['vectors', 'words', 'hybrid'] as const
type Mode = (typeof MODES)[number]
type Tally = { questions: number } & Record<Mode, { found: number; reciprocal: number }>

const QUESTIONS = DOCUMENTS.flatMap(({ kind, language, sections }) =>
  sections.flatMap(({ exact, meaning, answer }) => [
    ...exact.map((question) => ({ groups: [language, `${language}, its own words`, kind], question, answer })),
    ...meaning.map((question) => ({ groups: [language, `${language}, other words`, kind], question, answer })),
  ]),
)
/** A third of the questions says the same in a third of the time: `npm run eval:rag` asks all. */
const ASKED = QUESTIONS.filter((_, at) => env.EVALUATION === 'whole' || at % 3 === 0)

test('the set has five kinds of documents, 150 questions in two languages, and each answer in one section', async () => {
  expect(new Set(DOCUMENTS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(5)
  expect(QUESTIONS.length).toBeGreaterThanOrEqual(150)
  expect(new Set(QUESTIONS.map(({ question }) => question)).size).toBe(QUESTIONS.length)
  const sections = DOCUMENTS.flatMap((document) => document.sections)
  const wrong = sections.filter(({ answer }) => sections.filter(({ text }) => text.includes(answer)).length !== 1)
  expect(wrong.map(({ heading }) => heading)).toEqual([])
})

test(
  'the passage is among the first five for 85 of 100 questions, and more often than by vectors or by words alone',
  { timeout: WHOLE_MS_MAX },
  async () => {
    const knowing = await newKnowing()
    for (const document of DOCUMENTS)
      expect(await learn(knowing, document.filename, await fileOf(document))).toMatchObject({ status: 'ready' })
    const tallies = new Map<string, Tally>()
    const tallyOf = (name: string): Tally => {
      const tally = tallies.get(name) ?? newTally()
      tallies.set(name, tally)
      return tally
    }
    for (let from = 0; from < ASKED.length; from += BATCH) {
      const batch = ASKED.slice(from, from + BATCH)
      const vectors = await embed(
        bindings,
        batch.map(({ question }) => question),
        20_000,
      )
      for (const [at, { groups, question, answer }] of batch.entries()) {
        const places = await placesOf(knowing, { question, vector: vectors[at] ?? new Float32Array(), answer })
        for (const tally of ['all', ...groups].map(tallyOf)) {
          tally.questions++
          for (const mode of MODES) {
            const place = places[mode]
            if (place > 0 && place <= 5) tally[mode].found++
            if (place > 0) tally[mode].reciprocal += 1 / place
          }
        }
      }
    }
    print(tallies)
    const all = tallyOf('all')
    expect(all.hybrid.found / all.questions).toBeGreaterThanOrEqual(0.85)
    expect(all.hybrid.found).toBeGreaterThan(Math.max(all.vectors.found, all.words.found))
    expect(all.hybrid.reciprocal).toBeGreaterThan(Math.max(all.vectors.reciprocal, all.words.reciprocal))
  },
)

type Asked = { question: string; vector: Float32Array; answer: string }

/** The place of the passage in each ranking, from 1, or 0 where it is not there. Words alone know of no threshold. */
async function placesOf({ agent }: Knowing, { question, vector, answer }: Asked): Promise<Record<Mode, number>> {
  const { matches } = await bindings.VECTORS.query([...vector], { topK: 20, namespace: agent.id })
  const named = matches.flatMap(({ id }) => placeOf(id) ?? [])
  const found = await searchChunks(bindings, { agentId: agent.id, fileIds: [], query: question, named })
  const wanted = answer.replaceAll(/\s+/g, '')
  const placeIn = (mode: Mode, threshold: number): number =>
    take(rank(found, { vector, named }, mode), { topK: 20, threshold }).findIndex(({ content }) =>
      content.replaceAll(/\s+/g, '').includes(wanted),
    ) + 1
  return { vectors: placeIn('vectors', THRESHOLD), words: placeIn('words', -1), hybrid: placeIn('hybrid', THRESHOLD) }
}

function newTally(): Tally {
  const empty = () => ({ found: 0, reciprocal: 0 })
  return { questions: 0, vectors: empty(), words: empty(), hybrid: empty() }
}

function print(tallies: Map<string, Tally>): void {
  const share = (sum: number, of: number): string => (sum / of).toFixed(3).padStart(7)
  const lines = [...tallies]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(
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
