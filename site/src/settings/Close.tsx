import { useState } from 'react'
import { call } from '../api/client.ts'
import { useMe } from '../api/query.ts'
import { signOut } from '../api/session.ts'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { settings } from '../words/settings.ts'
import { fill, said } from '../words/words.ts'

/** Closes the account, after its address and its password were typed. */
export function Close() {
  const w = said(settings).close
  const { email } = useMe()
  const [isOpen, setOpen] = useState(false)
  const [password, setPassword] = useState('')
  const [isForfeit, setForfeit] = useState(false)
  const close = async () => {
    await call('DELETE /api/v1/auth/me', {
      body: { confirm_email: email, password, ...(isForfeit ? { forfeit: true } : {}) },
    })
    await signOut()
  }
  return (
    <Section title={w.title} lead={w.lead}>
      <div>
        <Button look="danger" onClick={() => setOpen(true)}>
          {w.action}
        </Button>
      </div>
      <Confirm
        isOpen={isOpen}
        onOpenChange={setOpen}
        title={w.title}
        will={Object.values(w.will)}
        action={w.action}
        typed={{ label: fill(w.typed, { email }), text: email }}
        onConfirm={close}
      >
        <Field label={w.password}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        <Checkbox isOn={isForfeit} onChange={setForfeit} label={w.forfeit} />
      </Confirm>
    </Section>
  )
}
