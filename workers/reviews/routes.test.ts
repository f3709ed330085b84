import { eq, inArray } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { unpublishAgent, type Agent } from '../agents/agents.ts'
import { agents } from '../agents/tables.ts'
import { auditLog, users } from '../auth/tables.ts'
import { db } from '../base/db.ts'
import { newId } from '../base/ids.ts'
import { approvedReview, logCalls, moderate, newCaller, review } from '../tests/reviewers.ts'
import { api, bindings, newAgent, signIn, type Account, type ApiAnswer } from '../tests/world.ts'
import { moderationQueue } from './reviews.ts'
import { reviewReports, reviews } from './tables.ts'
import type { Bindings } from '../env.ts'
import type { PlatformEvent } from '../notifications/events.ts'

const XSS = '<script>alert("x")</script> & <b onmouseover=\'y()\'>tides</b> \\u003c 🌊'

/** A published agent, and its creator, signed in. */
async function agentOf(): Promise<{ agent: Agent; owner: Account }> {
  const [agent, owner] = await Promise.all([newAgent(), signIn('creator')])
  await db(bindings).update(agents).set({ creatorId: owner.id }).where(eq(agents.id, agent.id))
  return { agent, owner }
}

/** What an answer says, without the id of its request. */
function said({ status, body }: ApiAnswer): unknown {
  return { status, error: body.error }
}

/** How many answers have which status. */
function statuses(answers: ApiAnswer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

async function row(id: string): Promise<typeof reviews.$inferSelect | undefined> {
  const [found] = await db(bindings).select().from(reviews).where(eq(reviews.id, id))
  return found
}

/** The place of a review in the moderation queue, of all that wait there; undefined if it does not. */
async function queued(id: string) {
  for (let cursor: string | undefined; ;) {
    const page = await moderationQueue(bindings, { limit: 100, cursor })
    const found = page.items.find((item) => item.id === id)
    if (found || page.next_cursor === null) return found
    cursor = page.next_cursor
  }
}

/** Every item of a list, page by page. */
async function all(path: string, limit: number, as?: Account) {
  const items: { id: string; rating: number; created_at: string }[] = []
  for (let cursor = ''; ;) {
    const { status, body } = await api(`GET ${path}limit=${limit}${cursor}`, as ? { as } : {})
    expect(status).toBe(200)
    expect(body.items.length).toBeLessThanOrEqual(limit)
    items.push(...body.items)
    if (body.next_cursor === null) return items
    expect(body.items).toHaveLength(limit)
    cursor = `&cursor=${body.next_cursor}`
  }
}

describe('writing a review', () => {
  test('it waits for a moderator, is shown once it is approved, and never with its writer', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    const written = await review(developer, agent.id, 4, 'Knows its limpets.')
    expect(written.status).toBe(201)
    expect(written.body).toEqual({
      id: expect.any(String),
      agent_id: agent.id,
      rating: 4,
      content: 'Knows its limpets.',
      created_at: expect.any(String),
      edited_at: null,
      reply: null,
      status: 'pending',
      rejected_because: null,
    })
    const path = `GET /api/v1/reviews/agents/${agent.id}`
    expect((await api(path)).body).toMatchObject({ items: [], count: 0, average: null })
    await moderate(written.body.id, 'approved')
    const shown = await api(path)
    const { agent_id: _agent, status: _status, rejected_because: _because, ...open } = written.body
    expect(shown.body).toEqual({
      items: [open],
      next_cursor: null,
      average: 4,
      count: 1,
      distribution: { 1: 0, 2: 0, 3: 0, 4: 1, 5: 0 },
    })
    expect(JSON.stringify(shown.body)).not.toContain(developer.id)
    expect(shown.headers.get('cache-control')).toBe('public, max-age=300')
    const etag = shown.headers.get('etag') ?? ''
    expect((await api(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('creators and admins cannot, nor can who is not signed in', async () => {
    const { agent, owner } = await agentOf()
    for (const as of [owner, await signIn('admin')]) {
      await logCalls(as.id, agent.id, Array<'success'>(10).fill('success'))
      const answer = await review(as, agent.id, 5)
      expect([answer.status, answer.body.error.code]).toEqual([403, '40301'])
      expect((await api('GET /api/v1/reviews/mine', { as })).status).toBe(403)
    }
    expect((await api(`POST /api/v1/reviews/agents/${agent.id}`, { body: { rating: 5 } })).status).toBe(401)
  })

  test('an e-mail address that is not confirmed is refused, and says so', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    await db(bindings).update(users).set({ emailVerified: false }).where(eq(users.id, developer.id))
    const answer = await review(developer, agent.id, 5)
    expect([answer.status, answer.body.error.code]).toEqual([403, '40308'])
  })

  test('an agent that is missing, a draft or out of service is one and the same 404, to read and to review', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    await unpublishAgent(bindings, agent.id)
    const missing = newId()
    expect(said(await review(developer, agent.id, 5))).toEqual(said(await review(developer, missing, 5)))
    const [gone, never] = await Promise.all(
      [agent.id, missing].map(async (id) => said(await api(`GET /api/v1/reviews/agents/${id}`))),
    )
    expect(gone).toEqual(never)
    expect(gone).toMatchObject({ status: 404, error: { code: '40401' } })
  })

  test('what is malformed is named field by field, and nothing is written', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    const path = `POST /api/v1/reviews/agents/${agent.id}`
    const fieldsOf = async (body: unknown): Promise<string[]> => {
      const answer = await api(path, { as: developer, body })
      expect([answer.status, answer.body.error.code]).toEqual([400, '40002'])
      return [...new Set<string>(answer.body.error.details.fields.map(({ field }: { field: string }) => field))]
    }
    for (const rating of [0, 6, 4.5, '5', null, undefined]) expect(await fieldsOf({ rating })).toEqual(['rating'])
    for (const content of ['', ' \n ', 7, 'x'.repeat(2_001)])
      expect(await fieldsOf({ rating: 5, content })).toEqual(['content'])
    expect(await fieldsOf({ rating: 9, content: '' })).toEqual(['rating', 'content'])
    expect((await api('POST /api/v1/reviews/agents/limpet', { as: developer, body: { rating: 5 } })).status).toBe(400)
    expect((await api('GET /api/v1/reviews/mine', { as: developer })).body.items).toEqual([])
  })

  test('control characters are refused wherever people write; tabs and line ends are kept', async () => {
    const { agent, owner } = await agentOf()
    const developer = await newCaller(agent.id)
    const id = await approvedReview(agent.id)
    for (const hidden of ['\u0000', '\u0007', '\u001b[31m', '\u007f', '\u0085', '\u202e', '\u2066', '\ud800']) {
      const text = `Good${hidden}bye`
      const answers = [
        await review(developer, agent.id, 5, text),
        await api(`POST /api/v1/reviews/${id}/reply`, { as: owner, body: { content: text } }),
        await api(`POST /api/v1/reviews/${id}/report`, { as: owner, body: { reason: text } }),
      ]
      for (const { status, body } of answers) expect([status, body.error.code]).toEqual([400, '40002'])
    }
    expect((await review(developer, agent.id, 5, 'One\tline\nand\r\nanother')).body.content).toBe(
      'One\tline\nand\r\nanother',
    )
  })

  test('markup is text: it comes back as it was written, from JSON that no browser takes for a page', async () => {
    const { agent, owner } = await agentOf()
    const id = await approvedReview(agent.id, 1, XSS)
    await api(`POST /api/v1/reviews/${id}/reply`, { as: owner, body: { content: XSS } })
    const { body, headers } = await api(`GET /api/v1/reviews/agents/${agent.id}`)
    expect([body.items[0].content, body.items[0].reply.content]).toEqual([XSS, XSS])
    expect(headers.get('content-type')).toMatch(/^application\/json/)
  })

  test('fields that are not asked for change nothing', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    const body = { rating: 2, status: 'approved', id: newId(), user_id: newId(), reply: 'Thanks', revision: 9 }
    const written = await api(`POST /api/v1/reviews/agents/${agent.id}`, { as: developer, body })
    expect(written.body).toMatchObject({ status: 'pending', reply: null })
    expect(written.body.id).not.toBe(body.id)
    expect(await row(written.body.id)).toMatchObject({ userId: developer.id, revision: 1, status: 'pending' })
  })
})

describe('changing and taking back', () => {
  test('an edited review waits again, with its new text; a deleted one is gone, and another may be written', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    const { body } = await review(developer, agent.id, 5, 'Splendid.')
    await moderate(body.id, 'rejected', { reason: 'Says nothing.' })
    const mine = async () => (await api('GET /api/v1/reviews/mine', { as: developer })).body.items
    expect(await mine()).toMatchObject([{ status: 'rejected', rejected_because: 'Says nothing.' }])
    const edited = await api(`PUT /api/v1/reviews/${body.id}`, {
      as: developer,
      body: { rating: 3, content: 'Names every crab.' },
    })
    expect([edited.status, edited.body]).toEqual([200, (await mine())[0]])
    expect(edited.body).toMatchObject({ rating: 3, status: 'pending', rejected_because: null })
    expect(edited.body.edited_at).not.toBeNull()
    expect((await api(`DELETE /api/v1/reviews/${body.id}`, { as: developer })).status).toBe(204)
    expect(await mine()).toEqual([])
    expect((await api(`DELETE /api/v1/reviews/${body.id}`, { as: developer })).status).toBe(404)
    expect((await review(developer, agent.id, 1)).status).toBe(201)
  })

  test('somebody else’s review is not there, in the words of one that does not exist', async () => {
    const agent = await newAgent()
    const stranger = await newCaller(agent.id)
    const id = await approvedReview(agent.id, 4, 'Mine.')
    const body = { rating: 1, content: 'Defaced.' }
    for (const ask of ['PUT', 'DELETE']) {
      const [theirs, missing] = await Promise.all(
        [id, newId()].map(async (one) => said(await api(`${ask} /api/v1/reviews/${one}`, { as: stranger, body }))),
      )
      expect(theirs).toEqual(missing)
      expect(theirs).toMatchObject({ status: 404, error: { code: '40404' } })
    }
    expect(await row(id)).toMatchObject({ rating: 4, content: 'Mine.', status: 'approved', revision: 1 })
  })
})

describe('replies', () => {
  test('a creator answers an approved review once, changes the answer, and takes it back', async () => {
    const { agent, owner } = await agentOf()
    const id = await approvedReview(agent.id, 2, 'Too many questions.')
    const path = `/api/v1/reviews/${id}/reply`
    const shown = async () => (await api(`GET /api/v1/reviews/agents/${agent.id}`)).body.items[0].reply
    const say = (method: string, content: string) => api(`${method} ${path}`, { as: owner, body: { content } })
    expect((await say('PUT', 'Before there is one')).status).toBe(404)
    expect((await api(`DELETE ${path}`, { as: owner })).status).toBe(404)
    expect((await say('POST', 'One is the rule.')).status).toBe(204)
    expect(await shown()).toEqual({ content: 'One is the rule.', created_at: expect.any(String) })
    const again = await say('POST', 'And again.')
    expect([again.status, again.body.error.code]).toEqual([409, '40903'])
    expect((await say('PUT', 'One at the end.')).status).toBe(204)
    expect(await shown()).toMatchObject({ content: 'One at the end.' })
    expect((await api(`DELETE ${path}`, { as: owner })).status).toBe(204)
    expect(await shown()).toBeNull()
    for (const content of ['', ' ', 'x'.repeat(2_001)]) expect((await say('POST', content)).status).toBe(400)
  })

  test('of ten replies at once one is kept', async () => {
    const { agent, owner } = await agentOf()
    const id = await approvedReview(agent.id)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        api(`POST /api/v1/reviews/${id}/reply`, { as: owner, body: { content: `Reply ${i}` } }),
      ),
    )
    expect(statuses(answers)).toEqual({ 204: 1, 409: 9 })
    expect((await row(id))?.reply).toBe(`Reply ${answers.findIndex(({ status }) => status === 204)}`)
  })

  test('a review of another creator’s agent, one that no moderator has approved, and none at all are the same 404', async () => {
    const { agent, owner } = await agentOf()
    const [rival, theirs] = await Promise.all([signIn('creator'), approvedReview(agent.id)])
    const pending = (await review(await newCaller(agent.id), agent.id, 1, 'Unseen.')).body.id
    await api(`POST /api/v1/reviews/${theirs}/reply`, { as: owner, body: { content: 'Thank you.' } })
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const ask = async (as: Account, id: string) =>
        said(await api(`${method} /api/v1/reviews/${id}/reply`, { as, body: { content: 'Not mine.' } }))
      const missing = await ask(rival, newId())
      expect(missing).toMatchObject({ status: 404, error: { code: '40404' } })
      expect(await ask(rival, theirs)).toEqual(missing)
      expect(await ask(owner, pending)).toEqual(missing)
      expect(await ask(await signIn(), theirs)).toMatchObject({ status: 403 })
    }
    expect((await row(theirs))?.reply).toBe('Thank you.')
  })

  test('creators read the approved reviews of their own agents, of all or of one', async () => {
    const { agent, owner } = await agentOf()
    const second = await newAgent()
    await db(bindings).update(agents).set({ creatorId: owner.id }).where(eq(agents.id, second.id))
    const ids: string[] = []
    for (const of of [agent, second, agent, second, agent]) ids.unshift(await approvedReview(of.id))
    await review(await newCaller(agent.id), agent.id, 1, 'Unseen.')
    const foreign = await newAgent()
    await approvedReview(foreign.id)
    const path = '/api/v1/creators/me/reviews'
    const items = await all(`${path}?`, 2, owner)
    expect(items.map(({ id }) => id)).toEqual(ids)
    expect(items[0]).toMatchObject({ agent_id: agent.id, agent_name: 'Marlow' })
    const ofSecond = await all(`${path}?agent_id=${second.id}&`, 1, owner)
    expect(ofSecond.map(({ id }) => id)).toEqual([ids[1], ids[3]])
    expect(await all(`${path}?agent_id=${foreign.id}&`, 2, owner)).toEqual([])
    expect((await api(`GET ${path}`, { as: await signIn() })).status).toBe(403)
    expect((await api(`GET ${path}?agent_id=all`, { as: owner })).body.error.code).toBe('40002')
  })
})

describe('reports', () => {
  const report = async (id: string, as: Account, reason = 'An advertisement.') =>
    api(`POST /api/v1/reviews/${id}/report`, { as, body: { reason } })

  test('the third puts it before a moderator, it stays shown until then, and a decision ends them', async () => {
    const agent = await newAgent()
    const id = await approvedReview(agent.id)
    const shown = async () => (await api(`GET /api/v1/reviews/agents/${agent.id}`)).body.items.length
    for (const reason of ['First.', 'Second.']) expect((await report(id, await signIn(), reason)).status).toBe(204)
    expect(await queued(id)).toBeUndefined()
    expect((await report(id, await signIn('creator'), 'Third.')).status).toBe(204)
    const place = await queued(id)
    expect(place).toMatchObject({ status: 'approved', reports: 3, agentName: 'Marlow' })
    expect(place?.reportReasons.toSorted()).toEqual(['First.', 'Second.', 'Third.'])
    expect((await report(id, await signIn('admin'), 'Fourth.')).status).toBe(204)
    expect((await queued(id))?.queuedAt).toEqual(place?.queuedAt)
    expect(await shown()).toBe(1)
    await moderate(id, 'approved')
    expect(await queued(id)).toBeUndefined()
    expect(await shown()).toBe(1)
    for (const reason of ['Fifth.', 'Sixth.', 'Seventh.']) await report(id, await signIn(), reason)
    expect((await queued(id))?.reportReasons).toEqual(['Seventh.', 'Sixth.', 'Fifth.'])
    await moderate(id, 'rejected')
    expect([await queued(id), await shown()]).toEqual([undefined, 0])
  })

  test('one that is taken back while it is reported is reported or gone, and never an error of ours', async () => {
    const agent = await newAgent()
    for (let i = 0; i < 5; i++) {
      const developer = await newCaller(agent.id)
      const { id } = (await review(developer, agent.id, 5)).body
      await moderate(id, 'approved')
      const readers = await Promise.all(Array.from({ length: 4 }, () => signIn()))
      const [gone, ...reports] = await Promise.all([
        api(`DELETE /api/v1/reviews/${id}`, { as: developer }),
        ...readers.map((as) => report(id, as)),
      ])
      expect(gone.status).toBe(204)
      for (const { status } of reports) expect([204, 404]).toContain(status)
    }
  })

  test('nobody counts twice, also not ten times at once', async () => {
    const agent = await newAgent()
    const id = await approvedReview(agent.id)
    const reader = await signIn()
    const answers = await Promise.all(Array.from({ length: 10 }, () => report(id, reader)))
    expect(statuses(answers)).toEqual({ 204: 1, 409: 9 })
    expect((await report(id, reader)).body.error.code).toBe('40905')
    expect(await row(id)).toMatchObject({ reports: 1 })
    const many = await Promise.all(Array.from({ length: 5 }, () => signIn()))
    await Promise.all(many.map((as) => report(id, as)))
    expect(await row(id)).toMatchObject({ reports: 6 })
  })

  test('an edit drops what was said of the text before; whoever said it may speak of the new one', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    const { id } = (await review(developer, agent.id, 5, 'Buy pearls at pearls.example')).body
    await moderate(id, 'approved')
    const reader = await signIn()
    await report(id, reader)
    await api(`PUT /api/v1/reviews/${id}`, { as: developer, body: { rating: 5, content: 'Fine.' } })
    await moderate(id, 'approved')
    expect(await row(id)).toMatchObject({ reports: 0 })
    expect((await report(id, reader)).status).toBe(204)
    expect((await api(`DELETE /api/v1/reviews/${id}`, { as: developer })).status).toBe(204)
    expect(await db(bindings).select().from(reviewReports).where(eq(reviewReports.reviewId, id))).toEqual([])
  })

  test('a review that is not shown cannot be reported, like one that does not exist; a reason is needed, and a session', async () => {
    const agent = await newAgent()
    const { id } = (await review(await newCaller(agent.id), agent.id, 5)).body
    const reader = await signIn()
    const missing = said(await report(newId(), reader))
    expect(missing).toMatchObject({ status: 404, error: { code: '40404' } })
    expect(said(await report(id, reader))).toEqual(missing)
    for (const reason of ['', 'no', 'x'.repeat(501)])
      expect((await report(id, reader, reason)).body.error).toMatchObject({
        code: '40002',
        details: { fields: expect.arrayContaining([expect.objectContaining({ field: 'reason' })]) },
      })
    expect((await api(`POST /api/v1/reviews/${id}/report`, { body: { reason: 'Not signed in.' } })).status).toBe(401)
  })
})

describe('moderation', () => {
  test('a decision on a text that was edited meanwhile is a conflict, and leaves neither a change nor a line in the log', async () => {
    const agent = await newAgent()
    const developer = await newCaller(agent.id)
    const { id } = (await review(developer, agent.id, 5, 'Harmless.')).body
    await api(`PUT /api/v1/reviews/${id}`, { as: developer, body: { rating: 1, content: 'Harmful.' } })
    await expect(moderate(id, 'approved', { revision: 1 })).rejects.toMatchObject({ kind: 'conflict' })
    expect(await row(id)).toMatchObject({ status: 'pending', revision: 2 })
    expect(await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, id))).toEqual([])
    await moderate(id, 'approved', { revision: 2 })
    await moderate(id, 'approved', { revision: 2 })
    expect((await api(`GET /api/v1/reviews/agents/${agent.id}`)).body).toMatchObject({ average: 1, count: 1 })
    expect(await db(bindings).select().from(auditLog).where(eq(auditLog.subjectId, id))).toHaveLength(2)
    await expect(moderate(newId(), 'approved')).rejects.toMatchObject({ kind: 'notFound' })
  })

  test('an approval tells the creator, under one id however often it is given; a rejection does not', async () => {
    const { agent, owner } = await agentOf()
    const { id } = (await review(await newCaller(agent.id), agent.id, 2, 'Private words.')).body
    const sent: PlatformEvent[] = []
    const sendBatch = async (messages: { body: PlatformEvent }[]) => void sent.push(...messages.map(({ body }) => body))
    const env = { ...bindings, EVENTS: { sendBatch } } as unknown as Bindings
    await moderate(id, 'rejected', { env })
    expect(sent).toEqual([])
    await moderate(id, 'approved', { env })
    await moderate(id, 'approved', { env })
    const data = { review_id: id, agent_id: agent.id, rating: 2 }
    const event = { v: 1, id: sent[0]?.id, type: 'review.created', userId: owner.id, at: expect.any(Number), data }
    expect(sent).toEqual([event, event])
  })

  test('the queue shows who has waited longest first, each once, however short its pages', async () => {
    const agent = await newAgent()
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.push((await review(await newCaller(agent.id), agent.id, 3)).body.id)
    const seen: string[] = []
    for (let cursor: string | undefined; ;) {
      const page = await moderationQueue(bindings, { limit: 2, cursor })
      seen.push(...page.items.map(({ id }) => id))
      if (page.next_cursor === null) break
      cursor = page.next_cursor
    }
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids)
    expect(new Set(seen).size).toBe(seen.length)
  })
})

describe('pages', () => {
  /** Approved reviews of one agent, several of each rating, in threes that were written at the same moment. */
  async function many(): Promise<{ agent: Agent; ids: string[] }> {
    const agent = await newAgent()
    const ids = await Promise.all(Array.from({ length: 14 }, (_, i) => approvedReview(agent.id, ((i * 7) % 5) + 1)))
    const first = Date.UTC(2026, 0, 1)
    for (let i = 0; i < ids.length; i += 3)
      await db(bindings)
        .update(reviews)
        .set({ createdAt: new Date(first + i) })
        .where(inArray(reviews.id, ids.slice(i, i + 3)))
    return { agent, ids }
  }

  test('both sorts give every review once and in order, however long the page', async () => {
    const { agent, ids } = await many()
    const keys = {
      newest: ({ created_at, id }: { created_at: string; id: string }) => [created_at, id].join(' '),
      rating: ({ rating, created_at, id }: { rating: number; created_at: string; id: string }) =>
        [rating, created_at, id].join(' '),
    }
    for (const [sort, key] of Object.entries(keys))
      for (const limit of [1, 3, 7, 100]) {
        const items = await all(`/api/v1/reviews/agents/${agent.id}?sort=${sort}&`, limit)
        expect(items.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
        expect(items.map(key)).toEqual(items.map(key).toSorted().toReversed())
      }
  })

  test('what comes and goes between two pages neither repeats nor hides the others', async () => {
    const { agent, ids } = await many()
    for (const sort of ['newest', 'rating']) {
      const path = `GET /api/v1/reviews/agents/${agent.id}?sort=${sort}&limit=5`
      const first = (await api(path)).body
      const shown = first.items.map(({ id }: { id: string }) => id)
      await approvedReview(agent.id, 5, 'New on top.')
      await moderate(shown[4], 'rejected')
      const rest = await all(`/api/v1/reviews/agents/${agent.id}?sort=${sort}&cursor=${first.next_cursor}&`, 100)
      const expected = ids.filter((id) => !shown.includes(id))
      expect(rest.map(({ id }) => id).toSorted()).toEqual(expected.toSorted())
      await moderate(shown[4], 'approved')
      await db(bindings).delete(reviews).where(eq(reviews.content, 'New on top.'))
    }
  })

  test('a page, a sort or a cursor that this list does not have is refused by name', async () => {
    const { agent } = await many()
    const path = `GET /api/v1/reviews/agents/${agent.id}`
    const byRating = (await api(`${path}?sort=rating&limit=1`)).body.next_cursor
    const wrong: [string, string][] = [
      ['limit=0', 'limit'],
      ['limit=101', 'limit'],
      ['sort=worst', 'sort'],
      ['cursor=here', 'cursor'],
      [`cursor=${byRating}`, 'cursor'],
      [`cursor=${'x'.repeat(600)}`, 'cursor'],
    ]
    for (const [query, field] of wrong) {
      const { status, body } = await api(`${path}?${query}`)
      expect([status, body.error.code, body.error.details.fields[0].field]).toEqual([400, '40002', field])
    }
  })
})
