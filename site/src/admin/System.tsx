import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import type { Answer } from '../api/client.ts'
import { useChange, useRoute } from '../api/query.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead, Section } from '../ui/figures.tsx'
import { duration, relative, whole } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { adminSystem } from '../words/admin-system.ts'
import { fill, said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { keysOf } from './Choice.tsx'
import { Decide } from './Decide.tsx'

const LOOK_MS = 15_000

export function System() {
  return (
    <AdminPage needs="system:admin">
      <Page />
    </AdminPage>
  )
}

type Health = Answer<'GET /api/v1/admin/system/health'>
const TONES = { up: 'good', degraded: 'warn', down: 'bad' } as const

function Page() {
  const w = said(adminSystem).system
  const { data, error, isFetching, refetch } = useRoute('GET /api/v1/admin/system/health', {}, { everyMs: LOOK_MS })
  return (
    <>
      <PageHead
        title={w.title}
        lead={w.lead}
        actions={
          <Button isBusy={isFetching} onClick={() => void refetch()}>
            {!isFetching && <RotateCw aria-hidden />}
            {w.again}
          </Button>
        }
      />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={10} />}
      {data && (
        <>
          <div role="status" className="flex flex-wrap items-center gap-3">
            <Badge tone={TONES[data.status]} hasDot>
              {w.statuses[data.status]}
            </Badge>
            <span className="text-sm text-soft">{fill(w.checked, { ago: relative(data.checked_at) })}</span>
          </div>
          <Parts health={data} />
          <Models health={data} />
          <Queues health={data} />
        </>
      )}
      <Cache />
    </>
  )
}

function Parts({ health: { parts } }: { health: Health }) {
  const w = said(adminSystem).system
  const named = (name: string) => {
    const known = keysOf(w.partNames).find((one) => one === name)
    return known === undefined ? name : w.partNames[known]
  }
  return (
    <Section title={w.parts}>
      <Table
        label={w.parts}
        rows={parts}
        rowKey={({ name }) => name}
        columns={[
          { name: 'part', head: w.part, cell: ({ name }) => named(name) },
          {
            name: 'status',
            head: w.status,
            cell: ({ status }) => (
              <Badge tone={TONES[status]} hasDot>
                {w.partStates[status]}
              </Badge>
            ),
          },
          { name: 'latency', head: w.answered, isNumber: true, cell: ({ latency_ms: ms }) => duration(ms) },
        ]}
      />
    </Section>
  )
}

const BREAKER_TONES: Record<Health['breakers'][number]['state'], Tone> = {
  closed: 'good',
  open: 'bad',
  'half-open': 'warn',
  unknown: 'plain',
}

function Models({ health: { breakers } }: { health: Health }) {
  const w = said(adminSystem).system
  return (
    <Section title={w.models}>
      <Table
        label={w.models}
        rows={breakers}
        rowKey={({ model }) => model}
        columns={[
          { name: 'model', head: w.model, cell: ({ model }) => <code>{model}</code> },
          {
            name: 'breaker',
            head: w.breaker,
            cell: ({ state }) => (
              <Badge tone={BREAKER_TONES[state]} hasDot>
                {w.breakers[state]}
              </Badge>
            ),
          },
        ]}
      />
    </Section>
  )
}

function Queues({ health: { queues } }: { health: Health }) {
  const w = said(adminSystem).system
  return (
    <Section title={w.queues}>
      <Table
        label={w.queues}
        rows={queues}
        rowKey={({ queue }) => queue}
        columns={[
          { name: 'queue', head: w.queue, cell: ({ queue }) => <code>{queue}</code> },
          {
            name: 'backlog',
            head: w.backlog,
            isNumber: true,
            cell: ({ backlog }) => (backlog === null ? w.unknown : whole(backlog)),
          },
        ]}
      />
    </Section>
  )
}

function Cache() {
  const w = said(adminSystem).system
  const [isClearing, setClearing] = useState(false)
  const clear = useChange('POST /api/v1/admin/system/cache/clear')
  return (
    <Section title={w.cache} lead={w.cacheLead}>
      <div>
        <Button look="danger" onClick={() => setClearing(true)}>
          {w.clear}
        </Button>
      </div>
      {isClearing && (
        <Decide
          onEnd={() => setClearing(false)}
          decision={{
            title: w.clear,
            will: Object.values(w.clearWill),
            action: w.clear,
            done: w.cleared,
            act: (reason) => clear.mutateAsync({ body: { reason } }),
          }}
        />
      )}
    </Section>
  )
}
