import { useState } from 'react'
import { call, type Answer, type Item } from '../api/client.ts'
import { refresh } from '../api/query.ts'
import { useAgents } from '../consoles/agent-name.tsx'
import { FormError, useForm } from '../consoles/form.tsx'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { common } from '../words/common.ts'
import { keys } from '../words/keys.ts'
import { fill, said } from '../words/words.ts'

export type Key = Item<'GET /api/v1/developers/keys'>
export type NewKey = Answer<'POST /api/v1/developers/keys'>
const PERIODS = ['day', 'week', 'month'] as const
const COUNT = /^[1-9]\d{0,8}$/

type Props = { before?: Key; onClose: () => void; onMade: (made: NewKey) => void }

/** Makes a key, or changes one: its name, caps, agents and end. */
export function KeyForm({ before, onClose, onMade }: Props) {
  const w = said(keys)
  const [idempotencyKey] = useState(() => crypto.randomUUID())
  const form = useForm(
    {
      name: before?.name ?? '',
      day: String(before?.caps.day ?? ''),
      week: String(before?.caps.week ?? ''),
      month: String(before?.caps.month ?? ''),
      agents: before?.agent_ids ?? [],
      expires: before?.expires_at?.slice(0, 10) ?? '',
    },
    {
      check: ({ name, expires, ...values }) => ({
        name: name.trim() === '' ? w.nameMissing : undefined,
        expires: expires !== '' && endOf(expires) < new Date().toISOString() ? w.expiresPast : undefined,
        ...Object.fromEntries(
          PERIODS.map((period) => [
            period,
            values[period].trim() === '' || COUNT.test(values[period].trim()) ? undefined : w.capShape,
          ]),
        ),
      }),
      send: async ({ name, agents, expires, ...values }) => {
        const cap = (period: (typeof PERIODS)[number]) =>
          values[period].trim() === '' ? null : Number(values[period].trim())
        const body = {
          name: name.trim(),
          caps: { day: cap('day'), week: cap('week'), month: cap('month') },
          agent_ids: agents.length === 0 ? null : agents,
          expires_at: expires === '' ? null : endOf(expires),
        }
        if (before) await call('PUT /api/v1/developers/keys/{id}', { params: { id: before.id }, body })
        else onMade(await call('POST /api/v1/developers/keys', { body, idempotencyKey }))
        refresh('GET /api/v1/developers/keys', 'GET /api/v1/developers/quota')
        onClose()
      },
    },
  )
  const { values, set, problem } = form
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      title={before ? fill(w.editTitle, { name: before.name ?? w.unnamed }) : w.make}
    >
      <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-5">
        <Field label={w.name} hint={w.nameHint} error={problem('name')}>
          {(control) => (
            <Input
              {...control}
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the first field of a dialog that was just opened
              autoFocus
              value={values.name}
              maxLength={100}
              onChange={(event) => set({ name: event.target.value })}
              autoComplete="off"
            />
          )}
        </Field>
        <fieldset className="grid gap-2">
          <legend className="mb-1 text-sm font-medium">{w.capsTitle}</legend>
          <div className="grid grid-cols-3 gap-3">
            {PERIODS.map((period) => (
              <Field key={period} label={w.capNames[period]} error={problem(period, `caps.${period}`)}>
                {(control) => (
                  <Input
                    {...control}
                    inputMode="numeric"
                    className="font-mono"
                    value={values[period]}
                    onChange={(event) => set({ [period]: event.target.value })}
                  />
                )}
              </Field>
            ))}
          </div>
          <span className="text-sm text-soft">{w.capsHint}</span>
        </fieldset>
        <AgentChoice chosen={values.agents} onChange={(agents) => set({ agents })} />
        <Field label={w.expires} hint={w.expiresHint} error={problem('expires', 'expires_at')} isOptional>
          {(control) => (
            <Input
              {...control}
              type="date"
              className="w-44"
              value={values.expires}
              onChange={(event) => set({ expires: event.target.value })}
            />
          )}
        </Field>
        <FormError form={form} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{said(common).cancel}</Button>
          <Button type="submit" look="main" isBusy={form.isBusy}>
            {before ? w.save : w.make}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function AgentChoice({ chosen, onChange }: { chosen: string[]; onChange: (chosen: string[]) => void }) {
  const w = said(keys)
  const agents = useAgents()
  const [text, setText] = useState('')
  const found = [...agents].filter(([, { name }]) => name.toLowerCase().includes(text.trim().toLowerCase()))
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 text-sm font-medium">{w.agentsTitle}</legend>
      <Input
        aria-label={w.agentsFilter}
        placeholder={w.agentsFilter}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="grid max-h-40 gap-2 overflow-y-auto rounded-md border border-line p-3">
        {found.map(([id, { name }]) => (
          <Checkbox
            key={id}
            label={name}
            isOn={chosen.includes(id)}
            onChange={(isOn) => onChange(isOn ? [...chosen, id] : chosen.filter((one) => one !== id))}
          />
        ))}
      </div>
      <span className="text-sm text-soft">
        {chosen.length === 0 ? w.agentsHint : fill(w.agentsChosen, { n: chosen.length })}
      </span>
    </fieldset>
  )
}

/** The last moment of a day in UTC. */
function endOf(day: string): string {
  return `${day}T23:59:59.000Z`
}
