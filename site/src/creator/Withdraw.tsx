import { useState } from 'react'
import { call, type Answer } from '../api/client.ts'
import { refresh } from '../api/query.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { dollars, moment, relative } from '../ui/format.ts'
import { toast } from '../ui/toast.tsx'
import { common } from '../words/common.ts'
import { earnings } from '../words/earnings.ts'
import { fill, href, said } from '../words/words.ts'

const CENTS = /^\d{1,9}(?:\.\d{1,2})?$/
const LEAST = 10
/** The platform's share of calls made now; older ones keep the one frozen on them. */
const FEE_SHARE = 0.2

type Props = {
  money: Answer<'GET /api/v1/creators/me/earnings'>
  wallet: string | null
  walletChangedAt: string | null
  onClose: () => void
}

/** Asks for settled earnings to be paid out, or says what stands in the way. */
export function Withdraw(props: Props) {
  const w = said(earnings).withdraw
  return (
    <Dialog isOpen onOpenChange={props.onClose} title={w.title} lead={w.lead}>
      <Asked {...props} />
    </Dialog>
  )
}

function Asked({ money, wallet, walletChangedAt, onClose }: Props) {
  const w = said(earnings).withdraw
  const { payable_from: payableFrom } = money
  if (wallet === null || payableFrom === null)
    return (
      <>
        <p className="text-base">{w.noWallet}</p>
        <Button look="main" asChild className="justify-self-end">
          <a href={href('/creator/wallet')}>{w.noWalletDo}</a>
        </Button>
      </>
    )
  if (walletChangedAt !== null && new Date(payableFrom).getTime() > Date.now())
    return <p className="text-base">{fill(w.cooling, { ago: relative(walletChangedAt), date: moment(payableFrom) })}</p>
  if (Number(money.withdrawable_usd) < LEAST)
    return <p className="text-base">{fill(w.tooLittle, { amount: dollars(money.withdrawable_usd) })}</p>
  return <AmountForm max={money.withdrawable_usd} wallet={wallet} onClose={onClose} />
}

function AmountForm({ max, wallet, onClose }: { max: string; wallet: string; onClose: () => void }) {
  const w = said(earnings).withdraw
  // Sent again with the same id it is the same withdrawal, whatever became of the first answer.
  const [id] = useState(() => crypto.randomUUID())
  const problemOf = (amount: string): string | undefined => {
    if (amount === '') return w.missing
    if (!CENTS.test(amount)) return w.shape
    if (Number(amount) < LEAST) return w.small
    return Number(amount) > Number(max) ? fill(w.much, { max: dollars(max) }) : undefined
  }
  const form = useForm(
    { amount: Number(max).toFixed(2) },
    {
      check: ({ amount }) => ({ amount: problemOf(amount.trim()) }),
      send: async ({ amount }) => {
        await call('POST /api/v1/creators/me/withdrawals', { body: { id, amount_usd: amount.trim() } })
        refresh('GET /api/v1/creators/me/withdrawals', 'GET /api/v1/creators/me/earnings')
        toast(w.asked)
        onClose()
      },
    },
  )
  const typed = form.values.amount.trim()
  const isGood = problemOf(typed) === undefined
  const amount = isGood ? dollars(typed) : '…'
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-4">
      <Field label={w.amount} hint={fill(w.hint, { max: dollars(max) })} error={form.problem('amount', 'amount_usd')}>
        {(control) => (
          <Input
            {...control}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- the only field of a dialog that was just opened
            autoFocus
            inputMode="decimal"
            className="font-mono"
            value={form.values.amount}
            onChange={(event) => form.set({ amount: event.target.value })}
          />
        )}
      </Field>
      {isGood && (
        <p className="text-base">
          {fill(w.how, {
            amount,
            fee: dollars(Number(typed) * FEE_SHARE, 2),
            net: dollars(Number(typed) * (1 - FEE_SHARE), 2),
            wallet: `${wallet.slice(0, 8)}…${wallet.slice(-6)}`,
          })}
        </p>
      )}
      <p className="text-sm text-soft">{w.wait}</p>
      <FormError form={form} />
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{said(common).cancel}</Button>
        <Button type="submit" look="main" isBusy={form.isBusy}>
          {fill(w.do, { amount })}
        </Button>
      </div>
    </form>
  )
}
