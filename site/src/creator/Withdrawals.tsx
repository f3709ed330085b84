import { Fragment, useState, type ReactNode } from 'react'
import { call, type Answer, type Item } from '../api/client.ts'
import { refresh, usePages, useRoute } from '../api/query.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { CopyId } from '../ui/copy.tsx'
import { Confirm, Sheet } from '../ui/dialog.tsx'
import { Ago, Money, Section } from '../ui/figures.tsx'
import { dollars, moment } from '../ui/format.ts'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { earnings } from '../words/earnings.ts'
import { fill, said } from '../words/words.ts'

type Withdrawal = Item<'GET /api/v1/creators/me/withdrawals'>
type State = Withdrawal['state']
const TONES: Record<State, Tone> = {
  held: 'warn',
  requested: 'info',
  queued: 'info',
  signed: 'info',
  broadcast: 'info',
  mined: 'info',
  safe: 'good',
  final: 'good',
  returned: 'bad',
  rejected: 'bad',
  canceled: 'plain',
}
const OVER: ReadonlySet<State> = new Set(['final', 'returned', 'rejected', 'canceled'])
const ASK_MS = 5_000

/** What was paid out or asked to be, each with every state it was in. */
export function Withdrawals() {
  const w = said(earnings)
  const pages = usePages()
  const [open, setOpen] = useState<string>()
  const list = useRoute(
    'GET /api/v1/creators/me/withdrawals',
    { query: { limit: 10, cursor: pages.cursor } },
    { keepsPrevious: true },
  )
  return (
    <Section title={w.withdrawals}>
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={w.withdrawalsEmpty}>{w.withdrawalsEmptyWhy}</Empty>
          ) : (
            <div>
              <Table
                label={w.withdrawals}
                rows={items}
                rowKey={({ id }) => id}
                onOpen={({ id }) => setOpen(id)}
                isStale={list.isPlaceholderData}
                columns={[
                  { name: 'date', head: w.date, cell: ({ created_at: at }) => <Ago at={at} /> },
                  { name: 'state', head: w.state, cell: ({ state }) => <StateBadge state={state} /> },
                  {
                    name: 'gross',
                    head: w.gross,
                    isNumber: true,
                    cell: (row) => <Money amount={row.amount_usd} isOut />,
                  },
                  {
                    name: 'fee',
                    head: w.fee,
                    isNumber: true,
                    isWide: true,
                    cell: (row) => <Money amount={row.fee_usd} />,
                  },
                  { name: 'net', head: w.net, isNumber: true, cell: (row) => <Money amount={row.net_usd} /> },
                  {
                    name: 'tx',
                    head: w.transaction,
                    isWide: true,
                    className: 'pl-4',
                    cell: ({ tx_hash: hash }) => (hash === null ? '–' : <CopyId id={hash} chars={12} />),
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
      <WithdrawalSheet id={open} onClose={() => setOpen(undefined)} />
    </Section>
  )
}

function StateBadge({ state }: { state: State }) {
  return (
    <Badge tone={TONES[state]} hasDot>
      {said(earnings).states[state]}
    </Badge>
  )
}

function WithdrawalSheet({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const w = said(earnings)
  const [isOver, setOver] = useState(false)
  const one = useRoute(
    'GET /api/v1/creators/me/withdrawals/{id}',
    { params: { id: id ?? '' } },
    { isOff: id === undefined, everyMs: isOver ? false : ASK_MS },
  )
  const over = one.data !== undefined && OVER.has(one.data.state)
  if (over !== isOver) setOver(over)
  return (
    <Sheet
      isOpen={id !== undefined}
      onOpenChange={onClose}
      title={w.one}
      lead={one.data && moment(one.data.created_at)}
    >
      <Loaded query={one}>{(answer) => <About withdrawal={answer} />}</Loaded>
    </Sheet>
  )
}

function About({ withdrawal }: { withdrawal: Answer<'GET /api/v1/creators/me/withdrawals/{id}'> }) {
  const w = said(earnings)
  const [isAsking, setAsking] = useState(false)
  const { payout } = withdrawal
  const facts: [string, ReactNode][] = [
    [w.gross, <Money key="gross" amount={withdrawal.amount_usd} />],
    [w.fee, <Money key="fee" amount={withdrawal.fee_usd} />],
    [w.net, <Money key="net" amount={withdrawal.net_usd} />],
    [w.to, <CopyId key="to" id={withdrawal.wallet} chars={16} />],
    [w.transaction, withdrawal.tx_hash === null ? '–' : <CopyId key="tx" id={withdrawal.tx_hash} chars={16} />],
  ]
  if (withdrawal.reason !== null) facts.push([w.reason, withdrawal.reason])
  if (payout)
    facts.push([w.chain, payout.chain_id], [w.contract, <CopyId key="contract" id={payout.contract} chars={16} />])
  return (
    <>
      <div className="grid gap-1.5">
        <div>
          <StateBadge state={withdrawal.state} />
        </div>
        <p className="text-base text-soft">{w.stateWhy[withdrawal.state]}</p>
        {payout?.credited === true && <p className="text-base text-warning">{w.credited}</p>}
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-base">
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt className="text-soft">{name}</dt>
            <dd className="text-right">{value}</dd>
          </Fragment>
        ))}
      </dl>
      <div className="grid gap-2">
        <h3 className="text-base font-medium">{w.steps}</h3>
        <ol className="grid">
          {withdrawal.steps.map((step, index) => (
            <li key={`${step.state} ${step.at}`} className="grid grid-cols-[auto_1fr] gap-x-3">
              <span aria-hidden className="grid justify-items-center">
                <span
                  className={cn(
                    'mt-1.5 size-2 rounded-full',
                    index === withdrawal.steps.length - 1 ? 'bg-action' : 'bg-strong',
                  )}
                />
                {index < withdrawal.steps.length - 1 && <span className="w-px grow bg-line" />}
              </span>
              <span className="pb-3 text-base">
                {w.states[step.state as State] ?? step.state}{' '}
                <span className="text-sm text-soft">
                  <Ago at={step.at} />
                  {step.block_number !== null && ` · ${fill(w.block, { n: step.block_number })}`}
                </span>
              </span>
            </li>
          ))}
        </ol>
      </div>
      <div className="grid gap-2">
        <h3 className="text-base font-medium">{w.from}</h3>
        {withdrawal.parts.map((part) => (
          <div key={`${part.settlement_id} ${part.fee_percent}`} className="flex justify-between gap-4 text-base">
            <span className="text-soft">
              {fill(w.settlementOf, { id: part.settlement_id.slice(0, 8), fee: part.fee_percent })}
            </span>
            <Money amount={part.amount_usd} />
          </div>
        ))}
      </div>
      {withdrawal.state === 'held' && (
        <Button look="danger" className="justify-self-start" onClick={() => setAsking(true)}>
          {w.cancel}
        </Button>
      )}
      <Confirm
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={w.cancelTitle}
        will={[fill(w.cancelWill, { amount: dollars(withdrawal.amount_usd) })]}
        action={w.cancel}
        onConfirm={async () => {
          await call('POST /api/v1/creators/me/withdrawals/{id}/cancel', { params: { id: withdrawal.id } })
          refresh(
            'GET /api/v1/creators/me/withdrawals/{id}',
            'GET /api/v1/creators/me/withdrawals',
            'GET /api/v1/creators/me/earnings',
          )
        }}
      />
    </>
  )
}
