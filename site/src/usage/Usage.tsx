import { Download } from 'lucide-react'
import { useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { saveFile } from '../consoles/save-file.ts'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { Figure, Figures, Money, PageHead } from '../ui/figures.tsx'
import { duration, short, whole } from '../ui/format.ts'
import { Empty, Skeleton } from '../ui/state.tsx'
import { usage } from '../words/usage.ts'
import { fill, said } from '../words/words.ts'
import { periodOf } from './period.ts'
import { PeriodPicker } from './PeriodPicker.tsx'
import { UsageCharts } from './UsageCharts.tsx'
import { Groups, GROUPS } from './Groups.tsx'

const TOP = 3

/** What was called and what it cost, for the period and the grouping in the address. */
export function Usage() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(usage)
  const [url] = useUrl()
  const period = periodOf(url)
  const days = { from: period.from, to: period.to }
  const group = GROUPS.find((one) => one === url.get('by')) ?? 'day'
  const page = Math.max(1, Math.floor(Number(url.get('page') ?? 1)) || 1)
  const analytics = useRoute(
    'GET /api/v1/developers/analytics',
    { query: { ...days, top: TOP } },
    { keepsPrevious: true },
  )
  const query = { ...days, group_by: group, page, per_page: 25 }
  const groups = useRoute('GET /api/v1/developers/usage', { query }, { keepsPrevious: true })
  useFresh(['call.'], ['GET /api/v1/developers/analytics', 'GET /api/v1/developers/usage'])
  return (
    <>
      <PageHead
        title={w.title}
        lead={w.lead}
        actions={
          <Button
            onClick={() =>
              void saveFile('GET /api/v1/developers/usage.csv', 'usage.csv', { query: { ...days, group_by: group } })
            }
          >
            <Download aria-hidden />
            {w.csv}
          </Button>
        }
      />
      <PeriodPicker period={period} />
      <Loaded query={groups} awaited={<Skeleton className="h-28" />}>
        {({ totals }) => (
          <Figures>
            <Figure label={w.calls} value={whole(totals.calls)} note={`${w.succeeded}: ${whole(totals.successful)}`} />
            <Figure
              label={w.cost}
              value={<Money amount={totals.cost_usd} decimals={4} className="font-sans" />}
              note={w.costNote}
            />
            <Figure label={w.failed} value={whole(totals.failed)} note={w.failedNote} />
            <Figure
              label={w.latencyFigure}
              value={totals.latency_ms.p50 === null ? '–' : duration(totals.latency_ms.p50)}
              note={
                totals.latency_ms.p95 === null
                  ? fill(w.tokensNote, { input: short(totals.input_tokens), output: short(totals.output_tokens) })
                  : fill(w.latencyNote, { p95: duration(totals.latency_ms.p95) })
              }
            />
          </Figures>
        )}
      </Loaded>
      <Loaded query={analytics} awaited={<Skeleton className="h-64" />}>
        {(answer) =>
          answer.agents.length === 0 ? <Empty title={w.empty}>{w.emptyWhy}</Empty> : <UsageCharts analytics={answer} />
        }
      </Loaded>
      <Groups query={groups} />
    </>
  )
}
