import { Download } from 'lucide-react'
import type { Answer } from '../api/client.ts'
import { useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { saveFile } from '../consoles/save-file.ts'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { Figure, Figures, Money, PageHead, Section } from '../ui/figures.tsx'
import { dollars, duration, percent, whole } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { Empty, Skeleton } from '../ui/state.tsx'
import { periodOf } from '../usage/period.ts'
import { PeriodPicker } from '../usage/PeriodPicker.tsx'
import { creator } from '../words/creator.ts'
import { fill, said } from '../words/words.ts'
import { CreatorCharts } from './CreatorCharts.tsx'

type Totals = Answer<'GET /api/v1/creators/me/analytics'>['totals']

/** What the agents did and earned, for the period and the agent in the address. */
export function Analytics() {
  return (
    <Console place="creator">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(creator).analytics
  const [url, change] = useUrl()
  const period = periodOf(url)
  const agentId = url.get('agent') ?? undefined
  const query = { from: period.from, to: period.to, agent_id: agentId }
  const analytics = useRoute('GET /api/v1/creators/me/analytics', { query }, { keepsPrevious: true })
  const agents = useRoute('GET /api/v1/agents', { query: { limit: 100 } })
  useFresh(['agent.called'], ['GET /api/v1/creators/me/analytics'])
  return (
    <>
      <PageHead
        title={w.title}
        lead={w.lead}
        actions={
          <Button onClick={() => void saveFile('GET /api/v1/creators/me/analytics.csv', 'analytics.csv', { query })}>
            <Download aria-hidden />
            {w.csv}
          </Button>
        }
      />
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label={w.agent}
          className="w-56"
          value={agentId ?? 'all'}
          options={[
            { value: 'all', label: w.allAgents },
            ...(agents.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []),
          ]}
          onChange={(value) => change({ agent: value === 'all' ? undefined : value })}
        />
        <PeriodPicker period={period} />
      </div>
      <Loaded query={analytics} awaited={<Skeleton className="h-64" />}>
        {(answer) => (
          <>
            <Total totals={answer.totals} />
            {answer.totals.calls === 0 ? (
              <Empty title={w.empty}>{w.emptyWhy}</Empty>
            ) : (
              <>
                <CreatorCharts analytics={answer} />
                <Funding funding={answer.totals.funding} />
              </>
            )}
          </>
        )}
      </Loaded>
    </>
  )
}

function Total({ totals }: { totals: Totals }) {
  const w = said(creator).analytics
  const { p50, p95 } = totals.latency_ms
  return (
    <Figures>
      <Figure label={w.calls} value={whole(totals.calls)} note={fill(w.callsNote, { failed: whole(totals.errors) })} />
      <Figure
        label={w.net}
        value={<Money amount={totals.net_usd} decimals={4} className="font-sans" />}
        note={fill(w.netNote, { gross: dollars(totals.revenue_usd, 4), fee: dollars(totals.fee_usd, 4) })}
      />
      <Figure label={w.users} value={whole(totals.users)} note={w.usersNote} />
      <Figure
        label={w.latency}
        value={p50 === null ? '–' : duration(p50)}
        {...(p95 === null ? {} : { note: fill(w.latencyNote, { p95: duration(p95) }) })}
      />
    </Figures>
  )
}

function Funding({ funding }: { funding: Totals['funding'] }) {
  const w = said(creator).analytics
  const all = funding.paid + funding.promotional + funding.trial
  return (
    <Section title={w.funding}>
      <dl className="grid gap-3">
        {(['paid', 'promotional', 'trial'] as const).map((kind) => (
          <div key={kind} className="grid grid-cols-[minmax(0,16rem)_1fr_auto] items-center gap-4 text-base">
            <dt>
              {w.fundings[kind]} <span className="text-sm text-soft">{w.fundingWhy[kind]}</span>
            </dt>
            <dd className="h-1.5 overflow-hidden rounded-sm bg-line">
              <div className="h-full bg-action" style={{ width: percent(all === 0 ? 0 : funding[kind] / all) }} />
            </dd>
            <dd className="font-mono text-sm tabular-nums">{whole(funding[kind])}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}
