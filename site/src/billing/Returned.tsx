import { CircleAlert, CircleCheck, Clock, LoaderCircle, X, type LucideIcon } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import type { Answer } from '../api/client.ts'
import { refresh, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { dollars, moment, whole } from '../ui/format.ts'
import { Failure, Skeleton } from '../ui/state.tsx'
import { billing } from '../words/billing.ts'
import { common } from '../words/common.ts'
import { fill, said } from '../words/words.ts'
import { isExpired } from './order.ts'

type Payment = Answer<'GET /api/v1/payments/{id}'>
/** The API lets a payment be looked after 60 times a minute, and a browser may have it open more than once. */
const ASK_MS = 3_000

/** What became of the payment that the till sends one back from, followed until it is on the account. */
export function Returned() {
  const [url, change] = useUrl()
  const id = url.get('payment')
  if (id === null) return null
  return (
    <Followed
      key={id}
      id={id}
      isLeft={url.get('cancelled') === 'true'}
      onDismiss={() => change({ payment: undefined, cancelled: undefined })}
    />
  )
}

function Followed({ id, isLeft, onDismiss }: { id: string; isLeft: boolean; onDismiss: () => void }) {
  const w = said(billing).back
  const first = useRoute('GET /api/v1/payments/{id}', { params: { id }, query: { refresh: 'true' } })
  const payment = first.data
  const isWaiting = payment !== undefined && isUnderWay(payment)
  useRoute(
    'GET /api/v1/payments/{id}',
    { params: { id }, query: { refresh: 'true' } },
    { everyMs: isWaiting ? ASK_MS : false, isOff: !isWaiting },
  )
  const isCredited = payment?.credited === true
  useEffect(() => {
    if (isCredited) refresh('GET /api/v1/developers/quota', 'GET /api/v1/payments/history')
  }, [isCredited])
  if (first.error && payment === undefined)
    return first.error.status === 404 || first.error.status === 400 ? (
      <Banner Icon={CircleAlert} tone="bad" title={w.unknown} onDismiss={onDismiss} />
    ) : (
      <Failure error={first.error} onRetry={() => void first.refetch()} />
    )
  if (payment === undefined) return <Skeleton className="h-20" />
  return <State {...{ payment, isLeft, onDismiss }} onCheck={() => void first.refetch()} />
}

function State({
  payment,
  isLeft,
  onDismiss,
  onCheck,
}: {
  payment: Payment
  /** The buyer came back by the till's own way out. */
  isLeft: boolean
  onDismiss: () => void
  onCheck: () => void
}) {
  const w = said(billing).back
  const amount = dollars(payment.amount_usd)
  if (isExpired(payment))
    return <Banner Icon={Clock} tone="warn" title={w.expired} text={w.expiredWhy} onDismiss={onDismiss} />
  switch (payment.status) {
    case 'pending':
      return (
        <Banner
          {...(isLeft
            ? { Icon: Clock, title: w.left, text: w.leftWhy, onDismiss }
            : { Icon: LoaderCircle, isTurning: true, title: w.waiting, text: w.waitingWhy[payment.method] })}
          tone="info"
        >
          <Button size="s" onClick={onCheck}>
            {w.check}
          </Button>
          {payment.checkout_url !== null && (
            <Button size="s" look="quiet" asChild>
              <a href={payment.checkout_url}>{w.goOn}</a>
            </Button>
          )}
        </Banner>
      )
    case 'completed': {
      if (!payment.credited)
        return <Banner Icon={LoaderCircle} isTurning tone="info" title={w.crediting} text={w.creditingWhy} />
      const what =
        payment.package === null ? fill(w.doneTopUp, { amount }) : fill(w.doneCalls, { calls: whole(payment.calls) })
      return (
        <Banner
          Icon={CircleCheck}
          tone="good"
          title={fill(w.done, { what })}
          text={fill(w.doneWhy, { amount, date: moment(payment.completed_at ?? payment.created_at) })}
          onDismiss={onDismiss}
        />
      )
    }
    case 'held':
      return <Banner Icon={Clock} tone="warn" title={w.held} text={w.heldWhy} onDismiss={onDismiss} />
    case 'failed':
      return <Banner Icon={CircleAlert} tone="bad" title={w.failed} text={w.failedWhy} onDismiss={onDismiss} />
    case 'refunded':
    case 'disputed':
      return (
        <Banner Icon={CircleAlert} tone="warn" title={w[payment.status]} text={w.reversedWhy} onDismiss={onDismiss} />
      )
  }
}

const TONES = { good: 'text-success', warn: 'text-warning', bad: 'text-error', info: 'text-action' }

function Banner({
  Icon,
  isTurning,
  tone,
  title,
  text,
  onDismiss,
  children,
}: {
  Icon: LucideIcon
  isTurning?: boolean
  tone: keyof typeof TONES
  title: string
  text?: string
  onDismiss?: () => void
  children?: ReactNode
}) {
  return (
    <div role="status" className="flex items-start gap-3 rounded-md border border-strong bg-sheet p-4">
      <Icon
        aria-hidden
        className={cn('mt-0.5 size-5 shrink-0', TONES[tone], isTurning && 'motion-safe:animate-spin')}
      />
      <div className="grid grow gap-1">
        <strong className="font-medium">{title}</strong>
        {text !== undefined && <span className="text-base text-soft">{text}</span>}
        {children !== undefined && <div className="mt-2 flex flex-wrap gap-2">{children}</div>}
      </div>
      {onDismiss && (
        <Button
          look="quiet"
          size="icon"
          aria-label={said(common).close}
          onClick={onDismiss}
          className="-mt-1.5 -mr-1.5"
        >
          <X aria-hidden />
        </Button>
      )}
    </div>
  )
}

function isUnderWay(payment: Payment): boolean {
  if (payment.status === 'pending') return !isExpired(payment)
  return payment.status === 'completed' && !payment.credited
}
