import * as fc from 'fast-check'
import { eq } from 'drizzle-orm'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { db } from '../base/db.ts'
import { learn, newKnowing, query, vectors, vectorsOf, type Knowing } from '../tests/documents.ts'
import { api, bindings } from '../tests/world.ts'
import { embed } from './embed.ts'
import { retrieve } from './knowledge.ts'
import { knowledgeFiles } from './tables.ts'

afterEach(() => vectors('lie'))

/** Two companies with nearly the same handbook. */
const handbook = (company: string, days: number): string =>
  `# Leave at ${company}\n\nStaff of ${company} have ${days} days of leave a year, agreed two weeks ahead with their lead.\n`

const asked = (agentId: string, query: string, knowledge: Partial<Parameters<typeof retrieve>[1]['knowledge']> = {}) =>
  retrieve(bindings, {
    agentId,
    query,
    knowledge: { file_ids: [], top_k: 20, similarity_threshold: 0, ...knowledge },
  })

describe('agents with documents that resemble each other', () => {
  let ours: Knowing
  let theirs: Knowing
  let theirFile: string
  beforeAll(async () => {
    ours = await newKnowing({ similarity_threshold: 0 })
    theirs = await newKnowing({ similarity_threshold: 0 })
    await learn(ours, 'leave.md', handbook('Osprey', 28))
    theirFile = (await learn(theirs, 'leave.md', handbook('Petrel', 31))).id
  })

  const QUESTIONS = ['How many days of leave has staff of Petrel?', 'Petrel', '31 days', 'leave a year']

  test('are never given a chunk of the other, whatever is asked', async () => {
    for (const question of QUESTIONS) {
      const passages = await asked(ours.agent.id, question)
      expect(JSON.stringify(passages)).not.toMatch(/Petrel|31/)
      expect(JSON.stringify(await asked(theirs.agent.id, question))).not.toContain('Osprey')
    }
  })

  test('nor when the vector store names chunks of the other, of a deleted file, of another reading, or none at all', async () => {
    const gone = await learn(ours, 'gone.md', '# Pool\n\nThe pool for staff opens at noon.\n')
    const [goneId = ''] = await vectorsOf(gone.id)
    const [foreignId = ''] = await vectorsOf(theirFile)
    await api(`DELETE /api/v1/agents/${ours.agent.id}/knowledge/${gone.id}`, { as: ours.creator })
    const lies = [foreignId, goneId, foreignId.replace('.1.', '.2.'), 'x', '', "'; DROP TABLE users; --.1.1"]
    await vectors(
      'lie',
      lies.map((id) => ({ id, score: 1 })),
    )
    for (const question of [...QUESTIONS, 'When does the pool open?']) {
      expect(JSON.stringify(await asked(ours.agent.id, question))).not.toMatch(/Petrel|pool/)
      expect(JSON.stringify((await query(ours, question)).body)).not.toMatch(/Petrel|pool/)
    }
    // Words find what is ours all the same.
    expect(await asked(ours.agent.id, 'leave at Osprey')).toMatchObject([{ filename: 'leave.md' }])
  })

  test('nor by naming a file of the other among those that it answers from', async () => {
    expect(await asked(ours.agent.id, 'leave', { file_ids: [theirFile] })).toEqual([])
  })

  test('nor does a file that was moved in the database take its chunks along', async () => {
    await db(bindings).update(knowledgeFiles).set({ agentId: ours.agent.id }).where(eq(knowledgeFiles.id, theirFile))
    try {
      expect(JSON.stringify(await asked(ours.agent.id, 'leave of Petrel'))).not.toContain('Petrel')
    } finally {
      await db(bindings)
        .update(knowledgeFiles)
        .set({ agentId: theirs.agent.id })
        .where(eq(knowledgeFiles.id, theirFile))
    }
  })
})

test('an agent that answers from some of its files finds them also where chunks of the others are nearer', async () => {
  const knowing = await newKnowing({ similarity_threshold: 0 })
  const crowd = Array.from(
    { length: 30 },
    (_, at) => `# Leave ${at}\n\nHow many days of leave has team ${at} a year?\n`,
  )
  await learn(knowing, 'crowd.md', crowd.join('\n'))
  const file = await learn(knowing, 'leave.md', handbook('Osprey', 28))
  const passages = await asked(knowing.agent.id, 'How many days of leave has a team a year?', { file_ids: [file.id] })
  expect(passages).toMatchObject([{ filename: 'leave.md' }])
})

test('property 18: what is retrieved is at least as like the question as the threshold says, whatever the vector store scores', async () => {
  const subjects = 'tides lamps ropes gulls bread engines paint letters'.split(' ')
  const knowing = await newKnowing()
  const texts = subjects.map(
    (subject, at) => `The chapter about ${subject} has ${at + 3} rules, which a keeper of ${subject} knows by heart.`,
  )
  const file = await learn(knowing, 'rules.md', texts.map((text, at) => `# ${subjects[at]}\n\n${text}\n`).join('\n'))
  const ids = await vectorsOf(file.id)
  let kept = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...subjects, 'weather', 'the harbour office', '灯塔'),
      fc.integer({ min: 0, max: 100 }),
      fc.boolean(),
      async (word, percent, isLying) => {
        await vectors('lie', ...(isLying ? [ids.map((id) => ({ id, score: 1 }))] : []))
        const threshold = percent / 100
        const question = `What is there to know about ${word}?`
        const passages = await asked(knowing.agent.id, question, { similarity_threshold: threshold, top_k: 8 })
        // The passages may be several chunks of the file in one: each chunk is measured by itself.
        const chunks = texts.flatMap((text, at) =>
          (passages ?? []).some((passage) => passage.text.includes(text)) ? [`${subjects[at]}\n${text}`] : [],
        )
        if (chunks.length === 0) return
        kept += chunks.length
        const [asking, ...vectorsOfChunks] = await embed(bindings, [question, ...chunks], 20_000)
        for (const vector of vectorsOfChunks) expect(dot(asking, vector)).toBeGreaterThan(threshold - 0.01)
      },
    ),
    { numRuns: 40 },
  )
  expect(kept).toBeGreaterThan(20)
})

function dot(a: Float32Array = new Float32Array(), b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}
