/** The properties of the design document that reviews answer for. */
import { count, eq } from 'drizzle-orm'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { agents } from '../agents/tables.ts'
import { db } from '../base/db.ts'
import { logCalls, moderate, newCaller, review } from '../tests/reviewers.ts'
import { api, bindings, newAgent, signIn, type Account, type ApiAnswer } from '../tests/world.ts'
import { reviews } from './tables.ts'

const WRITERS = 4

type Step =
  | { do: 'submit' | 'edit'; writer: number; rating: number }
  | { do: 'approve' | 'reject' | 'delete'; writer: number }
type Known = { id: string; rating: number; isApproved: boolean }

const writer = fc.nat(WRITERS - 1)
const rating = fc.integer({ min: 1, max: 5 })
const written = fc.record({ do: fc.constantFrom('submit' as const, 'edit' as const), writer, rating })
const decided = fc.record({ do: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const), writer })
const removed = fc.record({ do: fc.constant('delete' as const), writer })
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: written, weight: 4 },
  { arbitrary: decided, weight: 4 },
  { arbitrary: removed, weight: 1 },
)

/** What an agent must show of these ratings. */
function figuresFor(ratings: number[]) {
  const of = (stars: number): number => ratings.filter((one) => one === stars).length
  const sum = ratings.reduce((total, one) => total + one, 0)
  return {
    count: ratings.length,
    average: ratings.length === 0 ? null : Math.round((sum * 100) / ratings.length) / 100,
    distribution: { 1: of(1), 2: of(2), 3: of(3), 4: of(4), 5: of(5) },
  }
}

async function expectFigures(agentId: string, ratings: number[]): Promise<void> {
  const expected = figuresFor(ratings)
  const { body } = await api(`GET /api/v1/reviews/agents/${agentId}?limit=100`)
  expect(body).toMatchObject(expected)
  expect(figuresFor(body.items.map((item: { rating: number }) => item.rating))).toEqual(expected)
  const [row] = await db(bindings)
    .select({ average: agents.averageRating, count: agents.reviewCount })
    .from(agents)
    .where(eq(agents.id, agentId))
  expect(row).toEqual({ average: (expected.average ?? 0).toFixed(2), count: expected.count })
}

test('property 21: whatever is written, edited, approved, rejected and deleted, the average is that of the approved reviews', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
      const agent = await newAgent()
      const writers = await Promise.all(Array.from({ length: WRITERS }, () => newCaller(agent.id)))
      const known = new Map<number, Known>()
      for (const one of steps) {
        await take(one, writers[one.writer] as Account, agent.id, known)
        const approved = [...known.values()].filter(({ isApproved }) => isApproved)
        await expectFigures(
          agent.id,
          approved.map((each) => each.rating),
        )
      }
    }),
    { numRuns: 20 },
  )
})

/** Does one step through the door and to the model, whose reviews are by their writers. */
async function take(one: Step, as: Account, agentId: string, known: Map<number, Known>): Promise<void> {
  const there = known.get(one.writer)
  if (one.do === 'submit') {
    const { status, body } = await review(as, agentId, one.rating)
    expect(status).toBe(there ? 409 : 201)
    if (!there) known.set(one.writer, { id: body.id, rating: one.rating, isApproved: false })
  } else if (there && one.do === 'edit') {
    const { status } = await api(`PUT /api/v1/reviews/${there.id}`, { as, body: { rating: one.rating } })
    expect(status).toBe(200)
    known.set(one.writer, { ...there, rating: one.rating, isApproved: false })
  } else if (there && one.do === 'delete') {
    expect((await api(`DELETE /api/v1/reviews/${there.id}`, { as })).status).toBe(204)
    known.delete(one.writer)
  } else if (there) {
    await moderate(there.id, one.do === 'approve' ? 'approved' : 'rejected')
    known.set(one.writer, { ...there, isApproved: one.do === 'approve' })
  }
}

test('property 21: it is that also when all is decided, edited and deleted at the same moment', async () => {
  const agent = await newAgent()
  const writers = await Promise.all(Array.from({ length: 8 }, () => newCaller(agent.id)))
  const ids = await Promise.all(
    writers.map(async (as, i) => (await review(as, agent.id, (i % 5) + 1)).body.id as string),
  )
  // Some decisions come too late, for a revision or a review that is gone; what counts is what they leave.
  const done = await Promise.allSettled<ApiAnswer | void>(
    ids.flatMap((id, i) => {
      const as = writers[i] as Account
      const decisions = [
        moderate(id, 'approved', { revision: 1 }),
        moderate(id, i % 2 === 0 ? 'rejected' : 'approved', { revision: 1 }),
        moderate(id, 'approved', { revision: 2 }),
      ]
      if (i % 3 === 0) return [...decisions, api(`PUT /api/v1/reviews/${id}`, { as, body: { rating: 5 } })]
      if (i % 3 === 1) return [...decisions, api(`DELETE /api/v1/reviews/${id}`, { as })]
      return decisions
    }),
  )
  const answered = done.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value.status] : []))
  expect(new Set(answered)).toEqual(new Set([200, 204]))
  const refused = done.flatMap((each) => (each.status === 'rejected' ? [String(each.reason?.kind)] : []))
  expect(new Set(refused).difference(new Set(['conflict', 'notFound']))).toEqual(new Set())
  const left = await db(bindings).select().from(reviews).where(eq(reviews.agentId, agent.id))
  expect(left).toHaveLength(5)
  const approved = left.filter(({ status }) => status === 'approved')
  await expectFigures(
    agent.id,
    approved.map((row) => row.rating),
  )
})

test('property 22: a review is taken after ten successful calls to this agent by this developer, and never before', async () => {
  const calls = fc.nat(12)
  await fc.assert(
    fc.asyncProperty(calls, calls, calls, calls, async (successes, failures, elsewhere, others) => {
      const [agent, otherAgent] = await Promise.all([newAgent(), newAgent()])
      const [developer, somebody] = await Promise.all([signIn(), signIn()])
      await Promise.all([
        logCalls(developer.id, agent.id, [
          ...Array<'success'>(successes).fill('success'),
          ...Array.from({ length: failures }, (_, i) => (i % 2 === 0 ? ('error' as const) : ('timeout' as const))),
        ]),
        logCalls(developer.id, otherAgent.id, Array<'success'>(elsewhere).fill('success')),
        logCalls(somebody.id, agent.id, Array<'success'>(others).fill('success')),
      ])
      const { status, body } = await review(developer, agent.id, 5)
      if (successes >= 10) expect(status).toBe(201)
      else {
        expect(status).toBe(403)
        expect(body.error).toMatchObject({ code: '40309', details: { calls: successes, needed: 10 } })
      }
    }),
    {
      numRuns: 20,
      examples: [
        [9, 12, 12, 12],
        [10, 0, 0, 0],
        [0, 12, 0, 12],
      ],
    },
  )
})

test('property 23: a second review of the same agent is refused, whatever has become of the first', async () => {
  const become = fc.constantFrom('pending' as const, 'approved' as const, 'rejected' as const, 'edited' as const)
  await fc.assert(
    fc.asyncProperty(become, rating, rating, async (fate, first, second) => {
      const agent = await newAgent()
      const developer = await newCaller(agent.id)
      const { body } = await review(developer, agent.id, first)
      if (fate === 'approved' || fate === 'rejected') await moderate(body.id, fate)
      if (fate === 'edited')
        await api(`PUT /api/v1/reviews/${body.id}`, {
          as: developer,
          body: { rating: first, content: 'On reflection.' },
        })
      const again = await review(developer, agent.id, second)
      expect([again.status, again.body.error.code]).toEqual([409, '40904'])
      const mine = await api('GET /api/v1/reviews/mine', { as: developer })
      expect(mine.body.items).toMatchObject([{ id: body.id, rating: first }])
    }),
    { numRuns: 12 },
  )
})

test('property 23: of ten reviews of the same agent sent at once exactly one is taken', async () => {
  const agent = await newAgent()
  const developer = await newCaller(agent.id)
  const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => review(developer, agent.id, (i % 5) + 1)))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(9)
  const [row] = await db(bindings).select({ rows: count() }).from(reviews).where(eq(reviews.agentId, agent.id))
  expect(row).toEqual({ rows: 1 })
  const other = await newAgent()
  await logCalls(developer.id, other.id, Array<'success'>(10).fill('success'))
  expect((await review(developer, other.id, 3)).status).toBe(201)
})
