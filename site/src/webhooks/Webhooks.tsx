import { Ellipsis, Plus } from 'lucide-react'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { refresh, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Secret } from '../consoles/Secret.tsx'
import { Console } from '../layouts/Console.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { Confirm } from '../ui/dialog.tsx'
import { PageHead } from '../ui/figures.tsx'
import { moment, relative } from '../ui/format.ts'
import { Menu } from '../ui/menu.tsx'
import { Empty } from '../ui/state.tsx'
import { toast, toastError } from '../ui/toast.tsx'
import { fill, said } from '../words/words.ts'
import { webhooks } from '../words/webhooks.ts'
import { Deliveries } from './Deliveries.tsx'
import { WebhookForm, type NewWebhook, type Webhook } from './WebhookForm.tsx'

/** The webhooks of an account, and what was delivered to each. */
export function Webhooks() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

type Opened =
  | { what: 'make' }
  | { what: 'edit' | 'rotate' | 'remove'; webhook: Webhook }
  | { what: 'made'; made: NewWebhook }

function Page() {
  const w = said(webhooks)
  const [url, change] = useUrl()
  const [opened, setOpened] = useState<Opened>()
  const list = useRoute('GET /api/v1/webhooks', {})
  const make = (
    <Button look="main" onClick={() => setOpened({ what: 'make' })}>
      <Plus aria-hidden />
      {w.make}
    </Button>
  )
  const current = list.data?.items.find(({ id }) => id === url.get('id')) ?? list.data?.items[0]
  return (
    <>
      <PageHead title={w.title} lead={w.lead} actions={make} />
      <Loaded query={list}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={w.empty} action={make}>
              {w.emptyWhy}
            </Empty>
          ) : (
            <ul className="grid border-y border-line">
              {items.map((webhook) => (
                <Row
                  key={webhook.id}
                  webhook={webhook}
                  isCurrent={webhook.id === current?.id && items.length > 1}
                  onChoose={() => change({ id: webhook.id })}
                  onOpen={setOpened}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {current && <Deliveries key={current.id} webhookId={current.id} />}
      <Dialogs opened={opened} onOpen={setOpened} onClose={() => setOpened(undefined)} />
    </>
  )
}

function Row({
  webhook,
  isCurrent,
  onChoose,
  onOpen,
}: {
  webhook: Webhook
  isCurrent: boolean
  onChoose: () => void
  onOpen: (opened: Opened) => void
}) {
  const w = said(webhooks)
  const params = { id: webhook.id }
  const setActive = async (active: boolean) => {
    try {
      await call('PUT /api/v1/webhooks/{id}', { params, body: { active } })
      refresh('GET /api/v1/webhooks')
    } catch (thrown) {
      toastError(thrown)
    }
  }
  const test = async () => {
    try {
      await call('POST /api/v1/webhooks/{id}/test', { params })
      onChoose()
      toast(w.tested)
      refresh('GET /api/v1/webhooks/{id}/deliveries')
    } catch (thrown) {
      toastError(thrown)
    }
  }
  return (
    <li
      className={cn(
        'grid grid-cols-[minmax(0,1fr)_auto] items-center gap-4 border-b border-line py-3 pl-3 last:border-0',
        isCurrent && 'bg-tint',
      )}
    >
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <button
            type="button"
            aria-pressed={isCurrent}
            onClick={onChoose}
            className="max-w-full cursor-pointer truncate rounded-sm font-mono text-sm hover:text-action"
          >
            {webhook.url}
          </button>
          <Badge tone={webhook.active ? 'good' : webhook.paused_because === 'owner' ? 'plain' : 'bad'} hasDot>
            {webhook.active ? w.active : w.paused[webhook.paused_because ?? 'owner']}
          </Badge>
          {webhook.failing_since !== null && (
            <span className="text-sm text-warning">
              {w.failingSince} {relative(webhook.failing_since)}
            </span>
          )}
        </div>
        <div className="text-sm wrap-anywhere text-soft">
          {[webhook.description, webhook.events.join(', ')].filter(Boolean).join(' · ')}
        </div>
        {webhook.old_secret_until !== null && (
          <div className="text-sm text-soft">{fill(w.oldSecret, { date: moment(webhook.old_secret_until) })}</div>
        )}
      </div>
      <div className="flex items-center gap-1">
        <Button size="s" onClick={() => void test()} disabled={!webhook.active}>
          {w.test}
        </Button>
        <Menu
          entries={[
            { label: w.edit, onSelect: () => onOpen({ what: 'edit', webhook }) },
            webhook.active
              ? { label: w.pause, onSelect: () => void setActive(false) }
              : { label: w.resume, onSelect: () => void setActive(true) },
            { label: w.rotate, onSelect: () => onOpen({ what: 'rotate', webhook }) },
            'line',
            { label: w.remove, isDanger: true, onSelect: () => onOpen({ what: 'remove', webhook }) },
          ]}
        >
          <Button look="quiet" size="icon" aria-label={w.actions}>
            <Ellipsis aria-hidden />
          </Button>
        </Menu>
      </div>
    </li>
  )
}

function Dialogs({
  opened,
  onOpen,
  onClose,
}: {
  opened: Opened | undefined
  onOpen: (opened: Opened) => void
  onClose: () => void
}) {
  const w = said(webhooks)
  const params = { id: opened && 'webhook' in opened ? opened.webhook.id : '' }
  // The dialog that asked closes first.
  const made = (answer: NewWebhook) => setTimeout(() => onOpen({ what: 'made', made: answer }))
  switch (opened?.what) {
    case undefined:
      return null
    case 'make':
      return <WebhookForm onClose={onClose} onMade={made} />
    case 'edit':
      return <WebhookForm before={opened.webhook} onClose={onClose} onMade={made} />
    case 'rotate':
      return (
        <Confirm
          isOpen
          onOpenChange={onClose}
          title={w.rotateTitle}
          will={[w.rotateWill.new, w.rotateWill.old]}
          action={w.rotateDo}
          onConfirm={async () => {
            made(await call('POST /api/v1/webhooks/{id}/rotate-secret', { params }))
            refresh('GET /api/v1/webhooks')
          }}
        />
      )
    case 'remove':
      return (
        <Confirm
          isOpen
          onOpenChange={onClose}
          title={w.removeTitle}
          will={[opened.webhook.url, w.removeWill.dropped, w.removeWill.gone]}
          action={w.removeDo}
          onConfirm={async () => {
            await call('DELETE /api/v1/webhooks/{id}', { params })
            refresh('GET /api/v1/webhooks')
            toast(w.removed)
          }}
        />
      )
    case 'made':
      return (
        <Secret
          secret={opened.made.secret}
          title={w.secret}
          why={w.secretWhy}
          words={{ reveal: w.reveal, conceal: w.conceal, stored: w.stored }}
          onClose={onClose}
        />
      )
  }
}
