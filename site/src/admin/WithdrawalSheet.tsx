/** One withdrawal with every state it was in, and the decision where it is held. */
import { useState } from 'react'
import type { Answer } from '../api/client.ts'
import { useChange, useMe, useRoute } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { dollars } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { fill, said } from '../words/words.ts'
import { keysOf } from './Choice.tsx'
import { Decide, type Decision } from './Decide.tsx'
import { Facts } from './List.tsx'
import { AccountLink, WithdrawalState } from './shown.tsx'

type InFull = Answer<'GET /api/v1/admin/withdrawals/{id}'>

export function WithdrawalSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const w = said(adminMoney)
  const { data, error, refetch } = useRoute('GET /api/v1/admin/withdrawals/{id}', { params: { id } })
  return (
    <Sheet isOpen onOpenChange={onClose} title={data ? dollars(data.amount_usd) : w.withdrawals.title}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={6} />}
      {data && (
        <>
          <Facts
            facts={[
              [w.state, <WithdrawalState key="state" state={data.state} />],
              [w.reason, data.reason ?? '–'],
              [w.creator, <AccountLink key="creator" id={data.creator_id} />],
              [w.fee, <Money key="fee" amount={data.fee_usd} />],
              [w.settlements.net, <Money key="net" amount={data.net_usd} isOut />],
              [w.withdrawals.wallet, <CopyId key="wallet" id={data.wallet} chars={42} className="break-all" />],
              [
                w.withdrawals.transaction,
                data.tx_hash === null ? '–' : <CopyId key="tx" id={data.tx_hash} chars={18} />,
              ],
              [w.id, <CopyId key="id" id={data.id} chars={36} />],
            ]}
          />
          <Steps steps={data.steps} />
          <Parts parts={data.parts} />
          {data.state === 'held' && <Actions withdrawal={data} />}
        </>
      )}
    </Sheet>
  )
}

function Steps({ steps }: { steps: InFull['steps'] }) {
  const w = said(adminMoney).withdrawals
  return (
    <section className="grid gap-2">
      <h3 className="text-base font-medium">{w.steps}</h3>
      <ol className="grid gap-1.5 border-l border-line pl-4 text-base">
        {steps.map(({ state, at }) => {
          const known = keysOf(w.states).find((one) => one === state)
          return (
            <li key={`${state} ${at}`} className="flex justify-between gap-4">
              {known === undefined ? state : w.states[known]}
              <Ago at={at} className="text-soft" />
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function Parts({ parts }: { parts: InFull['parts'] }) {
  const w = said(adminMoney).withdrawals
  return (
    <section className="grid gap-2">
      <h3 className="text-base font-medium">{w.parts}</h3>
      <ul className="grid gap-1.5 text-base">
        {parts.map(({ settlement_id: id, amount_usd: amount }) => (
          <li key={id} className="flex justify-between gap-4">
            <CopyId id={id} />
            <Money amount={amount} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Actions({ withdrawal }: { withdrawal: InFull }) {
  const w = said(adminMoney).withdrawals
  const me = useMe()
  const [verdict, setVerdict] = useState<'approve' | 'reject'>()
  const shown = ['GET /api/v1/admin/withdrawals', 'GET /api/v1/admin/withdrawals/{id}'] as const
  const approve = useChange('POST /api/v1/admin/withdrawals/{id}/approve', shown)
  const reject = useChange('POST /api/v1/admin/withdrawals/{id}/reject', shown)
  if (withdrawal.creator_id === me.id) return <p className="text-base text-soft">{w.own}</p>
  const { mutateAsync } = verdict === 'approve' ? approve : reject
  const amount = dollars(withdrawal.amount_usd)
  const decision: Decision | undefined = verdict && {
    ...(verdict === 'approve'
      ? {
          title: fill(w.approveTitle, { amount }),
          will: Object.values(w.approveWill),
          action: w.approve,
          done: w.approved,
        }
      : {
          title: fill(w.rejectTitle, { amount }),
          will: Object.values(w.rejectWill),
          action: w.reject,
          done: w.rejected,
        }),
    act: (reason) => mutateAsync({ params: { id: withdrawal.id }, body: { reason } }),
  }
  return (
    <div className="flex flex-wrap gap-2 border-t border-line pt-5">
      <Button onClick={() => setVerdict('approve')}>{w.approve}</Button>
      <Button look="danger" onClick={() => setVerdict('reject')}>
        {w.reject}
      </Button>
      <Decide decision={decision} onEnd={() => setVerdict(undefined)} />
    </div>
  )
}
