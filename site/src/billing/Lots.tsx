import type { Answer } from '../api/client.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Section } from '../ui/figures.tsx'
import { percent, whole } from '../ui/format.ts'
import { Empty } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { billing } from '../words/billing.ts'
import { said } from '../words/words.ts'

type Lot = Answer<'GET /api/v1/developers/quota'>['lots'][number]
type State = 'active' | 'next' | 'empty' | 'frozen' | 'closed'
const TONES: Record<State, Tone> = { active: 'good', next: 'info', empty: 'plain', frozen: 'warn', closed: 'plain' }

/** Calls by lot, in the order in which they are drawn. */
export function Lots({ lots }: { lots: readonly Lot[] }) {
  const w = said(billing)
  const firstOpen = lots.find((lot) => lot.state === 'active' && lot.remaining > 0)
  const stateOf = (lot: Lot): State => {
    if (lot.state !== 'active') return lot.state
    if (lot.remaining === 0) return 'empty'
    return lot === firstOpen ? 'active' : 'next'
  }
  return (
    <Section title={w.lots} lead={w.lotsLead}>
      {lots.length === 0 ? (
        <Empty title={w.lotsEmpty}>{w.lotsEmptyWhy}</Empty>
      ) : (
        <Table
          label={w.lots}
          rows={lots}
          rowKey={({ id }) => id}
          columns={[
            { name: 'kind', head: w.lot, cell: ({ kind }) => w.lotKinds[kind] },
            { name: 'bar', head: '', isWide: true, className: 'w-2/5', cell: (lot) => <Bar lot={lot} /> },
            { name: 'left', head: w.lotLeft, isNumber: true, cell: ({ remaining }) => whole(remaining) },
            { name: 'of', head: w.lotOf, isNumber: true, cell: ({ calls }) => whole(calls) },
            {
              name: 'state',
              head: w.lotState,
              className: 'pl-4',
              cell: (lot) => (
                <Badge tone={TONES[stateOf(lot)]} hasDot>
                  {w.lotStates[stateOf(lot)]}
                </Badge>
              ),
            },
          ]}
        />
      )}
    </Section>
  )
}

function Bar({ lot: { remaining, calls } }: { lot: Lot }) {
  const share = calls === 0 ? 0 : remaining / calls
  return (
    <div className="h-1.5 w-full overflow-hidden rounded-sm bg-line" title={percent(share)}>
      <div className="h-full bg-action" style={{ width: percent(share) }} />
    </div>
  )
}
