/** Reviews: developers write them, moderators let them through, creators answer, everybody reads and may report. */
import { Hono } from 'hono'
import * as z from 'zod'
import { creator, developer, signedIn } from '../auth/auth.ts'
import { pageOf, PageQuery } from '../base/page.ts'
import { anyone, routesOf } from '../base/route.ts'
import { plainText } from '../base/text.ts'
import { Id, IdParams, Moment } from '../base/wire.ts'
import { figuresOf } from './figures.ts'
import { ownReview, reviewsBy, reviewsForCreator, reviewsOf } from './lists.ts'
import { deleteReview, editReview, reportReview, setReply, submitReview } from './writing.ts'
import type { AppContext } from '../env.ts'

export const reviews = new Hono<AppContext>()
const route = routesOf(reviews, 'Reviews')

const TEXT_CHARS_MAX = 2_000
const Text = plainText(1, TEXT_CHARS_MAX)
const ReviewBody = z.object({ rating: z.int().min(1).max(5), content: Text.nullable().default(null) })
const ReplyBody = z.object({ content: Text })

const Review = z.object({
  id: Id,
  rating: z.int(),
  content: z.string().nullable(),
  created_at: Moment,
  edited_at: Moment.nullable(),
  reply: z.object({ content: z.string(), created_at: Moment }).nullable(),
})
const OwnReview = Review.extend({
  agent_id: Id,
  status: z.enum(['pending', 'approved', 'rejected']),
  rejected_because: z.string().nullable(),
})
const AgentReview = Review.extend({ agent_id: Id, agent_name: z.string() })
const Stars = z.object({ 1: z.int(), 2: z.int(), 3: z.int(), 4: z.int(), 5: z.int() })

route(
  'GET /api/v1/reviews/agents/:id',
  {
    summary: 'What developers say of an agent',
    description:
      'Approved reviews, without the names of who wrote them. `average` is that of all of them, to two decimals, and null where there are none.',
    who: anyone,
    limit: { name: 'reviews', perMinute: 120 },
    params: IdParams,
    query: PageQuery.extend({ sort: z.enum(['newest', 'rating']).default('newest') }),
    answer: pageOf(Review).extend({ average: z.number().nullable(), count: z.int(), distribution: Stars }),
    cache: 'public',
    errors: ['agentNotFound'],
  },
  async ({ env, params, query }) => {
    const [page, figures] = await Promise.all([reviewsOf(env, params.id, query), figuresOf(env, params.id)])
    return { ...page, items: page.items.map(shown), ...figures }
  },
)

route(
  'POST /api/v1/reviews/agents/:id',
  {
    summary: 'Review an agent',
    description:
      'Open to developers with a confirmed e-mail address after 10 successful calls to the agent, once per agent. A review is shown once a moderator has approved it.',
    who: developer,
    params: IdParams,
    body: ReviewBody,
    answer: OwnReview,
    status: 201,
    errors: ['agentNotFound', 'emailNotVerified', 'tooFewCalls', 'alreadyReviewed'],
  },
  async ({ env, me, params, body }) => {
    const id = await submitReview(env, me, params.id, body)
    return shownOwn(await ownReview(env, me.id, id))
  },
)

route(
  'GET /api/v1/reviews/mine',
  { summary: 'Your reviews, and what has become of them', who: developer, query: PageQuery, answer: pageOf(OwnReview) },
  async ({ env, me, query }) => {
    const page = await reviewsBy(env, me.id, query)
    return { ...page, items: page.items.map(shownOwn) }
  },
)

route(
  'PUT /api/v1/reviews/:id',
  {
    summary: 'Change your review',
    description: 'It is not shown until a moderator has approved it again.',
    who: developer,
    params: IdParams,
    body: ReviewBody,
    answer: OwnReview,
    errors: ['notFound'],
  },
  async ({ env, me, params, body }) => {
    await editReview(env, me.id, params.id, body)
    return shownOwn(await ownReview(env, me.id, params.id))
  },
)

route(
  'DELETE /api/v1/reviews/:id',
  { summary: 'Take your review back', who: developer, params: IdParams, errors: ['notFound'] },
  async ({ env, me, params }) => deleteReview(env, me.id, params.id),
)

route(
  'POST /api/v1/reviews/:id/report',
  {
    summary: 'Report a review',
    description: 'Three reports put it before a moderator. It stays where it is until one has decided.',
    who: signedIn,
    params: IdParams,
    body: z.object({ reason: plainText(3, 500) }),
    errors: ['notFound', 'alreadyReported'],
  },
  async ({ env, me, params, body }) => reportReview(env, me.id, params.id, body.reason),
)

route(
  'GET /api/v1/creators/me/reviews',
  {
    summary: 'The approved reviews of your agents, newest first',
    who: creator,
    query: PageQuery.extend({ agent_id: Id.optional() }),
    answer: pageOf(AgentReview),
  },
  async ({ env, me, query: { agent_id: agentId, ...page } }) => {
    const { items, next_cursor } = await reviewsForCreator(env, me.id, { ...page, agentId })
    return {
      items: items.map((row) => ({ ...shown(row), agent_id: row.agentId, agent_name: row.agentName })),
      next_cursor,
    }
  },
)

route(
  'POST /api/v1/reviews/:id/reply',
  {
    summary: 'Reply to a review of your agent',
    description: 'One reply to each approved review, shown with it.',
    who: creator,
    params: IdParams,
    body: ReplyBody,
    errors: ['notFound', 'conflict'],
  },
  async ({ env, me, params, body }) => setReply(env, me.id, params.id, { text: body.content, isNew: true }),
)

route(
  'PUT /api/v1/reviews/:id/reply',
  { summary: 'Change your reply', who: creator, params: IdParams, body: ReplyBody, errors: ['notFound'] },
  async ({ env, me, params, body }) => setReply(env, me.id, params.id, { text: body.content, isNew: false }),
)

route(
  'DELETE /api/v1/reviews/:id/reply',
  { summary: 'Take your reply back', who: creator, params: IdParams, errors: ['notFound'] },
  async ({ env, me, params }) => setReply(env, me.id, params.id, { text: null, isNew: false }),
)

type Row = Awaited<ReturnType<typeof reviewsOf>>['items'][number]

function shown(row: Row): z.input<typeof Review> {
  const { id, rating, content, createdAt, editedAt, reply, repliedAt } = row
  return {
    id,
    rating,
    content,
    created_at: createdAt,
    edited_at: editedAt,
    reply: reply !== null && repliedAt !== null ? { content: reply, created_at: repliedAt } : null,
  }
}

function shownOwn(row: Awaited<ReturnType<typeof ownReview>>): z.input<typeof OwnReview> {
  return { ...shown(row), agent_id: row.agentId, status: row.status, rejected_because: row.rejectedBecause }
}
