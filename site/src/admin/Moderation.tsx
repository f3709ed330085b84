import { Flag, Star } from 'lucide-react'
import { useState } from 'react'
import type { Item } from '../api/client.ts'
import { useChange, usePages, useRoute } from '../api/query.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { PageHead } from '../ui/figures.tsx'
import { relative } from '../ui/format.ts'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { Pages } from '../ui/table.tsx'
import { admin } from '../words/admin.ts'
import { fill, href, plural, said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Decide, type Decision } from './Decide.tsx'

const STARS = [1, 2, 3, 4, 5]

export function Moderation() {
  return (
    <AdminPage needs="content:moderate">
      <Page />
    </AdminPage>
  )
}

type Review = Item<'GET /api/v1/admin/moderation/queue'>
type Verdict = { review: Review; to: 'approve' | 'reject' }

function Page() {
  const w = said(admin).moderation
  const pages = usePages()
  const { cursor } = pages
  const { data, error, refetch } = useRoute(
    'GET /api/v1/admin/moderation/queue',
    { query: { cursor } },
    { keepsPrevious: true },
  )
  const [verdict, setVerdict] = useState<Verdict>()
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={6} />}
      {data?.items.length === 0 && pages.page === 0 && <Empty title={w.empty}>{w.emptyText}</Empty>}
      {data && data.items.length > 0 && (
        <ul aria-label={w.list} className="divide-y divide-line">
          {data.items.map((review) => (
            <Waiting key={review.id} review={review} onVerdict={(to) => setVerdict({ review, to })} />
          ))}
        </ul>
      )}
      {data && (
        <Pages
          page={pages.page}
          hasNext={data.next_cursor !== null}
          onFirst={pages.first}
          onPrevious={pages.previous}
          onNext={() => data.next_cursor !== null && pages.next(data.next_cursor)}
        />
      )}
      {verdict && <Judge verdict={verdict} onEnd={() => setVerdict(undefined)} />}
    </>
  )
}

function Waiting({ review, onVerdict }: { review: Review; onVerdict: (to: Verdict['to']) => void }) {
  const w = said(admin).moderation
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-3 py-5 first:pt-0 md:grid-cols-[minmax(0,1fr)_auto] md:gap-8">
      <div className="grid min-w-0 gap-2">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-base">
          <Stars rating={review.rating} />
          <a href={href(`/admin/agents?agent=${review.agent_id}`)} className="min-w-0 wrap-anywhere">
            {fill(w.of, { agent: review.agent_name })}
          </a>
          <Badge>{w.statuses[review.status]}</Badge>
          <span className="text-sm text-soft">{fill(w.waiting, { ago: relative(review.queued_at) })}</span>
        </div>
        <p className="wrap-anywhere whitespace-pre-line">
          {review.content ?? <em className="text-soft">{w.noText}</em>}
        </p>
        {review.reply !== null && (
          <div className="border-l-2 border-line pl-3 text-base text-soft">
            <div className="text-sm font-medium">{w.reply}</div>
            <p className="wrap-anywhere whitespace-pre-line">{review.reply}</p>
          </div>
        )}
        {review.reports > 0 && (
          <div className="flex gap-2 text-base text-warning">
            <Flag aria-hidden className="mt-1 size-4 shrink-0" />
            <span className="min-w-0 wrap-anywhere">
              {[plural(w.reports, review.reports), ...review.report_reasons].join(' · ')}
            </span>
          </div>
        )}
      </div>
      <div className="flex items-start gap-2">
        <Button onClick={() => onVerdict('approve')}>{w.approve}</Button>
        <Button look="danger" onClick={() => onVerdict('reject')}>
          {w.reject}
        </Button>
      </div>
    </li>
  )
}

function Stars({ rating }: { rating: number }) {
  return (
    <span role="img" aria-label={plural(said(admin).moderation.stars, rating)} className="inline-flex gap-0.5">
      {STARS.map((star) => (
        <Star
          key={star}
          aria-hidden
          className={cn('size-4', star <= rating ? 'fill-current text-action' : 'text-strong')}
        />
      ))}
    </span>
  )
}

function Judge({ verdict: { review, to }, onEnd }: { verdict: Verdict; onEnd: () => void }) {
  const w = said(admin).moderation
  const shown = ['GET /api/v1/admin/moderation/queue', 'GET /api/v1/admin/dashboard/stats'] as const
  const approve = useChange('POST /api/v1/admin/moderation/reviews/{id}/approve', shown)
  const reject = useChange('POST /api/v1/admin/moderation/reviews/{id}/reject', shown)
  const { mutateAsync } = to === 'approve' ? approve : reject
  const decision: Decision = {
    ...(to === 'approve'
      ? { title: w.approveTitle, will: Object.values(w.approveWill), action: w.approve, done: w.approved }
      : { title: w.rejectTitle, will: Object.values(w.rejectWill), action: w.reject, done: w.rejected }),
    // What was read is decided on, not what its writer has made of it since.
    act: (reason) => mutateAsync({ params: { id: review.id }, body: { reason, revision: review.revision } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}
