import { useState } from 'react'
import { call, type Answer } from '../api/client.ts'
import { refresh, useMe, useRoute } from '../api/query.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Section } from '../ui/figures.tsx'
import { Table } from '../ui/table.tsx'
import { toastError } from '../ui/toast.tsx'
import { account } from '../words/account.ts'
import { said } from '../words/words.ts'

const ROUTE = 'GET /api/v1/notifications/preferences'
type All = Answer<typeof ROUTE>
type Kind = Exclude<keyof All, 'security'>
type Way = 'in_app' | 'email'
const PAYMENTS: readonly Kind[] = ['payment.succeeded', 'payment.failed', 'payment.refunded', 'payment.disputed']
const KINDS: Record<'developer' | 'creator' | 'admin', readonly Kind[]> = {
  developer: ['quota.low', ...PAYMENTS, 'agent.price_changed'],
  creator: ['settlement.closed', 'withdrawal.updated', 'agent.published', 'review.created'],
  admin: ['quota.low'],
}

/** Which kinds of events are told here and by mail; saved as they are switched. */
export function Preferences() {
  const w = said(account).notifications
  const preferences = useRoute(ROUTE, {})
  return (
    <Section title={w.preferences} lead={w.preferencesLead}>
      <Loaded query={preferences}>{(answer) => <Ways all={answer} />}</Loaded>
    </Section>
  )
}

function Ways({ all }: { all: All }) {
  const w = said(account).notifications
  const { user_type: type } = useMe()
  const [waiting, setWaiting] = useState<Partial<Record<Kind, All[Kind]>>>({})
  const change = async (kind: Kind, way: Way, isOn: boolean) => {
    const next = { ...(waiting[kind] ?? all[kind]), [way]: isOn }
    setWaiting((before) => ({ ...before, [kind]: next }))
    try {
      await call('PUT /api/v1/notifications/preferences', { body: { [kind]: next } })
      refresh(ROUTE)
    } catch (thrown) {
      setWaiting(({ [kind]: _, ...rest }) => rest)
      toastError(thrown)
    }
  }
  const cell = (way: Way) => (kind: Kind | 'security') =>
    kind === 'security' ? (
      <span className="text-soft">{way === 'email' ? w.always : '–'}</span>
    ) : (
      <input
        type="checkbox"
        className="size-4.5 cursor-pointer accent-(--action)"
        aria-label={`${w.kinds[kind]}: ${way === 'email' ? w.email : w.inApp}`}
        checked={(waiting[kind] ?? all[kind])[way]}
        onChange={({ target }) => void change(kind, way, target.checked)}
      />
    )
  return (
    <Table
      label={w.preferences}
      rows={[...KINDS[type], 'security' as const]}
      rowKey={(kind) => kind}
      columns={[
        { name: 'kind', head: w.kind, cell: (kind) => w.kinds[kind] },
        { name: 'in_app', head: w.inApp, className: 'w-24', cell: cell('in_app') },
        { name: 'email', head: w.email, className: 'w-24', cell: cell('email') },
      ]}
    />
  )
}
