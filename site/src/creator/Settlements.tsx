import { Download } from 'lucide-react'
import { useState } from 'react'
import type { Answer, Item } from '../api/client.ts'
import { usePages, useRoute } from '../api/query.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { saveFile } from '../consoles/save-file.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Money, Section } from '../ui/figures.tsx'
import { day, dollars, whole } from '../ui/format.ts'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { earnings } from '../words/earnings.ts'
import { fill, said } from '../words/words.ts'

const DAY_MS = 86_400_000
type Settlement = Item<'GET /api/v1/creators/me/settlements'>

/** The statements, each with every call that it pays for. */
export function Settlements() {
  const w = said(earnings)
  const pages = usePages()
  const [open, setOpen] = useState<string>()
  const list = useRoute(
    'GET /api/v1/creators/me/settlements',
    { query: { limit: 10, cursor: pages.cursor } },
    { keepsPrevious: true },
  )
  const one = useRoute(
    'GET /api/v1/creators/me/settlements/{id}',
    { params: { id: open ?? '' } },
    { isOff: open === undefined },
  )
  return (
    <Section title={w.settlements}>
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={w.settlementsEmpty}>{w.settlementsEmptyWhy}</Empty>
          ) : (
            <div>
              <Table
                label={w.settlements}
                rows={items}
                rowKey={({ id }) => id}
                onOpen={({ id }) => setOpen(id)}
                isStale={list.isPlaceholderData}
                columns={[
                  { name: 'period', head: w.period, cell: periodOf },
                  {
                    name: 'state',
                    head: w.state,
                    cell: ({ status }) => (
                      <Badge tone={status === 'posted' ? 'good' : 'info'} hasDot>
                        {w.settlementStates[status]}
                      </Badge>
                    ),
                  },
                  { name: 'calls', head: w.calls, isNumber: true, isWide: true, cell: ({ calls }) => whole(calls) },
                  {
                    name: 'gross',
                    head: w.gross,
                    isNumber: true,
                    isWide: true,
                    cell: (row) => <Money amount={row.gross_usd} />,
                  },
                  {
                    name: 'fee',
                    head: w.fee,
                    isNumber: true,
                    isWide: true,
                    cell: (row) => <Money amount={row.fee_usd} />,
                  },
                  { name: 'net', head: w.net, isNumber: true, cell: (row) => <Money amount={row.net_usd} /> },
                ]}
              />
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
      <Sheet
        isOpen={open !== undefined}
        onOpenChange={() => setOpen(undefined)}
        title={w.settlement}
        lead={one.data && periodOf(one.data)}
      >
        <Loaded query={one}>{(answer) => <About settlement={answer} />}</Loaded>
      </Sheet>
    </Section>
  )
}

function About({ settlement }: { settlement: Answer<'GET /api/v1/creators/me/settlements/{id}'> }) {
  const w = said(earnings)
  const sums = [
    [w.gross, settlement.gross_usd],
    [w.corrections, settlement.corrections_usd],
    [w.fee, settlement.fee_usd],
    [w.net, settlement.net_usd],
  ] as const
  const { statement } = settlement
  return (
    <>
      <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-2 text-base">
        <dt className="text-soft">{w.calls}</dt>
        <dd className="text-right font-mono tabular-nums">{whole(settlement.calls)}</dd>
        {sums.map(([name, amount]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="text-right">
              <Money amount={amount} />
            </dd>
          </div>
        ))}
      </dl>
      {settlement.parts.map((part) => (
        <div key={part.fee_percent} className="flex justify-between gap-4 text-base">
          <span className="text-soft">
            {fill(w.atFee, { fee: part.fee_percent })} · {fill(w.withdrawn, { amount: dollars(part.withdrawn_usd) })}
          </span>
          <Money amount={part.gross_usd} />
        </div>
      ))}
      {statement && (
        <div className="grid gap-2 border-t border-line pt-4">
          <Button
            className="justify-self-start"
            onClick={() =>
              void saveFile('GET /api/v1/creators/me/settlements/{id}/statement.csv', 'statement.csv', {
                params: { id: settlement.id },
              })
            }
          >
            <Download aria-hidden />
            {w.statementDo}
          </Button>
          <span className="text-sm text-soft">
            {w.statementHash} <CopyId id={statement.sha256} chars={16} />
          </span>
        </div>
      )}
    </>
  )
}

/** Its days in words; the API gives the day after the last. */
function periodOf({ period_start: start, period_end: end }: Pick<Settlement, 'period_start' | 'period_end'>): string {
  return `${day(start)} – ${day(new Date(end).getTime() - DAY_MS)}`
}
