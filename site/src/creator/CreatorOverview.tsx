import { ArrowRight, CircleCheck } from 'lucide-react'
import { useRoute } from '../api/query.ts'
import { CallState } from '../calls/CallTable.tsx'
import { AgentName } from '../consoles/agent-name.tsx'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { Ago, Money, PageHead, Section } from '../ui/figures.tsx'
import { dollars, duration } from '../ui/format.ts'
import { Empty, Skeleton } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { creator } from '../words/creator.ts'
import { fill, href, plural, said } from '../words/words.ts'
import { CreatorCharts } from './CreatorCharts.tsx'
import { EarningsFigures } from './EarningsFigures.tsx'

const LATEST = 8
export const WITHDRAWAL_MIN = 10

/** What was earned, and what needs the creator. */
export function CreatorOverview() {
  return (
    <Console place="creator">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(creator).overview
  const money = useRoute('GET /api/v1/creators/me/earnings', {})
  const analytics = useRoute('GET /api/v1/creators/me/analytics', {})
  useFresh(
    ['agent.called', 'settlement.', 'withdrawal.', 'review.'],
    [
      'GET /api/v1/creators/me/earnings',
      'GET /api/v1/creators/me/analytics',
      'GET /api/v1/creators/me/calls',
      'GET /api/v1/creators/me/reviews',
    ],
  )
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Attention />
      <Loaded query={money} awaited={<Skeleton className="h-28" />}>
        {(answer) => <EarningsFigures money={answer} />}
      </Loaded>
      <Section title={w.days} actions={<More path="/creator/analytics" text={w.allAnalytics} />}>
        <Loaded query={analytics} awaited={<Skeleton className="h-64" />}>
          {(answer) => <CreatorCharts analytics={answer} />}
        </Loaded>
      </Section>
      <LatestCalls />
    </>
  )
}

/** What waits for the creator, the most pressing first. */
function Attention() {
  const w = said(creator).overview
  const me = useRoute('GET /api/v1/creators/me', {})
  const agents = useRoute('GET /api/v1/agents', { query: { limit: 100 } })
  const reviews = useRoute('GET /api/v1/creators/me/reviews', { query: { limit: 50 } })
  const money = useRoute('GET /api/v1/creators/me/earnings', {})
  if (!me.data || !agents.data || !reviews.data || !money.data) {
    const failed = [me, agents, reviews, money].find(({ error }) => error)
    return failed ? <Loaded query={failed as typeof me}>{() => null}</Loaded> : <Skeleton className="h-16" />
  }
  const count = (status: string) => agents.data.items.filter((one) => one.status === status).length
  const unanswered = reviews.data.items.filter(({ reply }) => reply === null).length
  const amount = dollars(money.data.withdrawable_usd)
  const waiting = [
    agents.data.items.length === 0 && [w.noAgents, w.noAgentsDo, '/creator/agents/new'],
    me.data.wallet_address === null && [w.noWallet, w.noWalletDo, '/creator/wallet'],
    me.data.wallet_address !== null &&
      Number(money.data.withdrawable_usd) >= WITHDRAWAL_MIN && [
        fill(w.withdraw, { amount }),
        fill(w.withdrawDo, { amount }),
        '/creator/earnings?withdraw=1',
      ],
    unanswered > 0 && [plural(w.unanswered, unanswered), w.unansweredDo, '/creator/reviews'],
    count('draft') > 0 && [plural(w.drafts, count('draft')), w.draftsDo, '/creator/agents?state=draft'],
    count('inactive') > 0 && [plural(w.stopped, count('inactive')), w.draftsDo, '/creator/agents?state=inactive'],
  ].filter((one) => one !== false)
  return (
    <Section title={w.attention}>
      {waiting.length === 0 ? (
        <p className="flex items-center gap-2 text-base text-soft">
          <CircleCheck aria-hidden size={16} className="text-success" />
          {w.nothing}
        </p>
      ) : (
        <ul className="divide-y divide-line border-y border-line">
          {waiting.map(([text, action, path]) => (
            <li key={path} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-2.5">
              <span className="text-base">{text}</span>
              <More path={path ?? ''} text={action ?? ''} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function LatestCalls() {
  const w = said(creator)
  const calls = useRoute('GET /api/v1/creators/me/calls', { query: { limit: LATEST } })
  const agents = useRoute('GET /api/v1/agents', { query: { limit: 100 } })
  const names = new Map(agents.data?.items.map(({ id, name }) => [id, name]))
  return (
    <Section title={w.overview.latest} lead={w.calls.yoursNote}>
      <Loaded query={calls}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={w.overview.latestNone}>{w.overview.latestNoneWhy}</Empty>
          ) : (
            <Table
              label={w.overview.latest}
              rows={items}
              rowKey={({ created_at: at, agent_id: id }) => `${at} ${id}`}
              columns={[
                { name: 'when', head: w.calls.when, cell: ({ created_at: at }) => <Ago at={at} /> },
                {
                  name: 'agent',
                  head: w.calls.agent,
                  cell: ({ agent_id: id }) => <AgentName id={id} name={names.get(id)} />,
                },
                { name: 'state', head: w.calls.state, cell: ({ status }) => <CallState status={status} /> },
                {
                  name: 'funding',
                  head: w.analytics.funding,
                  isWide: true,
                  cell: ({ funding }) => (funding === null ? '–' : w.analytics.fundings[funding]),
                },
                {
                  name: 'latency',
                  head: w.calls.latency,
                  isNumber: true,
                  isWide: true,
                  cell: (call) => duration(call.latency_ms),
                },
                {
                  name: 'price',
                  head: w.calls.price,
                  isNumber: true,
                  isWide: true,
                  cell: (call) => <Money amount={call.price_usd} />,
                },
                {
                  name: 'yours',
                  head: w.calls.yours,
                  isNumber: true,
                  cell: (call) => <Money amount={call.revenue_usd} />,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Section>
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
