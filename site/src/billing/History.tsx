import { useState } from 'react'
import type { Item, Query } from '../api/client.ts'
import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Ago, Money, Section } from '../ui/figures.tsx'
import { dollars } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { billing } from '../words/billing.ts'
import { fill, said } from '../words/words.ts'
import { nameOf } from './names.ts'
import { isExpired } from './order.ts'
import { Receipt } from './Receipt.tsx'

type Payment = Item<'GET /api/v1/payments/history'>
type Status = Payment['status']
const STATUSES: readonly Status[] = ['pending', 'held', 'completed', 'failed', 'refunded', 'disputed']
const TONES: Record<Status, Tone> = {
  pending: 'plain',
  held: 'warn',
  completed: 'good',
  failed: 'bad',
  refunded: 'wax',
  disputed: 'wax',
}
const ROWS = 10

/** What was paid, with what came of it and a receipt each. */
export function History() {
  const w = said(billing)
  const [url, change] = useUrl()
  const status = STATUSES.find((one) => one === url.get('state'))
  const pages = usePages()
  const query: Query<'GET /api/v1/payments/history'> = { limit: ROWS, cursor: pages.cursor, status }
  const history = useRoute('GET /api/v1/payments/history', { query }, { keepsPrevious: true })
  const [shown, setShown] = useState<string>()
  return (
    <Section
      title={w.history}
      actions={
        <Select
          aria-label={w.state}
          className="w-44"
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
      }
    >
      <Loaded query={history}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={status === undefined ? w.historyEmpty : w.historyNone}>
              {status === undefined && w.historyEmptyWhy}
            </Empty>
          ) : (
            <div>
              <Table
                label={w.history}
                rows={items}
                rowKey={({ id }) => id}
                isStale={history.isPlaceholderData}
                columns={[
                  { name: 'date', head: w.date, isWide: true, cell: ({ created_at: at }) => <Ago at={at} /> },
                  {
                    name: 'what',
                    head: w.what,
                    cell: (row) => (
                      <span className="grid">
                        {nameOf(row)}
                        <Ago at={row.created_at} className="text-sm text-soft md:hidden" />
                      </span>
                    ),
                  },
                  { name: 'how', head: w.how, isWide: true, cell: ({ method }) => w.methods[method] },
                  { name: 'sum', head: w.sum, isNumber: true, cell: (row) => <Money amount={row.amount_usd} /> },
                  { name: 'state', head: w.state, className: 'pl-4', cell: (row) => <State payment={row} /> },
                  {
                    name: 'do',
                    head: '',
                    className: 'text-right',
                    cell: (row) => <Act payment={row} onReceipt={() => setShown(row.id)} />,
                  },
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
      <Receipt id={shown} onClose={() => setShown(undefined)} />
    </Section>
  )
}

function State({ payment }: { payment: Payment }) {
  const w = said(billing)
  const text = isExpired(payment)
    ? w.expired
    : payment.status === 'completed'
      ? payment.credited
        ? w.credited
        : w.crediting
      : w.states[payment.status]
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      <Badge tone={payment.status === 'completed' && !payment.credited ? 'info' : TONES[payment.status]} hasDot>
        {text}
      </Badge>
      {Number(payment.refunded_usd) > 0 && (
        <span className="text-sm text-soft">{fill(w.refundedOf, { amount: dollars(payment.refunded_usd) })}</span>
      )}
      {Number(payment.disputed_usd) > 0 && (
        <span className="text-sm text-soft">{fill(w.disputedOf, { amount: dollars(payment.disputed_usd) })}</span>
      )}
    </span>
  )
}

function Act({ payment, onReceipt }: { payment: Payment; onReceipt: () => void }) {
  const w = said(billing)
  if (payment.completed_at !== null)
    return (
      <Button look="quiet" size="s" onClick={onReceipt}>
        {w.receipt}
      </Button>
    )
  if (payment.checkout_url === null || isExpired(payment)) return null
  return (
    <Button look="quiet" size="s" asChild>
      <a href={payment.checkout_url}>{w.goOn}</a>
    </Button>
  )
}
