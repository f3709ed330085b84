/** Settling now: first what would happen, then exactly that. */
import { useState, type FormEvent } from 'react'
import type { Answer } from '../api/client.ts'
import { refresh, useChange } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Figure, Figures } from '../ui/figures.tsx'
import { day, dollars, whole } from '../ui/format.ts'
import { Empty, Failure, fieldError } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { fill, plural, said } from '../words/words.ts'
import { Decide, type Decision } from './Decide.tsx'
import { AccountLink } from './shown.tsx'

type Plan = Answer<'POST /api/v1/admin/settlements/trigger'>
const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

export function DryRun() {
  const w = said(adminMoney).settlements
  const [creator, setCreator] = useState('')
  const [to, setTo] = useState('')
  const [isBadId, setBadId] = useState(false)
  const [isDeciding, setDeciding] = useState(false)
  const look = useChange('POST /api/v1/admin/settlements/trigger')
  const settle = useChange('POST /api/v1/admin/settlements/trigger')
  /** What is asked for; the same goes with the token that its answer gave. */
  const [asked, setAsked] = useState<{ creator_id?: string; to?: string }>({})
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const id = creator.trim()
    setBadId(id !== '' && !ID.test(id))
    if (id !== '' && !ID.test(id)) return
    const wanted = { ...(id === '' ? {} : { creator_id: id }), ...(to === '' ? {} : { to }) }
    setAsked(wanted)
    look.mutate({ body: { ...wanted, dry_run: true } })
  }
  const plan = look.data
  const dayError = fieldError(look.error, 'to')
  return (
    <div className="grid gap-6">
      <form
        onSubmit={submit}
        className="grid gap-4 md:grid-cols-[minmax(0,24rem)_14rem_auto] md:items-start"
        noValidate
      >
        <Field label={w.forWhom} hint={w.forWhomHint} error={isBadId ? w.badId : undefined} isOptional>
          {(control) => (
            <Input
              {...control}
              value={creator}
              maxLength={36}
              className="font-mono"
              onChange={({ target }) => setCreator(target.value)}
            />
          )}
        </Field>
        <Field label={w.to} hint={w.toHint} error={dayError} isOptional>
          {(control) => <Input {...control} type="date" value={to} onChange={({ target }) => setTo(target.value)} />}
        </Field>
        <Button type="submit" look="main" className="md:mt-7" isBusy={look.isPending}>
          {w.show}
        </Button>
      </form>
      {!plan && !look.error && <p className="text-base text-soft">{w.dryRunLead}</p>}
      {look.error && dayError === undefined && <Failure error={look.error} />}
      {plan && <Shown plan={plan} onSettle={() => setDeciding(true)} />}
      {plan && isDeciding && (
        <Decide
          onEnd={() => setDeciding(false)}
          decision={decisionOf(plan, async (reason) => {
            await settle.mutateAsync({ body: { ...asked, dry_run: false, token: plan.token, reason } })
            look.reset()
            refresh('GET /api/v1/admin/settlements/pending', 'GET /api/v1/admin/settlements/history')
          })}
        />
      )}
    </div>
  )
}

function decisionOf(plan: Plan, act: Decision['act']): Decision {
  const w = said(adminMoney).settlements
  return {
    title: fill(w.confirmTitle, { amount: dollars(plan.gross_usd) }),
    will: [
      w.will.exactly,
      fill(w.will.withdraw, { net: dollars(plan.net_usd), fee: dollars(plan.fee_usd) }),
      w.will.statement,
    ],
    action: w.settle,
    done: w.done,
    act,
  }
}

function Shown({ plan, onSettle }: { plan: Plan; onSettle: () => void }) {
  const w = said(adminMoney).settlements
  const count = plan.settlements.length
  if (count === 0) return <Empty title={w.nothing} />
  return (
    <section aria-live="polite" aria-label={w.dryRun} className="grid gap-4">
      <h2 className="text-xl">{fill(plural(w.would, count, whole(count)), { n: count, day: day(plan.to) })}</h2>
      <Figures>
        <Figure label={w.gross} value={dollars(plan.gross_usd)} />
        <Figure label={said(adminMoney).fee} value={dollars(plan.fee_usd)} />
        <Figure label={w.net} value={dollars(plan.net_usd)} />
        <Figure label={w.calls} value={whole(plan.settlements.reduce((sum, { calls }) => sum + calls, 0))} />
      </Figures>
      {!plan.is_all && <p className="text-base text-warning">{w.more}</p>}
      <Table
        label={w.dryRun}
        rows={plan.settlements}
        rowKey={({ creator_id: id }) => id}
        columns={[
          { name: 'creator', head: w.forWhom, cell: ({ creator_id: id }) => <AccountLink id={id} /> },
          {
            name: 'from',
            head: w.period,
            cell: ({ period_start: from, period_end: end }) => `${day(from)} – ${day(end)}`,
          },
          { name: 'calls', head: w.calls, isNumber: true, isWide: true, cell: ({ calls }) => whole(calls) },
          { name: 'gross', head: w.gross, isNumber: true, isWide: true, cell: (row) => dollars(row.gross_usd) },
          {
            name: 'fee',
            head: said(adminMoney).fee,
            isNumber: true,
            isWide: true,
            cell: (row) => dollars(row.fee_usd),
          },
          { name: 'net', head: w.net, isNumber: true, cell: (row) => dollars(row.net_usd) },
        ]}
      />
      <div>
        <Button look="danger" onClick={onSettle}>
          {fill(plural(w.confirm, count, whole(count)), { n: count, amount: dollars(plan.gross_usd) })}
        </Button>
      </div>
    </section>
  )
}
