import type { UseQueryResult } from '@tanstack/react-query'
import type { Answer } from '../api/client.ts'
import type { ApiError } from '../api/error.ts'
import { useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { CallState } from '../calls/CallTable.tsx'
import { AgentName, useAgents } from '../consoles/agent-name.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { Money, Section } from '../ui/figures.tsx'
import { day, duration, short, whole } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { usage } from '../words/usage.ts'
import { said } from '../words/words.ts'

type Usage = Answer<'GET /api/v1/developers/usage'>
type Row = Usage['items'][number]
export const GROUPS = ['day', 'agent', 'key', 'status'] as const

/** The same figures as a table, by what the address says. */
export function Groups({ query }: { query: UseQueryResult<Usage, ApiError> }) {
  const w = said(usage)
  const [, change] = useUrl()
  const group = query.data?.group_by ?? 'day'
  return (
    <Section
      title={w.detail}
      actions={
        <Select
          aria-label={w.by}
          className="w-36"
          value={group}
          options={GROUPS.map((value) => ({ value, label: `${w.by} ${w.groups[value]}` }))}
          onChange={(value) => change({ by: value === 'day' ? undefined : value, page: undefined })}
        />
      }
    >
      <Loaded query={query}>
        {(answer) =>
          answer.items.length === 0 ? (
            <Empty title={w.empty} />
          ) : (
            <Rows answer={answer} isStale={query.isPlaceholderData} />
          )
        }
      </Loaded>
    </Section>
  )
}

function Rows({ answer, isStale }: { answer: Usage; isStale: boolean }) {
  const w = said(usage)
  const [, change] = useUrl()
  const keys = useRoute(
    'GET /api/v1/developers/keys',
    { query: { limit: 100, status: 'all' } },
    { isOff: answer.group_by !== 'key' },
  )
  const agents = useAgents()
  const toPage = (page: number) => change({ page: page <= 1 ? undefined : String(page) })
  const nameOf = (row: Row) => {
    if (row.day !== undefined) return day(row.day)
    if (row.agent_id !== undefined) return <AgentName id={row.agent_id} name={agents.get(row.agent_id)?.name} />
    if (row.status !== undefined) return <CallState status={row.status} />
    const key = keys.data?.items.find(({ id }) => id === row.api_key_id)
    return key?.name ?? key?.prefix ?? w.revoked
  }
  return (
    <div>
      <Table
        label={w.groups[answer.group_by]}
        rows={answer.items}
        rowKey={(row) => row.day ?? row.agent_id ?? row.api_key_id ?? row.status ?? ''}
        isStale={isStale}
        columns={[
          { name: 'name', head: w.groups[answer.group_by], cell: nameOf },
          { name: 'calls', head: w.calls, isNumber: true, cell: ({ calls }) => whole(calls) },
          { name: 'failed', head: w.failed, isNumber: true, isWide: true, cell: ({ failed }) => whole(failed) },
          { name: 'cost', head: w.cost, isNumber: true, cell: (row) => <Money amount={row.cost_usd} /> },
          {
            name: 'tokens',
            head: w.tokens,
            isNumber: true,
            isWide: true,
            cell: (row) => `${short(row.input_tokens)} / ${short(row.output_tokens)}`,
          },
          {
            name: 'latency',
            head: w.latency,
            isNumber: true,
            isWide: true,
            cell: ({ latency_ms: { p50, p95 } }) =>
              p50 === null || p95 === null ? '–' : `${duration(p50)} / ${duration(p95)}`,
          },
        ]}
      />
      <Pages
        page={answer.page - 1}
        hasNext={answer.page * answer.per_page < answer.total}
        onFirst={() => toPage(1)}
        onPrevious={() => toPage(answer.page - 1)}
        onNext={() => toPage(answer.page + 1)}
      />
    </div>
  )
}
