import { call, type Answer, type Body, type Item } from '../api/client.ts'
import { refresh } from '../api/query.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { webhooks } from '../words/webhooks.ts'

export type Webhook = Item<'GET /api/v1/webhooks'>
export type NewWebhook = Answer<'POST /api/v1/webhooks'>
export type EventName = Body<'POST /api/v1/webhooks'>['events'][number]
/** What concerns a developer. */
export const EVENTS: readonly EventName[] = [
  'call.completed',
  'call.failed',
  'quota.low',
  'payment.succeeded',
  'payment.failed',
  'payment.refunded',
  'payment.disputed',
  'agent.price_changed',
]

/** How an address begins. */
const SCHEME = 'https://'

type Props = { before?: Webhook; onClose: () => void; onMade: (made: NewWebhook) => void }

/** Adds a webhook, or changes one. */
export function WebhookForm({ before, onClose, onMade }: Props) {
  const w = said(webhooks)
  const form = useForm(
    {
      url: before?.url ?? '',
      description: before?.description ?? '',
      events: (before?.events ?? ['call.failed', 'quota.low', 'payment.succeeded']) as EventName[],
    },
    {
      check: ({ url, events }) => ({
        url: url.trim() === '' ? w.urlMissing : URL.canParse(url.trim()) ? undefined : w.urlShape,
        events: events.length === 0 ? w.eventsMissing : undefined,
      }),
      send: async ({ url, description, events }) => {
        const body = { url: url.trim(), description: description.trim() || null, events }
        if (before) await call('PUT /api/v1/webhooks/{id}', { params: { id: before.id }, body })
        else onMade(await call('POST /api/v1/webhooks', { body }))
        refresh('GET /api/v1/webhooks')
        onClose()
      },
    },
  )
  const { values, set, problem } = form
  const names = [...new Set([...EVENTS, ...values.events])]
  return (
    <Dialog isOpen onOpenChange={onClose} title={before ? w.editTitle : w.make}>
      <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-5">
        <Field label={w.url} hint={w.urlHint} error={problem('url')}>
          {(control) => (
            <Input
              {...control}
              // oxlint-disable-next-line jsx-a11y/no-autofocus -- the first field of a dialog that was just opened
              autoFocus
              type="url"
              inputMode="url"
              placeholder={SCHEME}
              value={values.url}
              onChange={(event) => set({ url: event.target.value })}
            />
          )}
        </Field>
        <Field label={w.description} error={problem('description')} isOptional>
          {(control) => (
            <Input
              {...control}
              value={values.description}
              maxLength={200}
              onChange={(event) => set({ description: event.target.value })}
            />
          )}
        </Field>
        <Field label={w.events} error={problem('events')}>
          {(control) => (
            <div {...control} tabIndex={-1} role="group" aria-label={w.events} className="grid gap-2">
              {names.map((name) => (
                <Checkbox
                  key={name}
                  label={
                    <>
                      {w.eventNames[name]} <code className="text-sm text-soft">{name}</code>
                    </>
                  }
                  isOn={values.events.includes(name)}
                  onChange={(isOn) =>
                    set({ events: isOn ? [...values.events, name] : values.events.filter((one) => one !== name) })
                  }
                />
              ))}
            </div>
          )}
        </Field>
        <FormError form={form} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{said(common).cancel}</Button>
          <Button type="submit" look="main" isBusy={form.isBusy}>
            {before ? w.save : w.add}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
