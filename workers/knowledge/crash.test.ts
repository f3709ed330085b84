import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { crashing } from '../tests/crash.ts'
import {
  expectWhole,
  expire,
  finish,
  handIn,
  newKnowing,
  quiet,
  rowOf,
  vectorsOf,
  type Knowing,
} from '../tests/documents.ts'
import { bindings } from '../tests/world.ts'
import { removeFiles } from './files.ts'
import { step } from './steps.ts'
import { knowledgeChunks } from './tables.ts'

/** Some 20 chunks. */
const textOf = (name: string): string =>
  [
    name,
    ...Array.from({ length: 20 }, (_, at) => `Paragraph ${at} is about the lamp number ${at}, lit in ${1800 + at}.`),
  ].join('\n\n')

const EFFECTS_MAX = 60

/** Nothing of a file is anywhere any more. */
async function expectGone(id: string, key: string): Promise<void> {
  const chunks = await db(bindings).select().from(knowledgeChunks).where(eq(knowledgeChunks.fileId, id))
  expect({
    row: await rowOf(id),
    chunks,
    vectors: await vectorsOf(id),
    object: await bindings.KNOWLEDGE.head(key),
  }).toEqual({ row: undefined, chunks: [], vectors: [], object: null })
}

/** Runs `work` once for every effect that it has, and once more for each that happened although nobody heard of it. */
async function everywhere(
  work: (crash: { at: number; happens: boolean }, name: string) => Promise<boolean>,
): Promise<number> {
  for (let at = 0; at < EFFECTS_MAX; at++)
    for (const happens of [false, true]) if (!(await work({ at, happens }, `${at} ${happens}`))) return at
  throw new Error('It has more effects than expected.')
}

describe('whoever works on a file dies at any of its effects, before or after it', () => {
  const newFile = async (knowing: Knowing, name: string): Promise<string> => handIn(knowing, textOf(name))

  test(
    'reading it: it is read to its end, with no chunk or vector too few or too many',
    { timeout: 120_000 },
    async () => {
      const knowing = await newKnowing({ chunk_size: 100, chunk_overlap: 0 })
      const effects = await everywhere(async (crash, name) => {
        const id = await newFile(knowing, name)
        const hasDied = await crashing(crash, (env) => finish(id, env))
        await expire(id)
        await finish(id)
        await expectWhole(id)
        return hasDied
      })
      expect(effects).toBeGreaterThan(10)
    },
  )

  test('removing it: nothing of it stays', async () => {
    const knowing = await newKnowing({ chunk_size: 100, chunk_overlap: 0 })
    const effects = await everywhere(async (crash, name) => {
      const id = await newFile(knowing, name)
      const { s3Key = '' } = (await rowOf(id)) ?? {}
      await step(quiet, id)
      await step(quiet, id)
      await removeFiles(quiet, knowing.agent.id, id)
      const hasDied = await crashing(crash, (env) => finish(id, env))
      if (await rowOf(id)) await expire(id)
      await finish(id)
      await expectGone(id, s3Key)
      return hasDied
    })
    expect(effects).toBeGreaterThan(5)
  })
})
