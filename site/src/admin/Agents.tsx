import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Money, PageHead } from '../ui/figures.tsx'
import { whole } from '../ui/format.ts'
import { Seal } from '../ui/seal.tsx'
import { admin } from '../words/admin.ts'
import { said } from '../words/words.ts'
import { AgentSheet } from './AgentSheet.tsx'
import { AdminPage, OnlyLooking } from './allowed.tsx'
import { Choice, chosen, keysOf } from './Choice.tsx'
import { Filters, List } from './List.tsx'
import { SearchField } from './SearchField.tsx'
import { AgentStatus, type Agent } from './shown.tsx'

const SLUG = /^[a-z0-9][a-z0-9-]{0,99}$/

/** How a seal is drawn for each status. */
const SEALS = { draft: 'draft', active: 'active', inactive: 'inactive', archived: 'inactive' } as const

export function Agents() {
  return (
    <AdminPage needs="agents:view">
      <Page />
    </AdminPage>
  )
}

function Page() {
  const w = said(admin).agents
  const [url, change] = useUrl()
  const pages = usePages()
  const query = useRoute(
    'GET /api/v1/admin/agents',
    {
      query: {
        cursor: pages.cursor,
        slug: url.get('slug') ?? undefined,
        creator_id: url.get('creator') ?? undefined,
        status: chosen(url, 'status', keysOf(w.statuses)),
      },
    },
    { keepsPrevious: true },
  )
  const open = url.get('agent')
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <OnlyLooking needs="agents:manage" />
      <Filters>
        <SearchField
          name="slug"
          label={w.search}
          check={(text) => (SLUG.test(text) ? undefined : w.badSlug)}
          onChange={pages.first}
        />
        <Choice name="status" label={w.status} options={w.statuses} onChange={pages.first} />
      </Filters>
      <List<Agent>
        query={query}
        pages={pages}
        label={w.list}
        rowKey={({ id }) => id}
        onOpen={({ id }) => change({ agent: id })}
        empty={{ title: w.empty, text: w.emptyText }}
        columns={[
          {
            name: 'name',
            head: w.name,
            cell: ({ id, name, status }) => (
              <span className="flex items-center gap-2.5 wrap-anywhere">
                <Seal id={id} sizePx={24} state={SEALS[status]} />
                {name}
              </span>
            ),
          },
          { name: 'status', head: w.status, cell: (agent) => <AgentStatus agent={agent} /> },
          { name: 'model', head: w.model, isWide: true, cell: ({ model }) => model },
          {
            name: 'price',
            head: w.price,
            isNumber: true,
            isWide: true,
            cell: ({ price_usd: price }) => <Money amount={price} />,
          },
          {
            name: 'calls',
            head: w.calls,
            isNumber: true,
            isWide: true,
            cell: ({ total_calls: calls }) => whole(calls),
          },
          {
            name: 'revenue',
            head: w.revenue,
            isNumber: true,
            isWide: true,
            cell: ({ total_revenue_usd: revenue }) => <Money amount={revenue} decimals={2} />,
          },
        ]}
      />
      {open !== null && <AgentSheet id={open} onClose={() => change({ agent: undefined })} />}
    </>
  )
}
