import { Plus, Star } from 'lucide-react'
import type { Item } from '../api/client.ts'
import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Ago, Money, PageHead } from '../ui/figures.tsx'
import { whole } from '../ui/format.ts'
import { Seal } from '../ui/seal.tsx'
import { Select } from '../ui/select.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { agents } from '../words/agents.ts'
import { href, said } from '../words/words.ts'

type Agent = Item<'GET /api/v1/agents'>
type Status = Agent['status']
const STATUSES: readonly Status[] = ['draft', 'active', 'inactive', 'archived']
const TONES: Record<Status, Tone> = { draft: 'plain', active: 'good', inactive: 'warn', archived: 'plain' }

/** A creator's agents. */
export function Agents() {
  return (
    <Console place="creator">
      <Page />
    </Console>
  )
}

export function AgentState({ status }: { status: Status }) {
  return (
    <Badge tone={TONES[status]} hasDot>
      {said(agents).states[status]}
    </Badge>
  )
}

function Page() {
  const w = said(agents)
  const [url, change] = useUrl()
  const pages = usePages()
  const status = STATUSES.find((one) => one === url.get('state'))
  const list = useRoute(
    'GET /api/v1/agents',
    { query: { limit: 20, cursor: pages.cursor, status } },
    { keepsPrevious: true },
  )
  useFresh(['agent.'], ['GET /api/v1/agents'])
  const make = (
    <Button look="main" asChild>
      <a href={href('/creator/agents/new')}>
        <Plus aria-hidden />
        {w.make}
      </a>
    </Button>
  )
  return (
    <>
      <PageHead title={w.title} lead={w.lead} actions={make} />
      <Select
        aria-label={w.state}
        className="w-48"
        value={status ?? 'all'}
        options={[
          { value: 'all', label: w.allStates },
          ...STATUSES.map((value) => ({ value, label: w.states[value] })),
        ]}
        onChange={(value) => {
          pages.first()
          change({ state: value === 'all' ? undefined : value })
        }}
      />
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={status === undefined ? w.empty : w.none} action={make}>
              {status === undefined && w.emptyWhy}
            </Empty>
          ) : (
            <div>
              <AgentTable rows={items} isStale={list.isPlaceholderData} />
              <Pages
                page={pages.page}
                hasNext={next !== null}
                onFirst={pages.first}
                onPrevious={pages.previous}
                onNext={() => next !== null && pages.next(next)}
              />
            </div>
          )
        }
      </Loaded>
    </>
  )
}

function AgentTable({ rows, isStale }: { rows: readonly Agent[]; isStale: boolean }) {
  const w = said(agents)
  return (
    <Table
      label={w.title}
      rows={rows}
      rowKey={({ id }) => id}
      isStale={isStale}
      columns={[
        {
          name: 'name',
          head: w.name,
          cell: ({ id, name, status, model }) => (
            <a
              href={href(`/creator/agents/edit?id=${id}`)}
              className="flex items-center gap-3 py-1.5 text-ink no-underline hover:text-action"
            >
              <Seal
                id={id}
                sizePx={32}
                state={status === 'active' ? 'active' : status === 'draft' ? 'draft' : 'inactive'}
              />
              <span className="grid min-w-0 leading-snug wrap-anywhere">
                <span className="font-medium">{name}</span>
                <span className="text-sm text-soft">{model}</span>
              </span>
            </a>
          ),
        },
        { name: 'state', head: w.state, cell: ({ status }) => <AgentState status={status} /> },
        { name: 'price', head: w.price, isNumber: true, cell: (one) => <Money amount={one.price_per_call} /> },
        {
          name: 'calls',
          head: w.calls,
          isNumber: true,
          isWide: true,
          cell: ({ statistics }) => whole(statistics.total_calls),
        },
        {
          name: 'revenue',
          head: w.revenue,
          isNumber: true,
          isWide: true,
          cell: ({ statistics }) => <Money amount={statistics.total_revenue_usd} decimals={4} />,
        },
        {
          name: 'rating',
          head: w.rating,
          isNumber: true,
          isWide: true,
          cell: ({ statistics: { average_rating: average, review_count: count } }) =>
            count === 0 ? (
              <span className="font-sans whitespace-nowrap text-soft">{w.noRating}</span>
            ) : (
              <span className="inline-flex items-center gap-1 whitespace-nowrap">
                <Star aria-hidden size={12} className="fill-action text-action" />
                {average.toFixed(1)} ({whole(count)})
              </span>
            ),
        },
        {
          name: 'changed',
          head: w.changed,
          isWide: true,
          className: 'text-right',
          cell: ({ updated_at: at }) => <Ago at={at} className="text-soft" />,
        },
      ]}
    />
  )
}
