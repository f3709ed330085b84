import { useState } from 'react'
import { call, type Answer, type Item } from '../api/client.ts'
import { refresh, usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton, CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Ago, Section } from '../ui/figures.tsx'
import { duration, moment } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { toast, toastError } from '../ui/toast.tsx'
import { fill, said } from '../words/words.ts'
import { webhooks } from '../words/webhooks.ts'

type Delivery = Item<'GET /api/v1/webhooks/{id}/deliveries'>
type State = Delivery['state']
const STATES: readonly State[] = ['pending', 'delivering', 'retrying', 'delivered', 'failed', 'dropped']
const TONES: Record<State, Tone> = {
  pending: 'plain',
  delivering: 'info',
  retrying: 'warn',
  delivered: 'good',
  failed: 'bad',
  dropped: 'plain',
}
const UNDER_WAY: ReadonlySet<State> = new Set(['pending', 'delivering', 'retrying'])
const ASK_MS = 3_000

/** What was sent to a webhook. Asked again while something is under way. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const w = said(webhooks)
  const [url, change] = useUrl()
  const pages = usePages()
  const [open, setOpen] = useState<string>()
  const state = STATES.find((one) => one === url.get('state'))
  const [isBusy, setBusy] = useState(false)
  const list = useRoute(
    'GET /api/v1/webhooks/{id}/deliveries',
    { params: { id: webhookId }, query: { limit: 20, cursor: pages.cursor, state } },
    { keepsPrevious: true, everyMs: isBusy ? ASK_MS : ASK_MS * 5 },
  )
  const isUnderWay = list.data?.items.some((one) => UNDER_WAY.has(one.state)) === true
  if (isUnderWay !== isBusy) setBusy(isUnderWay)
  return (
    <Section
      title={w.deliveries}
      lead={w.deliveriesLead}
      actions={
        <Select
          aria-label={w.state}
          className="w-44"
          value={state ?? 'all'}
          options={[
            { value: 'all', label: w.allStates },
            ...STATES.map((value) => ({ value, label: w.states[value] })),
          ]}
          onChange={(value) => {
            pages.first()
            change({ state: value === 'all' ? undefined : value })
          }}
        />
      }
    >
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={w.deliveriesEmpty}>{w.deliveriesEmptyWhy}</Empty>
          ) : (
            <div>
              <Table
                label={w.deliveries}
                rows={items}
                rowKey={({ id }) => id}
                onOpen={({ id }) => setOpen(id)}
                isStale={list.isPlaceholderData}
                columns={[
                  { name: 'when', head: w.when, cell: ({ created_at: at }) => <Ago at={at} /> },
                  { name: 'event', head: w.event, cell: ({ event_type: type }) => <code>{type}</code> },
                  { name: 'state', head: w.state, cell: (row) => <StateBadge state={row.state} /> },
                  {
                    name: 'attempts',
                    head: w.attempts,
                    isNumber: true,
                    isWide: true,
                    cell: ({ attempts }) => attempts,
                  },
                  {
                    name: 'answer',
                    head: w.answer,
                    isNumber: true,
                    isWide: true,
                    cell: ({ last_status: status, attempts }) => status ?? (attempts === 0 ? '–' : w.noAnswer),
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
      <DeliverySheet webhookId={webhookId} id={open} onClose={() => setOpen(undefined)} />
    </Section>
  )
}

function StateBadge({ state }: { state: State }) {
  return (
    <Badge tone={TONES[state]} hasDot>
      {said(webhooks).states[state]}
    </Badge>
  )
}

function DeliverySheet({ webhookId, id, onClose }: { webhookId: string; id: string | undefined; onClose: () => void }) {
  const w = said(webhooks)
  const delivery = useRoute(
    'GET /api/v1/webhooks/{id}/deliveries/{deliveryId}',
    { params: { id: webhookId, deliveryId: id ?? '' } },
    { isOff: id === undefined, everyMs: ASK_MS },
  )
  const again = async () => {
    if (id === undefined) return
    try {
      await call('POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver', {
        params: { id: webhookId, deliveryId: id },
      })
      toast(w.redelivered)
      refresh('GET /api/v1/webhooks/{id}/deliveries', 'GET /api/v1/webhooks/{id}/deliveries/{deliveryId}')
    } catch (thrown) {
      toastError(thrown)
    }
  }
  return (
    <Sheet
      isOpen={id !== undefined}
      onOpenChange={onClose}
      title={w.delivery}
      lead={delivery.data && moment(delivery.data.created_at)}
    >
      <Loaded query={delivery}>{(answer) => <About delivery={answer} onAgain={() => void again()} />}</Loaded>
    </Sheet>
  )
}

function About({
  delivery,
  onAgain,
}: {
  delivery: Answer<'GET /api/v1/webhooks/{id}/deliveries/{deliveryId}'>
  onAgain: () => void
}) {
  const w = said(webhooks)
  const isOver = !UNDER_WAY.has(delivery.state)
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <code>{delivery.event_type}</code>
        <StateBadge state={delivery.state} />
        <CopyId id={delivery.id} chars={12} />
        {isOver && (
          <Button size="s" className="ml-auto" onClick={onAgain}>
            {w.redeliver}
          </Button>
        )}
      </div>
      {delivery.next_attempt_at !== null && (
        <p className="text-base text-soft">
          {w.nextAttempt} <Ago at={delivery.next_attempt_at} />
        </p>
      )}
      <div className="grid gap-2">
        <div className="flex items-center justify-between">
          <h3 className="text-base font-medium">{w.body}</h3>
          <CopyButton text={delivery.body} />
        </div>
        <Code text={pretty(delivery.body)} />
      </div>
      {delivery.history.length === 0 && <p className="text-base text-soft">{w.notYet}</p>}
      {delivery.history.map((attempt) => (
        <div key={`${attempt.redelivery} ${attempt.number}`} className="grid gap-2 border-t border-line pt-3">
          <div className="flex flex-wrap items-baseline justify-between gap-2">
            <h3 className="text-base font-medium">
              {attempt.redelivery === 0
                ? fill(w.attempt, { n: attempt.number })
                : fill(w.redelivery, { n: attempt.number, round: attempt.redelivery + 1 })}
            </h3>
            <span className="text-sm text-soft tabular-nums">
              {attempt.status ?? w.noAnswer} · {duration(attempt.latency_ms)} · <Ago at={attempt.at} />
            </span>
          </div>
          {attempt.error !== null && <p className="text-base text-error">{attempt.error}</p>}
          {attempt.response !== null && attempt.response !== '' && <Code text={attempt.response} />}
        </div>
      ))}
    </>
  )
}

function Code({ text }: { text: string }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0} className="max-h-64 overflow-auto rounded-md border border-line bg-tint p-3 text-sm">
      {text}
    </pre>
  )
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2)
  } catch {
    return json
  }
}
