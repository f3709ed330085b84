import { usePages, useRoute } from '../api/query.ts'
import type { Item } from '../api/client.ts'
import { useUrl } from '../api/url.ts'
import { Badge } from '../ui/badge.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Ago, Money, PageHead } from '../ui/figures.tsx'
import { day, whole } from '../ui/format.ts'
import { Tabs } from '../ui/tabs.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Choice, chosen, keysOf } from './Choice.tsx'
import { DryRun } from './DryRun.tsx'
import { List } from './List.tsx'
import { AccountLink } from './shown.tsx'

export function Settlements() {
  return (
    <AdminPage needs="payments:manage">
      <Page />
    </AdminPage>
  )
}

function Page() {
  const w = said(adminMoney).settlements
  const [url, change] = useUrl()
  const view = url.get('view') === 'history' ? 'history' : url.get('view') === 'settle' ? 'settle' : 'pending'
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Tabs
        value={view}
        onChange={(value) => change({ view: value })}
        label={w.title}
        tabs={[
          { value: 'pending', label: w.pending, content: <Pending /> },
          { value: 'settle', label: w.settle, content: <DryRun /> },
          { value: 'history', label: w.history, content: <History /> },
        ]}
      />
    </>
  )
}

type Waiting = Item<'GET /api/v1/admin/settlements/pending'>

function Pending() {
  const w = said(adminMoney)
  const pages = usePages()
  const { cursor } = pages
  const query = useRoute('GET /api/v1/admin/settlements/pending', { query: { cursor } }, { keepsPrevious: true })
  return (
    <List<Waiting>
      query={query}
      pages={pages}
      label={w.settlements.pendingList}
      rowKey={({ creator_id: id }) => id}
      empty={{ title: w.settlements.pendingEmpty }}
      columns={[
        { name: 'creator', head: w.creator, cell: ({ creator_id: id }) => <AccountLink id={id} /> },
        {
          name: 'pending',
          head: w.settlements.pendingAmount,
          isNumber: true,
          cell: ({ pending_usd: amount }) => <Money amount={amount} />,
        },
        { name: 'oldest', head: w.settlements.oldest, isWide: true, cell: ({ oldest_day: oldest }) => day(oldest) },
        { name: 'due', head: w.settlements.due, cell: ({ settles_at: at }) => <Ago at={at} /> },
        {
          name: 'status',
          head: w.status,
          isWide: true,
          cell: ({ settlement }) => {
            const known = keysOf(w.settlements.statuses).find((one) => one === settlement)
            return known === undefined ? '–' : <Badge tone="info">{w.settlements.statuses[known]}</Badge>
          },
        },
      ]}
    />
  )
}

type Settled = Item<'GET /api/v1/admin/settlements/history'>

function History() {
  const w = said(adminMoney)
  const [url] = useUrl()
  const pages = usePages()
  const status = chosen(url, 'status', keysOf(w.settlements.statuses))
  const { cursor } = pages
  const query = useRoute(
    'GET /api/v1/admin/settlements/history',
    { query: { cursor, status } },
    { keepsPrevious: true },
  )
  return (
    <div className="grid gap-4">
      <Choice name="status" label={w.status} options={w.settlements.statuses} onChange={pages.first} />
      <List<Settled>
        query={query}
        pages={pages}
        label={w.settlements.historyList}
        rowKey={({ id }) => id}
        empty={{ title: w.settlements.historyEmpty }}
        columns={[
          { name: 'creator', head: w.creator, cell: ({ creator_id: id }) => <AccountLink id={id} /> },
          {
            name: 'period',
            head: w.settlements.period,
            cell: ({ period_start: from, period_end: to }) => `${day(from)} – ${day(to)}`,
          },
          { name: 'calls', head: w.settlements.calls, isNumber: true, isWide: true, cell: ({ calls }) => whole(calls) },
          {
            name: 'gross',
            head: w.settlements.gross,
            isNumber: true,
            isWide: true,
            cell: (row) => <Money amount={row.gross_usd} />,
          },
          { name: 'fee', head: w.fee, isNumber: true, isWide: true, cell: (row) => <Money amount={row.fee_usd} /> },
          { name: 'net', head: w.settlements.net, isNumber: true, cell: (row) => <Money amount={row.net_usd} /> },
          {
            name: 'status',
            head: w.status,
            cell: (row) => (
              <Badge tone={row.status === 'posted' ? 'good' : 'info'}>{w.settlements.statuses[row.status]}</Badge>
            ),
          },
          { name: 'id', head: w.id, isWide: true, cell: ({ id }) => <CopyId id={id} /> },
        ]}
      />
    </div>
  )
}
