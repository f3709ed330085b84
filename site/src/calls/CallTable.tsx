import type { Item } from '../api/client.ts'
import { AgentName, useAgents } from '../consoles/agent-name.tsx'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { duration } from '../ui/format.ts'
import { Table, type Column } from '../ui/table.tsx'
import { calls } from '../words/calls.ts'
import { said } from '../words/words.ts'

export type Call = Item<'GET /api/v1/developers/calls'>
const TONES: Record<Call['status'], Tone> = { success: 'good', error: 'bad', timeout: 'warn' }

export function CallState({ status }: { status: Call['status'] }) {
  return (
    <Badge tone={TONES[status]} hasDot>
      {said(calls).states[status]}
    </Badge>
  )
}

/** Calls, one a row. `keyNames` adds which key each was made with. */
export function CallTable({
  rows,
  onOpen,
  keyNames,
  isStale,
}: {
  rows: readonly Call[]
  onOpen?: (call: Call) => void
  keyNames?: Map<string, string>
  isStale?: boolean
}) {
  const w = said(calls)
  const agents = useAgents()
  const keyColumn: Column<Call> = {
    name: 'key',
    head: w.key,
    isWide: true,
    cell: ({ api_key_id: id }) => <span className="text-soft">{keyNames?.get(id) ?? id.slice(0, 8)}</span>,
  }
  return (
    <Table
      label={w.title}
      rows={rows}
      rowKey={({ id }) => id}
      {...(onOpen ? { onOpen } : {})}
      isStale={isStale === true}
      columns={[
        { name: 'when', head: w.when, cell: ({ created_at: at }) => <Ago at={at} /> },
        {
          name: 'agent',
          head: w.agent,
          cell: ({ agent_id: id }) => <AgentName id={id} name={agents.get(id)?.name} />,
        },
        ...(keyNames ? [keyColumn] : []),
        { name: 'state', head: w.state, cell: ({ status }) => <CallState status={status} /> },
        { name: 'latency', head: w.latency, isNumber: true, isWide: true, cell: (call) => duration(call.latency_ms) },
        { name: 'cost', head: w.cost, isNumber: true, cell: (call) => <Money amount={call.cost_usd} /> },
      ]}
    />
  )
}
