/** One account, with what it has and what can be done to it. */
import { useState } from 'react'
import type { Answer } from '../api/client.ts'
import { useChange, useMe, useRoute } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { whole } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { Field } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import { admin } from '../words/admin.ts'
import { common } from '../words/common.ts'
import { fill, said } from '../words/words.ts'
import { OnlyLooking, useMay } from './allowed.tsx'
import { Decide, type Decision } from './Decide.tsx'
import { Facts } from './List.tsx'
import { StatusOf, TypeOf } from './shown.tsx'

type User = Answer<'GET /api/v1/admin/users/{id}'>
const SHOWN = ['GET /api/v1/admin/users', 'GET /api/v1/admin/users/{id}'] as const

export function UserSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const w = said(admin).users
  const { data: user, error, refetch } = useRoute('GET /api/v1/admin/users/{id}', { params: { id } })
  const yesNo = (is: boolean) => (is ? said(common).yes : said(common).no)
  return (
    <Sheet isOpen onOpenChange={onClose} title={<span className="break-all">{user?.email ?? w.title}</span>}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!user && !error && <SkeletonRows rows={8} />}
      {user && (
        <>
          <Facts
            facts={[
              [w.status, <StatusOf key="status" status={user.status} />],
              [w.type, <TypeOf key="type" user={user} />],
              [w.name, user.display_name ?? '–'],
              [w.id, <CopyId key="id" id={user.id} chars={36} />],
              [w.since, <Ago key="since" at={user.created_at} />],
              [w.verified, yesNo(user.email_verified)],
              [
                w.wallet,
                user.wallet_address === null ? '–' : <CopyId key="wallet" id={user.wallet_address} chars={14} />,
              ],
              [w.sessions, whole(user.sessions)],
              [w.keys, whole(user.keys)],
              [w.agents, whole(user.agents)],
              [
                w.calls,
                fill(w.callsOf, {
                  remaining: whole(user.calls.remaining),
                  used: whole(user.calls.used),
                  granted: whole(user.calls.granted),
                }),
              ],
              [w.balance, <Money key="balance" amount={user.balance_usd} />],
            ]}
          />
          <Actions user={user} />
        </>
      )}
    </Sheet>
  )
}

function Actions({ user }: { user: User }) {
  const w = said(admin).users
  const me = useMe()
  const mayChange = useMay('users:manage')
  const [decision, setDecision] = useState<'suspend' | 'activate' | 'close' | 'role'>()
  if (!mayChange) return <OnlyLooking needs="users:manage" />
  if (user.id === me.id) return <p className="text-base text-soft">{w.self}</p>
  if (user.status === 'deleted') return null
  const end = () => setDecision(undefined)
  return (
    <div className="flex flex-wrap gap-2 border-t border-line pt-5">
      {user.status === 'active' ? (
        <Button look="danger" onClick={() => setDecision('suspend')}>
          {w.suspend}
        </Button>
      ) : (
        <Button onClick={() => setDecision('activate')}>{w.activate}</Button>
      )}
      <Button onClick={() => setDecision('role')}>{w.changeRole}</Button>
      <Button look="danger" onClick={() => setDecision('close')}>
        {w.close}
      </Button>
      {decision === 'suspend' && <Suspend user={user} onEnd={end} />}
      {decision === 'activate' && <Activate user={user} onEnd={end} />}
      {decision === 'close' && <Close user={user} onEnd={end} />}
      {decision === 'role' && <ChangeRole user={user} onEnd={end} />}
    </div>
  )
}

type Act = { user: User; onEnd: () => void }

function Suspend({ user, onEnd }: Act) {
  const w = said(admin).users
  const set = useChange('PUT /api/v1/admin/users/{id}/status', SHOWN)
  const decision: Decision = {
    title: fill(w.suspendTitle, { email: user.email }),
    will: Object.values(w.suspendWill),
    action: w.suspend,
    done: w.suspended,
    act: (reason) => set.mutateAsync({ params: { id: user.id }, body: { status: 'suspended', reason } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}

function Activate({ user, onEnd }: Act) {
  const w = said(admin).users
  const set = useChange('PUT /api/v1/admin/users/{id}/status', SHOWN)
  const decision: Decision = {
    title: fill(w.activateTitle, { email: user.email }),
    will: Object.values(w.activateWill),
    action: w.activate,
    done: w.activated,
    act: (reason) => set.mutateAsync({ params: { id: user.id }, body: { status: 'active', reason } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}

function Close({ user, onEnd }: Act) {
  const w = said(admin).users
  const [forfeit, setForfeit] = useState(false)
  const close = useChange('DELETE /api/v1/admin/users/{id}', SHOWN)
  const decision: Decision = {
    title: fill(w.closeTitle, { email: user.email }),
    will: Object.values(w.closeWill),
    action: w.close,
    done: w.closed,
    typed: { label: fill(w.closeType, { email: user.email }), text: user.email },
    extra: <Checkbox isOn={forfeit} onChange={setForfeit} label={w.forfeit} hint={w.forfeitHint} />,
    act: (reason) => close.mutateAsync({ params: { id: user.id }, body: { reason, forfeit } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}

const NONE = 'none'
const ROLES = ['support', 'moderator', 'super_admin'] as const

function ChangeRole({ user, onEnd }: Act) {
  const w = said(admin)
  const [role, setRole] = useState<(typeof ROLES)[number] | typeof NONE>(user.admin_role ?? NONE)
  const set = useChange('PUT /api/v1/admin/users/{id}/role', SHOWN)
  const decision: Decision = {
    title: fill(w.users.roleTitle, { email: user.email }),
    will: Object.values(w.users.roleWill),
    action: w.users.changeRole,
    done: w.users.roleChanged,
    extra: (
      <Field label={w.users.role}>
        {(control) => (
          <Select
            {...control}
            value={role}
            onChange={setRole}
            options={[
              { value: NONE, label: w.users.noRole },
              ...ROLES.map((value) => ({ value, label: w.roles[value] })),
            ]}
          />
        )}
      </Field>
    ),
    act: (reason) => set.mutateAsync({ params: { id: user.id }, body: { role: role === NONE ? null : role, reason } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}
