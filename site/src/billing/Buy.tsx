import { CreditCard, Coins } from 'lucide-react'
import { useState } from 'react'
import type { Answer } from '../api/client.ts'
import { useRoute } from '../api/query.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { Field, Input } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { dollars, whole } from '../ui/format.ts'
import { Empty, Failure, Skeleton } from '../ui/state.tsx'
import { billing } from '../words/billing.ts'
import { fill, said } from '../words/words.ts'
import { checkout, type Order } from './order.ts'

type Offer = Answer<'GET /api/v1/payments/packages'>
type Method = Offer['methods'][number]
const CENTS = /^\d{1,5}(?:\.\d{1,2})?$/
/** What a call of $0.05 takes from the balance: the price without the $0.005 that its unit pays. */
const EXAMPLE_PREMIUM = 0.045

/** What there is to buy, and the way to pay for it. */
export function Buy() {
  const packages = useRoute('GET /api/v1/payments/packages', { isPublic: true })
  return (
    <Loaded query={packages} awaited={<Skeleton className="h-64" />}>
      {(offer) => <Offered offer={offer} />}
    </Loaded>
  )
}

function Offered({ offer }: { offer: Offer }) {
  const w = said(billing)
  const [chosen, setMethod] = useState<Method>()
  const [opening, setOpening] = useState<string>()
  const [failed, setFailed] = useState<unknown>()
  const method = chosen ?? offer.methods[0]
  if (method === undefined) return <Empty title={w.noMethods} />

  const pay = async (order: Order) => {
    setOpening(order.package ?? 'top-up')
    setFailed(undefined)
    try {
      location.assign(await checkout(order))
    } catch (thrown) {
      setOpening(undefined)
      throw thrown
    }
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-8">
      <Section
        title={w.packages}
        lead={w.packagesLead}
        actions={<Methods {...{ offer, method }} onChange={setMethod} />}
      >
        <ul className="grid gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-3">
          {offer.packages.map(({ id, name, calls, price_usd: price, price_per_call_usd: each }) => (
            <li key={id} className="grid content-between gap-5 bg-paper p-5">
              <div className="grid gap-1">
                <h3 className="text-base font-medium text-soft">{name}</h3>
                <div className="text-3xl font-semibold tracking-tight tabular-nums">{dollars(price)}</div>
                <div className="text-base tabular-nums">{fill(w.calls, { calls: whole(calls) })}</div>
                <div className="text-sm text-soft tabular-nums">
                  <span className="font-mono text-ink">{fill(w.perCall, { price: dollars(each) })}</span>
                  {' = '}
                  {fill(w.perCallHow, { price: dollars(price), calls: whole(calls) })}
                </div>
              </div>
              <Button
                look={id === 'starter' ? 'main' : 'plain'}
                isBusy={opening === id}
                aria-disabled={opening !== undefined}
                onClick={() => opening === undefined && void pay({ package: id, method }).catch(setFailed)}
                data-buy={id}
              >
                {fill(w.buyBy[method], { price: dollars(price) })}
              </Button>
            </li>
          ))}
        </ul>
        {failed !== undefined && <Failure error={failed} />}
      </Section>
      <TopUp {...{ offer, method, pay }} isOpening={opening === 'top-up'} />
      <div aria-live="polite" className="only-heard">
        {opening === undefined ? '' : w.opening}
      </div>
    </div>
  )
}

function Methods({ offer, method, onChange }: { offer: Offer; method: Method; onChange: (method: Method) => void }) {
  const w = said(billing)
  return (
    <fieldset className="grid justify-items-start gap-1 md:justify-items-end">
      <legend className="only-heard">{w.method}</legend>
      <div className="flex overflow-hidden rounded-md border border-strong">
        {offer.methods.map((one) => (
          <label
            key={one}
            className={cn(
              'flex h-9 cursor-pointer items-center gap-2 px-4 text-base has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-action',
              one === method ? 'bg-action text-on-action' : 'bg-sheet text-soft hover:text-ink',
            )}
          >
            <input
              type="radio"
              name="method"
              value={one}
              checked={one === method}
              onChange={() => onChange(one)}
              className="only-heard"
            />
            {one === 'stripe' ? <CreditCard aria-hidden size={16} /> : <Coins aria-hidden size={16} />}
            {w.methods[one]}
          </label>
        ))}
      </div>
      <span className="text-sm text-soft">{w.methodHint[method]}</span>
    </fieldset>
  )
}

function TopUp({
  offer: { top_up: limits },
  method,
  pay,
  isOpening,
}: {
  offer: Offer
  method: Method
  pay: (order: Order) => Promise<void>
  isOpening: boolean
}) {
  const w = said(billing)
  const range = { min: dollars(limits.min_usd), max: dollars(limits.max_usd) }
  const problemOf = (amount: string): string | undefined => {
    if (amount === '') return w.amountMissing
    if (!CENTS.test(amount)) return w.amountShape
    const isWithin = Number(amount) >= Number(limits.min_usd) && Number(amount) <= Number(limits.max_usd)
    return isWithin ? undefined : fill(w.amountRange, range)
  }
  const form = useForm(
    { amount: '20' },
    {
      check: ({ amount }) => ({ amount: problemOf(amount.trim()) }),
      send: ({ amount }) => pay({ top_up_usd: amount.trim(), method }),
    },
  )
  const typed = form.values.amount.trim()
  const isGood = problemOf(typed) === undefined
  return (
    <Section title={w.topUp} lead={fill(w.topUpLead, range)}>
      <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid max-w-2xl gap-3">
        <div className="flex flex-wrap items-start gap-3">
          <Field label={w.amount} error={form.problem('amount', 'top_up_usd')} className="w-48">
            {(control) => (
              <Input
                {...control}
                inputMode="decimal"
                autoComplete="off"
                className="font-mono"
                value={form.values.amount}
                onChange={(event) => form.set({ amount: event.target.value })}
              />
            )}
          </Field>
          <Button type="submit" className="sm:mt-6" isBusy={form.isBusy || isOpening} data-buy="top-up">
            {isGood ? fill(w.buyBy[method], { price: dollars(typed) }) : fill(w.buyBy[method], { price: '…' })}
          </Button>
        </div>
        {isGood && (
          <p className="text-sm text-soft">
            {fill(w.topUpHow, { amount: dollars(typed), calls: whole(Math.floor(Number(typed) / EXAMPLE_PREMIUM)) })}
          </p>
        )}
        <FormError form={form} />
      </form>
    </Section>
  )
}
