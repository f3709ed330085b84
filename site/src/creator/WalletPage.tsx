import { useState } from 'react'
import { call, type Answer } from '../api/client.ts'
import { refresh, useRoute } from '../api/query.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton, CopyId } from '../ui/copy.tsx'
import { Field, Input, Textarea } from '../ui/field.tsx'
import { PageHead, Section } from '../ui/figures.tsx'
import { moment, relative } from '../ui/format.ts'
import { Empty, Failure } from '../ui/state.tsx'
import { toast } from '../ui/toast.tsx'
import { wallet } from '../words/wallet.ts'
import { fill, said } from '../words/words.ts'
import { browserWallet } from './browser-wallet.ts'

type Challenge = Answer<'POST /api/v1/creators/me/wallet/challenge'>
const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const SIGNATURE = /^0x[0-9a-fA-F]{130}$/

/** The address where a creator is paid, and the proof that it is theirs. */
export function WalletPage() {
  return (
    <Console place="creator">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(wallet)
  const me = useRoute('GET /api/v1/creators/me', {})
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Loaded query={me}>
        {({ wallet_address: address, wallet_changed_at: changedAt }) => (
          <>
            {address === null ? (
              <Empty title={w.none}>{w.noneWhy}</Empty>
            ) : (
              <Current address={address} changedAt={changedAt} />
            )}
            <Section
              title={address === null ? w.connect : w.change}
              {...(address === null ? {} : { lead: w.changeWarning })}
            >
              <Connect />
            </Section>
          </>
        )}
      </Loaded>
    </>
  )
}

function Current({ address, changedAt }: { address: string; changedAt: string | null }) {
  const w = said(wallet)
  const payableFrom = useRoute('GET /api/v1/creators/me/earnings', {}).data?.payable_from
  const facts: string[] = []
  if (changedAt !== null) facts.push(fill(w.changed, { ago: relative(changedAt) }))
  if (payableFrom != null)
    facts.push(new Date(payableFrom).getTime() > Date.now() ? fill(w.cooling, { date: moment(payableFrom) }) : w.ready)
  return (
    <div className="grid gap-1 rounded-md border border-line p-4">
      <span className="text-sm text-soft">{w.current}</span>
      <CopyId id={address} chars={42} className="justify-self-start text-left text-lg break-all text-ink" />
      <span className="text-base text-soft">{facts.join(' · ')}</span>
    </div>
  )
}

function Connect() {
  const w = said(wallet)
  const [asked, setAsked] = useState<Challenge>()
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const [isRefused, setRefused] = useState(false)
  const inBrowser = browserWallet()

  const useBrowser = async () => {
    if (!inBrowser) return
    setBusy(true)
    setError(undefined)
    setRefused(false)
    try {
      const address = await inBrowser.address()
      const { message } = await call('POST /api/v1/creators/me/wallet/challenge', { body: { address } })
      const signature = await inBrowser.sign(message, address)
      await prove(address, signature)
    } catch (thrown) {
      if (inBrowser.isRefusal(thrown)) setRefused(true)
      else setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  const prove = async (address: string, signature: string) => {
    await call('PUT /api/v1/creators/me/wallet', { body: { address, signature } })
    refresh('GET /api/v1/creators/me', 'GET /api/v1/creators/me/earnings')
    setAsked(undefined)
    toast(w.done)
  }
  return (
    <div className="grid max-w-2xl gap-5">
      {inBrowser ? (
        <Button look="main" className="justify-self-start" isBusy={isBusy} onClick={() => void useBrowser()}>
          {w.browser}
        </Button>
      ) : (
        <p className="text-base text-soft">{w.browserNone}</p>
      )}
      {isRefused && (
        <p role="alert" className="text-base text-warning">
          {w.browserRefused}
        </p>
      )}
      {error !== undefined && <Failure error={error} />}
      {asked ? (
        <Sign asked={asked} onProve={prove} onAgain={() => setAsked(undefined)} />
      ) : (
        <AskAddress onAsked={setAsked} />
      )}
    </div>
  )
}

function AskAddress({ onAsked }: { onAsked: (asked: Challenge) => void }) {
  const w = said(wallet)
  const form = useForm(
    { address: '' },
    {
      check: ({ address }) => ({
        address: address.trim() === '' ? w.addressMissing : ADDRESS.test(address.trim()) ? undefined : w.addressShape,
      }),
      send: async ({ address }) =>
        onAsked(await call('POST /api/v1/creators/me/wallet/challenge', { body: { address: address.trim() } })),
    },
  )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-4">
      <Field label={w.address} hint={w.addressHint} error={form.problem('address')}>
        {(control) => (
          <Input
            {...control}
            className="font-mono"
            spellCheck={false}
            autoComplete="off"
            value={form.values.address}
            onChange={(event) => form.set({ address: event.target.value })}
          />
        )}
      </Field>
      <FormError form={form} />
      <Button type="submit" className="justify-self-start" isBusy={form.isBusy}>
        {w.ask}
      </Button>
    </form>
  )
}

function Sign({
  asked,
  onProve,
  onAgain,
}: {
  asked: Challenge
  onProve: (address: string, signature: string) => Promise<void>
  onAgain: () => void
}) {
  const w = said(wallet)
  const form = useForm(
    { signature: '' },
    {
      check: ({ signature }) => ({
        signature:
          signature.trim() === ''
            ? w.signatureMissing
            : SIGNATURE.test(signature.trim())
              ? undefined
              : w.signatureShape,
      }),
      send: ({ signature }) => onProve(asked.address, signature.trim()),
    },
  )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-4">
      <div className="grid gap-2">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <span className="text-sm font-medium">{w.message}</span>
          <span className="flex items-center gap-2 text-sm text-soft">
            {fill(w.messageUntil, { time: moment(asked.expires_at) })}
            <CopyButton text={asked.message} />
          </span>
        </div>
        <pre className="overflow-x-auto rounded-md border border-line bg-tint p-3 text-sm whitespace-pre-wrap">
          {asked.message}
        </pre>
      </div>
      <Field label={w.signature} hint={w.signatureHint} error={form.problem('signature')}>
        {(control) => (
          <Textarea
            {...control}
            className="font-mono text-sm break-all"
            spellCheck={false}
            value={form.values.signature}
            onChange={(event) => form.set({ signature: event.target.value })}
          />
        )}
      </Field>
      {form.problem('signature', 'address') !== undefined && (
        <p className="text-sm text-error">{form.problem('signature', 'address')}</p>
      )}
      <FormError form={form} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="main" isBusy={form.isBusy}>
          {w.prove}
        </Button>
        <Button look="quiet" onClick={onAgain}>
          {w.again}
        </Button>
      </div>
    </form>
  )
}
