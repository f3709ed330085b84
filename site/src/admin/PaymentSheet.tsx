/** One payment: what was booked, what was heard, and the decisions that are an admin's. */
import { useState } from 'react'
import type { Answer } from '../api/client.ts'
import { useChange, useRoute } from '../api/query.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { dollars } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { fill, said } from '../words/words.ts'
import { Decide, type Decision } from './Decide.tsx'
import { Facts } from './List.tsx'
import { AccountLink, ordered, PaymentStatus } from './shown.tsx'

type InFull = Answer<'GET /api/v1/admin/payments/{id}'>
const SHOWN = ['GET /api/v1/admin/payments', 'GET /api/v1/admin/payments/{id}'] as const

export function PaymentSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const w = said(adminMoney)
  const { data: payment, error, refetch } = useRoute('GET /api/v1/admin/payments/{id}', { params: { id } })
  const copied = (text: string | null) => (text === null ? '–' : <CopyId id={text} chars={24} />)
  return (
    <Sheet isOpen onOpenChange={onClose} title={payment ? dollars(payment.amount_usd) : w.payments.title}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!payment && !error && <SkeletonRows rows={8} />}
      {payment && (
        <>
          <Facts
            facts={[
              [w.status, <PaymentStatus key="status" status={payment.status} />],
              [w.payments.problem, payment.problem ?? '–'],
              [w.payments.what, ordered(payment)],
              [
                w.payments.received,
                payment.received_usd === null ? '–' : <Money key="in" amount={payment.received_usd} />,
              ],
              [w.payments.refundable, <Money key="back" amount={payment.refundable_usd} />],
              [w.account, <AccountLink key="account" id={payment.user_id} />],
              [
                w.method,
                <span key="method" className="flex flex-wrap items-center gap-2">
                  {w.payments.methods[payment.method]}
                  {!payment.is_live && <Badge>{w.payments.test}</Badge>}
                </span>,
              ],
              [w.payments.providerId, copied(payment.provider_id)],
              [w.payments.reference, copied(payment.reference)],
              [w.id, <CopyId key="id" id={payment.id} chars={36} />],
            ]}
          />
          <Ledger ledger={payment.ledger} />
          <Reversals reversals={payment.reversals} />
          <Events events={payment.events} />
          <Actions payment={payment} />
        </>
      )}
    </Sheet>
  )
}

function Ledger({ ledger }: { ledger: InFull['ledger'] }) {
  if (ledger.length === 0) return null
  return (
    <section className="grid gap-3">
      <h3 className="text-base font-medium">{said(adminMoney).payments.ledger}</h3>
      {ledger.map(({ kind, source, posted_at: at, entries }) => (
        <div key={`${kind} ${source}`} className="grid gap-1 border-l border-line pl-4 text-base">
          <div className="flex justify-between gap-4">
            <code>{kind}</code>
            <Ago at={at} className="text-sm text-soft" />
          </div>
          {entries.map(({ account, amount }) => (
            <div key={account} className="flex justify-between gap-4 text-sm text-soft">
              <code className="min-w-0 break-all">{account}</code>
              <Money amount={amount} />
            </div>
          ))}
        </div>
      ))}
    </section>
  )
}

function Reversals({ reversals }: { reversals: InFull['reversals'] }) {
  if (reversals.length === 0) return null
  return (
    <section className="grid gap-2">
      <h3 className="text-base font-medium">{said(adminMoney).payments.reversals}</h3>
      {reversals.map(({ id, kind, outcome, amount_usd: amount, created_at: at }) => (
        <div key={id} className="flex justify-between gap-4 text-base">
          <span>
            <code>{`${kind} · ${outcome}`}</code>
          </span>
          <Ago at={at} className="text-soft" />
          <Money amount={amount} isOut />
        </div>
      ))}
    </section>
  )
}

function Events({ events }: { events: InFull['events'] }) {
  if (events.length === 0) return null
  return (
    <section className="grid gap-2">
      <h3 className="text-base font-medium">{said(adminMoney).payments.events}</h3>
      {events.map(({ event_id: id, type, received_at: at, problem }) => (
        <div key={id} className="grid gap-0.5 text-base">
          <div className="flex justify-between gap-4">
            <code className="min-w-0 break-all">{type}</code>
            <Ago at={at} className="text-sm text-soft" />
          </div>
          {problem !== null && <span className="text-sm wrap-anywhere text-error">{problem}</span>}
        </div>
      ))}
    </section>
  )
}

function Actions({ payment }: { payment: InFull }) {
  const w = said(adminMoney).payments
  const [open, setOpen] = useState<'accept' | 'refund'>()
  const accept = useChange('POST /api/v1/admin/payments/{id}/accept', SHOWN)
  const end = () => setOpen(undefined)
  const canRefund = Number(payment.refundable_usd) > 0
  const canAccept = payment.status === 'held' && payment.received_usd !== null
  if (!canRefund && !canAccept) return null
  return (
    <div className="flex flex-wrap gap-2 border-t border-line pt-5">
      {canAccept && <Button onClick={() => setOpen('accept')}>{w.accept}</Button>}
      {canRefund && (
        <Button look="danger" onClick={() => setOpen('refund')}>
          {w.refund}
        </Button>
      )}
      {open === 'accept' && (
        <Decide
          onEnd={end}
          decision={{
            title: fill(w.acceptTitle, { amount: dollars(payment.received_usd ?? payment.amount_usd) }),
            will: [payment.package === null ? w.acceptWill.topup : w.acceptWill.package],
            action: w.accept,
            done: w.accepted,
            act: (reason) => accept.mutateAsync({ params: { id: payment.id }, body: { reason } }),
          }}
        />
      )}
      {open === 'refund' && <Refund payment={payment} onEnd={end} />}
    </div>
  )
}

const AMOUNT = /^(?!0+(?:\.0+)?$)\d{1,5}(?:\.\d{1,2})?$/

function Refund({ payment, onEnd }: { payment: InFull; onEnd: () => void }) {
  const w = said(adminMoney).payments
  const [amount, setAmount] = useState('')
  // The same for every try of this dialog, so that a lost answer sends nothing twice.
  const [refundId] = useState(() => crypto.randomUUID())
  const refund = useChange('POST /api/v1/admin/payments/{id}/refund', SHOWN)
  const isAmount = amount === '' || AMOUNT.test(amount)
  const decision: Decision = {
    title: w.refundTitle,
    will: Object.values(w.refundWill),
    action: w.refund,
    done: w.refunded,
    isReady: () => isAmount,
    extra: (
      <Field
        label={w.refundAmount}
        hint={fill(w.refundHint, { amount: dollars(payment.refundable_usd) })}
        error={isAmount ? undefined : w.badAmount}
      >
        {(control) => (
          <Input
            {...control}
            inputMode="decimal"
            maxLength={8}
            value={amount}
            onChange={({ target }) => setAmount(target.value.trim())}
          />
        )}
      </Field>
    ),
    act: (reason) =>
      refund.mutateAsync({
        params: { id: payment.id },
        body: { refund_id: refundId, reason, ...(amount === '' ? {} : { amount_usd: amount }) },
      }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}
