import { useState } from 'react'
import { call } from '../api/client.ts'
import { refresh, useMe, usePages, useRoute } from '../api/query.ts'
import { PASSWORD_CHARS_MIN } from '../auth/Password.tsx'
import { signOut } from '../api/session.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Ago, PageHead, Section } from '../ui/figures.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { toast, toastError } from '../ui/toast.tsx'
import { account } from '../words/account.ts'
import { fill, href, said } from '../words/words.ts'
import { deviceOf } from './device.ts'

/** Password, sessions, and the end of the account. */
export function Security() {
  return (
    <Console place="account">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(account).security
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Password />
      <Sessions />
      <Close />
    </>
  )
}

function Password() {
  const w = said(account).security
  const form = useForm(
    { current: '', next: '' },
    {
      check: ({ current, next }) => ({
        current: current === '' ? w.currentMissing : undefined,
        next: next.length < PASSWORD_CHARS_MIN ? w.nextShort : next === current ? w.nextSame : undefined,
      }),
      send: async ({ current, next }) => {
        await call('PUT /api/v1/auth/password', { body: { current_password: current, new_password: next } })
        form.reset({ current: '', next: '' })
        refresh('GET /api/v1/auth/sessions')
        toast(w.changed)
      },
    },
  )
  const fields = [
    { name: 'current', api: 'current_password', label: w.current, hint: undefined, complete: 'current-password' },
    { name: 'next', api: 'new_password', label: w.next, hint: w.nextHint, complete: 'new-password' },
  ] as const
  return (
    <Section title={w.password} lead={w.passwordLead}>
      <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid max-w-md gap-4">
        {fields.map(({ name, api, label, hint, complete }) => (
          <Field key={name} label={label} hint={hint} error={form.problem(name, api)}>
            {(control) => (
              <Input
                {...control}
                type="password"
                autoComplete={complete}
                value={form.values[name]}
                onChange={(event) => form.set({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        <FormError form={form} />
        <Button type="submit" className="justify-self-start" isBusy={form.isBusy}>
          {w.change}
        </Button>
      </form>
    </Section>
  )
}

function Sessions() {
  const w = said(account).security
  const pages = usePages()
  const [isAsking, setAsking] = useState(false)
  const list = useRoute('GET /api/v1/auth/sessions', { query: { limit: 10, cursor: pages.cursor } })
  const end = async (id: string) => {
    try {
      await call('DELETE /api/v1/auth/sessions/{id}', { params: { id } })
      refresh('GET /api/v1/auth/sessions')
      toast(w.ended)
    } catch (thrown) {
      toastError(thrown)
    }
  }
  return (
    <Section title={w.sessions} actions={<Button onClick={() => setAsking(true)}>{w.everywhere}</Button>}>
      <Loaded query={list}>
        {({ items, next_cursor: next }) => (
          <div>
            <Table
              label={w.sessions}
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                {
                  name: 'device',
                  head: w.device,
                  cell: ({ user_agent: agent, is_current: isHere }) => (
                    <span className="inline-flex flex-wrap items-center gap-2" title={agent ?? ''}>
                      {deviceOf(agent) ?? w.unknownDevice}
                      {isHere && <Badge tone="good">{w.here}</Badge>}
                    </span>
                  ),
                },
                { name: 'since', head: w.since, isWide: true, cell: ({ created_at: at }) => <Ago at={at} /> },
                { name: 'used', head: w.lastUsed, cell: ({ last_used_at: at }) => <Ago at={at} /> },
                {
                  name: 'do',
                  head: '',
                  className: 'text-right',
                  cell: ({ id, is_current: isHere }) =>
                    !isHere && (
                      <Button look="quiet" size="s" onClick={() => void end(id)}>
                        {w.end}
                      </Button>
                    ),
                },
              ]}
            />
            <Pages
              page={pages.page}
              hasNext={next !== null}
              onFirst={pages.first}
              onPrevious={pages.previous}
              onNext={() => next !== null && pages.next(next)}
            />
          </div>
        )}
      </Loaded>
      <Confirm
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={w.everywhereTitle}
        will={[w.everywhereWill]}
        action={w.everywhere}
        onConfirm={() => signOut(true)}
      />
    </Section>
  )
}

function Close() {
  const w = said(account).security
  const me = useMe()
  const [isAsking, setAsking] = useState(false)
  const [password, setPassword] = useState('')
  const [forfeit, setForfeit] = useState(false)
  return (
    <Section title={w.close} lead={w.closeLead}>
      <Button look="danger" className="justify-self-start" onClick={() => setAsking(true)}>
        {w.closeDo}
      </Button>
      <Confirm
        isOpen={isAsking}
        onOpenChange={(isOpen) => {
          setPassword('')
          setAsking(isOpen)
        }}
        title={w.closeTitle}
        will={[w.closeWill.keys, w.closeWill.personal, w.closeWill.money]}
        action={w.closeDo}
        typed={{ label: fill(w.closeEmail, { email: me.email }), text: me.email }}
        onConfirm={async () => {
          await call('DELETE /api/v1/auth/me', { body: { confirm_email: me.email, password, forfeit } })
          await signOut().catch(() => undefined)
          location.assign(href('/'))
        }}
      >
        <Field label={w.closePassword}>
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
        {me.user_type === 'developer' && <Checkbox label={w.closeForfeit} isOn={forfeit} onChange={setForfeit} />}
      </Confirm>
    </Section>
  )
}
