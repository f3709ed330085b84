import { ArrowRight, BookOpen, CreditCard, KeyRound, Store } from 'lucide-react'
import type { Answer } from '../api/client.ts'
import { useRoute } from '../api/query.ts'
import { Lots } from '../billing/Lots.tsx'
import { QuotaFigures } from '../billing/QuotaFigures.tsx'
import { CallTable } from '../calls/CallTable.tsx'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead, Section } from '../ui/figures.tsx'
import { whole } from '../ui/format.ts'
import { Empty, Skeleton } from '../ui/state.tsx'
import { UsageCharts } from '../usage/UsageCharts.tsx'
import { developer } from '../words/developer.ts'
import { fill, href, said } from '../words/words.ts'

const LATEST = 6
const FEW_CALLS = 100

/** What is left, what was used, and the one thing to do next. */
export function Overview() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(developer).overview
  const quota = useRoute('GET /api/v1/developers/quota', {})
  const keys = useRoute('GET /api/v1/developers/keys', { query: { limit: 1 } })
  const analytics = useRoute('GET /api/v1/developers/analytics', { query: { top: 3 } })
  const latest = useRoute('GET /api/v1/developers/calls', { query: { limit: LATEST } })
  useFresh(
    ['call.', 'quota.', 'payment.'],
    ['GET /api/v1/developers/quota', 'GET /api/v1/developers/calls', 'GET /api/v1/developers/analytics'],
  )
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {quota.data && keys.data && latest.data ? (
        <Next quota={quota.data} hasKey={keys.data.items.length > 0} hasCalled={latest.data.items.length > 0} />
      ) : (
        !quota.error && <Skeleton className="h-20" />
      )}
      <Loaded query={quota} awaited={<Skeleton className="h-28" />}>
        {(answer) => <QuotaFigures quota={answer} />}
      </Loaded>
      <Section title={w.days} actions={<More path="/developer/usage" text={w.allUsage} />}>
        <Loaded query={analytics} awaited={<Skeleton className="h-64" />}>
          {(answer) =>
            answer.agents.length === 0 ? (
              <Empty title={w.noCalls}>{w.noCallsWhy}</Empty>
            ) : (
              <UsageCharts analytics={answer} />
            )
          }
        </Loaded>
      </Section>
      {quota.data && <Lots lots={quota.data.lots} />}
      <Section title={w.latest} actions={<More path="/developer/calls" text={w.allCalls} />}>
        <Loaded query={latest}>
          {({ items }) =>
            items.length === 0 ? <Empty title={w.noCalls}>{w.noCallsWhy}</Empty> : <CallTable rows={items} />
          }
        </Loaded>
      </Section>
    </>
  )
}

function More({ path, text }: { path: string; text: string }) {
  return (
    <Button look="quiet" size="s" asChild>
      <a href={href(path)}>
        {text}
        <ArrowRight aria-hidden />
      </a>
    </Button>
  )
}

function Next({
  quota,
  hasKey,
  hasCalled,
}: {
  quota: Answer<'GET /api/v1/developers/quota'>
  hasKey: boolean
  hasCalled: boolean
}) {
  const w = said(developer).overview
  const n = whole(quota.calls.remaining)
  const isPoor = Number(quota.balance_usd) <= 0
  const [Icon, title, why, path] = !hasKey
    ? ([KeyRound, w.makeKey, w.makeKeyWhy, '/developer/keys?make=1'] as const)
    : quota.calls.remaining < FEW_CALLS
      ? ([CreditCard, w.buy, fill(w.buyWhy, { n }), '/developer/billing'] as const)
      : !hasCalled
        ? ([BookOpen, w.firstCall, fill(w.firstCallWhy, { n }), '/docs'] as const)
        : isPoor
          ? ([CreditCard, w.topUp, w.topUpWhy, '/developer/billing'] as const)
          : ([Store, w.fine, fill(w.fineWhy, { n }), '/marketplace'] as const)
  return (
    <a
      href={href(path)}
      className="flex items-center gap-4 rounded-md border border-strong bg-sheet p-4 text-ink no-underline hover:border-action hover:text-ink"
    >
      <Icon aria-hidden size={20} className="shrink-0 text-action" />
      <span className="grid grow">
        <span className="text-sm text-soft">{w.next}</span>
        <strong className="font-medium">{title}</strong>
        <span className="text-base text-soft">{why}</span>
      </span>
      <ArrowRight aria-hidden size={18} className="shrink-0 text-soft" />
    </a>
  )
}
