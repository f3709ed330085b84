import { and, eq, sql } from 'drizzle-orm'
import { createExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, test } from 'vitest'
import { app } from '../app.ts'
import { db } from '../base/db.ts'
import {
  expectWhole,
  expire,
  finish,
  handIn,
  newKnowing,
  query,
  quiet,
  rowOf,
  settled,
  upload,
  vectors,
  vectorsOf,
} from '../tests/documents.ts'
import { api, bindings } from '../tests/world.ts'
import { step } from './steps.ts'
import { sweepKnowledgeCron } from './sweep.cron.ts'
import { knowledgeFiles } from './tables.ts'
import type { Bindings } from '../env.ts'

const PARAGRAPHS = Array.from(
  { length: 40 },
  (_, at) =>
    `Paragraph ${at} is about lighthouse number ${at}, which was lit in ${1800 + at} and is ${20 + at} metres high.`,
)
const TEXT = PARAGRAPHS.join('\n\n')

const forever = (): Promise<never> => new Promise(() => {})

/** Starts a step that never ends, and gives up waiting for it once it has got as far as `reached` tells. */
async function killAt(id: string, change: (reached: () => void) => Partial<Bindings>): Promise<void> {
  await new Promise<void>((resolve) => {
    void step({ ...quiet, ...change(resolve) }, id).catch(() => {})
  })
  expect(await step(quiet, id)).toBe('busy')
  await expire(id)
}

const vectorsWith = (change: Partial<Vectorize>): Vectorize =>
  ({
    query: (...args: Parameters<Vectorize['query']>) => bindings.VECTORS.query(...args),
    upsert: (given: VectorizeVector[]) => bindings.VECTORS.upsert(given),
    deleteByIds: (ids: string[]) => bindings.VECTORS.deleteByIds(ids),
    ...change,
  }) as unknown as Vectorize

afterEach(() => vectors('late?on=false'))

describe('a file is read to its end although whoever reads it is killed', () => {
  test('while the file is fetched', async () => {
    const id = await handIn(await newKnowing(), TEXT)
    await killAt(id, (reached) => ({
      KNOWLEDGE: { get: () => (reached(), forever()) } as unknown as R2Bucket,
    }))
    await finish(id)
    await expectWhole(id)
  })

  test('after chunks were written and before that was noted', async () => {
    const id = await handIn(await newKnowing(), TEXT)
    await step(quiet, id)
    const { chunkCount } = (await rowOf(id)) ?? {}
    await db(bindings)
      .update(knowledgeFiles)
      .set({ status: 'uploaded', parts: 0, chunkCount: 0, chars: 0 })
      .where(eq(knowledgeFiles.id, id))
    await finish(id)
    await expectWhole(id)
    expect(await rowOf(id)).toMatchObject({ chunkCount, chars: TEXT.length })
  })

  test('before vectors were written, and after', async () => {
    const id = await handIn(await newKnowing({ chunk_size: 200, chunk_overlap: 0 }), TEXT)
    await step(quiet, id)
    await killAt(id, (reached) => ({ VECTORS: vectorsWith({ upsert: () => (reached(), forever()) }) }))
    await killAt(id, (reached) => ({
      VECTORS: vectorsWith({
        upsert: async (given) => {
          await bindings.VECTORS.upsert(given)
          reached()
          return forever()
        },
      }),
    }))
    expect(await vectorsOf(id)).toHaveLength(20)
    await finish(id)
    await expectWhole(id)
  })

  test('again and again: then it says so, and leaves nothing behind', async () => {
    const id = await handIn(await newKnowing(), TEXT)
    for (let kill = 0; kill < 5; kill++)
      await killAt(id, (reached) => ({ KNOWLEDGE: { get: () => (reached(), forever()) } as unknown as R2Bucket }))
    await finish(id)
    expect(await rowOf(id)).toMatchObject({ status: 'failed', problem: expect.stringMatching(/tried several times/) })
    expect(await vectorsOf(id)).toEqual([])
  })
})

test('a store that is away is no fault of the file: it is read when the store is back', async () => {
  const id = await handIn(await newKnowing(), TEXT)
  await step(quiet, id)
  await vectors('away?on=true')
  try {
    for (let attempt = 0; attempt < 8; attempt++) await expect(step(quiet, id)).rejects.toThrow()
  } finally {
    await vectors('away?on=false')
  }
  await finish(id)
  await expectWhole(id)
})

test('a step of which nobody heard any more is found by the cron', async () => {
  const knowing = await newKnowing()
  const id = await handIn(knowing, TEXT)
  await db(bindings)
    .update(knowledgeFiles)
    .set({ updatedAt: sql`now() - interval '5 minutes'` })
    .where(eq(knowledgeFiles.id, id))
  await sweepKnowledgeCron(bindings)
  expect(await settled(knowing, id)).toMatchObject({ status: 'ready' })
})

describe('deletion', () => {
  test('wins over a step that is just writing vectors: none of them stays', async () => {
    const knowing = await newKnowing()
    const id = await handIn(knowing, TEXT)
    await step(quiet, id)
    let isDeleted = false
    const env: Bindings = {
      ...quiet,
      VECTORS: vectorsWith({
        upsert: async (given) => {
          const deleted = await api(`DELETE /api/v1/agents/${knowing.agent.id}/knowledge/${id}`, {
            as: knowing.creator,
          })
          isDeleted = deleted.status === 204
          return bindings.VECTORS.upsert(given)
        },
      }),
    }
    expect(await step(env, id)).toBe('more')
    expect(isDeleted).toBe(true)
    expect((await query(knowing, 'lighthouse')).body.chunks).toEqual([])
    await finish(id)
    expect(await vectorsOf(id)).toEqual([])
    expect(await rowOf(id)).toBeUndefined()
  })

  test('of a file whose reader was killed after writing vectors leaves none of them, nor its object', async () => {
    const knowing = await newKnowing()
    const id = await handIn(knowing, TEXT)
    const { s3Key = '' } = (await rowOf(id)) ?? {}
    await step(quiet, id)
    await killAt(id, (reached) => ({
      VECTORS: vectorsWith({
        upsert: async (given) => {
          await bindings.VECTORS.upsert(given)
          reached()
          return forever()
        },
      }),
    }))
    await api(`DELETE /api/v1/agents/${knowing.agent.id}/knowledge`, { as: knowing.creator })
    for (let wait = 0; (await rowOf(id)) && wait < 200; wait++) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await rowOf(id)).toBeUndefined()
    expect(await vectorsOf(id)).toEqual([])
    expect(await bindings.KNOWLEDGE.head(s3Key)).toBeNull()
  })

  test('while vectors become visible late, nothing of the file is found', async () => {
    const knowing = await newKnowing()
    const { body } = await upload(knowing, 'lights.txt', TEXT)
    await settled(knowing, body.id)
    await vectors('late?on=true')
    await api(`DELETE /api/v1/agents/${knowing.agent.id}/knowledge/${body.id}`, { as: knowing.creator })
    expect((await query(knowing, 'lighthouse number 7')).body.chunks).toEqual([])
  })
})

test('a file that is read anew or replaced stays in use as it was until then, and nothing of before stays', async () => {
  const knowing = await newKnowing()
  const { body: first } = await upload(knowing, 'lights.txt', 'The old lighthouse is red.')
  await settled(knowing, first.id)
  const { s3Key: oldKey = '' } = (await rowOf(first.id)) ?? {}
  const request = new Request(
    `https://agentlink.test/api/v1/agents/${knowing.agent.id}/knowledge/${first.id}?filename=new.txt`,
    {
      method: 'PUT',
      headers: { authorization: `Bearer ${knowing.creator.token}` },
      body: 'The new lighthouse is green.',
    },
  )
  expect((await app.fetch(request, quiet, createExecutionContext())).status).toBe(202)
  expect((await query(knowing, 'Which colour has the lighthouse?')).body.chunks).toMatchObject([
    { content: 'The old lighthouse is red.' },
  ])
  await finish(first.id)
  await expectWhole(first.id)
  expect((await query(knowing, 'Which colour has the lighthouse?')).body.chunks).toMatchObject([
    { content: 'The new lighthouse is green.' },
  ])
  expect(await bindings.KNOWLEDGE.head(oldKey)).toBeNull()
  const anew = await api(`POST /api/v1/agents/${knowing.agent.id}/knowledge/${first.id}/reindex`, {
    as: knowing.creator,
  })
  expect(anew).toMatchObject({ status: 202, body: { status: 'uploaded', in_use: true } })
  expect(await settled(knowing, first.id)).toMatchObject({ status: 'ready' })
})

test('the same file handed in a hundred times beside each other is one file', async () => {
  const knowing = await newKnowing()
  const answers = await Promise.all(Array.from({ length: 100 }, () => upload(knowing, 'same.txt', TEXT)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
  expect(answers.filter(({ body }) => body.is_new)).toHaveLength(1)
  const { id } = answers[0]?.body ?? {}
  await settled(knowing, id)
  const { objects } = await bindings.KNOWLEDGE.list({ prefix: knowing.agent.id })
  expect(objects).toHaveLength(1)
  await finish(id)
  await expectWhole(id)
})

test('an account has room for so much and no more, also beside each other', async () => {
  const knowing = await newKnowing()
  const few: Bindings = { ...quiet, KNOWLEDGE_FILES: '5' }
  const put = async (at: number) =>
    app.fetch(
      new Request(`https://agentlink.test/api/v1/agents/${knowing.agent.id}/knowledge?filename=${at}.txt`, {
        method: 'POST',
        headers: { authorization: `Bearer ${knowing.creator.token}` },
        body: `File number ${at}.`,
      }),
      few,
      createExecutionContext(),
    )
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => put(at)))
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(5)
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(7)
  const { objects } = await bindings.KNOWLEDGE.list({ prefix: knowing.agent.id })
  expect(objects).toHaveLength(5)
  const kept = await db(bindings)
    .select({ id: knowledgeFiles.id })
    .from(knowledgeFiles)
    .where(and(eq(knowledgeFiles.agentId, knowing.agent.id)))
  expect(kept).toHaveLength(5)
})
