import { Star } from 'lucide-react'
import { usePages, useRoute } from '../api/query.ts'
import { Ago } from '../ui/figures.tsx'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { Pages } from '../ui/table.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { WriteReview } from './WriteReview.tsx'
import { said } from '../words/words.ts'

/** Stars out of five; the figure is said to who does not see them. */
export function Stars({ rating, sizePx = 14 }: { rating: number; sizePx?: number }) {
  return (
    <span role="img" aria-label={`${rating} / 5`} className="inline-flex gap-0.5">
      {[1, 2, 3, 4, 5].map((star) => (
        <Star
          key={star}
          aria-hidden
          size={sizePx}
          className={star <= Math.round(rating) ? 'fill-warning text-warning' : 'text-line'}
        />
      ))}
    </span>
  )
}

/** What developers say, each with the creator's answer. */
export function Reviews({ agentId, distribution }: { agentId: string; distribution: readonly number[] }) {
  const w = said(agentWords).reviews
  const { page, cursor, next, previous, first } = usePages()
  const { data, error, refetch } = useRoute(
    'GET /api/v1/reviews/agents/{id}',
    { params: { id: agentId }, query: { limit: 10, cursor } },
    { keepsPrevious: true },
  )
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={3} />
  if (data.items.length === 0)
    return (
      <div className="grid gap-6">
        <Empty title={w.empty}>{w.emptyWhy}</Empty>
        <WriteReview agentId={agentId} />
      </div>
    )
  const most = Math.max(...distribution, 1)
  return (
    <div className="grid gap-6 md:grid-cols-[12rem_minmax(0,1fr)]">
      <div className="grid content-start gap-2">
        <p className="flex items-center gap-2 text-2xl font-semibold tabular-nums">
          {(data.average ?? 0).toFixed(1)} <Stars rating={data.average ?? 0} />
        </p>
        {distribution.toReversed().map((count, index) => (
          // oxlint-disable-next-line react/no-array-index-key
          <div key={index} className="flex items-center gap-2 text-sm text-soft tabular-nums">
            {5 - index}
            <span className="h-1.5 grow bg-line">
              <span className="block h-full bg-warning" style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <span className="w-6 text-right">{count}</span>
          </div>
        ))}
      </div>
      <div>
        <ul className="divide-y divide-line">
          {data.items.map((review) => (
            <li key={review.id} className="grid gap-1.5 py-4 first:pt-0">
              <p className="flex items-center gap-3 text-sm text-soft">
                <Stars rating={review.rating} />
                <Ago at={review.created_at} />
                {review.edited_at !== null && <span>{w.edited}</span>}
              </p>
              {review.content !== null && <p className="wrap-anywhere whitespace-pre-line">{review.content}</p>}
              {review.reply && (
                <div className="mt-1 border-l-2 border-line pl-3 text-base">
                  <p className="text-sm text-soft">
                    {w.reply} · <Ago at={review.reply.created_at} />
                  </p>
                  <p className="wrap-anywhere whitespace-pre-line">{review.reply.content}</p>
                </div>
              )}
            </li>
          ))}
        </ul>
        <WriteReview agentId={agentId} />
        <Pages
          page={page}
          hasNext={data.next_cursor !== null}
          onFirst={first}
          onPrevious={previous}
          onNext={() => data.next_cursor !== null && next(data.next_cursor)}
        />
      </div>
    </div>
  )
}
