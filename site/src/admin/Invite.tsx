/** A new admin, who chooses a password by mail. */
import { useState } from 'react'
import { useChange } from '../api/query.ts'
import { Field, Input } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import { admin } from '../words/admin.ts'
import { said } from '../words/words.ts'
import { Decide } from './Decide.tsx'

type Role = 'super_admin' | 'moderator' | 'support'
const ROLES: readonly Role[] = ['support', 'moderator', 'super_admin']

export function Invite({ onEnd }: { onEnd: () => void }) {
  const w = said(admin)
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('support')
  const invite = useChange('POST /api/v1/admin/users', ['GET /api/v1/admin/users'])
  return (
    <Decide
      onEnd={onEnd}
      decision={{
        title: w.users.inviteTitle,
        will: Object.values(w.users.inviteWill),
        action: w.users.inviteSend,
        done: w.users.invited,
        extra: (
          <>
            <Field label={w.users.email}>
              {(control) => (
                <Input
                  {...control}
                  type="email"
                  autoComplete="off"
                  maxLength={255}
                  value={email}
                  onChange={({ target }) => setEmail(target.value)}
                />
              )}
            </Field>
            <Field label={w.users.role}>
              {(control) => (
                <Select
                  {...control}
                  value={role}
                  onChange={setRole}
                  options={ROLES.map((value) => ({ value, label: w.roles[value] }))}
                />
              )}
            </Field>
          </>
        ),
        act: (reason) => invite.mutateAsync({ body: { email, role, reason } }),
      }}
    />
  )
}
