import { Ellipsis, Plus } from 'lucide-react'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { API_URL } from '../api/config.ts'
import { refresh, usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { useAgents } from '../consoles/agent-name.tsx'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Secret } from '../consoles/Secret.tsx'
import { Console } from '../layouts/Console.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Switch } from '../ui/checkbox.tsx'
import { CopyButton } from '../ui/copy.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Ago, PageHead } from '../ui/figures.tsx'
import { day, whole } from '../ui/format.ts'
import { Menu } from '../ui/menu.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { toast } from '../ui/toast.tsx'
import { keys } from '../words/keys.ts'
import { fill, plural, said } from '../words/words.ts'
import { KeyForm, type Key, type NewKey } from './KeyForm.tsx'

/** The API keys of an account. */
export function Keys() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

type Opened = { what: 'make' } | { what: 'edit' | 'rotate' | 'revoke'; key: Key } | { what: 'made'; made: NewKey }

function Page() {
  const w = said(keys)
  const [url, change] = useUrl()
  const isAll = url.get('show') === 'all'
  const pages = usePages()
  const [opened, setOpened] = useState<Opened | undefined>(url.has('make') ? { what: 'make' } : undefined)
  const list = useRoute(
    'GET /api/v1/developers/keys',
    { query: { limit: 25, cursor: pages.cursor, status: isAll ? 'all' : 'active' } },
    { keepsPrevious: true },
  )
  useFresh(['call.'], ['GET /api/v1/developers/quota', 'GET /api/v1/developers/keys'])
  const close = () => {
    setOpened(undefined)
    change({ make: undefined })
  }
  const make = (
    <Button look="main" onClick={() => setOpened({ what: 'make' })}>
      <Plus aria-hidden />
      {w.make}
    </Button>
  )
  return (
    <>
      <PageHead title={w.title} lead={w.lead} actions={make} />
      <Switch
        label={w.showAll}
        isOn={isAll}
        onChange={(isOn) => {
          pages.first()
          change({ show: isOn ? 'all' : undefined })
        }}
      />
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={isAll ? w.emptyAll : w.empty} action={make}>
              {w.emptyWhy}
            </Empty>
          ) : (
            <div>
              <KeyTable rows={items} isStale={list.isPlaceholderData} onOpen={setOpened} />
              <Pages
                page={pages.page}
                hasNext={next !== null}
                onFirst={pages.first}
                onPrevious={pages.previous}
                onNext={() => next !== null && pages.next(next)}
              />
            </div>
          )
        }
      </Loaded>
      <Dialogs opened={opened} onOpen={setOpened} onClose={close} />
    </>
  )
}

function KeyTable({
  rows,
  isStale,
  onOpen,
}: {
  rows: readonly Key[]
  isStale: boolean
  onOpen: (opened: Opened) => void
}) {
  const w = said(keys)
  return (
    <Table
      label={w.title}
      rows={rows}
      rowKey={({ id }) => id}
      isStale={isStale}
      columns={[
        {
          name: 'name',
          head: w.name,
          cell: ({ name, prefix }) => (
            <span className="grid py-1 leading-snug wrap-anywhere">
              <span>{name ?? w.unnamed}</span>
              <code className="text-sm text-soft">{`${prefix}…`}</code>
            </span>
          ),
        },
        { name: 'state', head: w.state, cell: (key) => <State of={key} /> },
        { name: 'caps', head: w.caps, isWide: true, cell: (key) => <Caps of={key} /> },
        {
          name: 'agents',
          head: w.agents,
          isWide: true,
          cell: ({ agent_ids: ids }) => (ids === null ? w.allAgents : plural(w.agentCount, ids.length)),
        },
        {
          name: 'used',
          head: w.lastUsed,
          isWide: true,
          cell: ({ last_used_at: at }) => (at === null ? w.never : <Ago at={at} />),
        },
        {
          name: 'do',
          head: '',
          className: 'text-right',
          cell: (key) =>
            key.status === 'active' && (
              <Menu
                entries={[
                  { label: w.edit, onSelect: () => onOpen({ what: 'edit', key }) },
                  { label: w.rotate, onSelect: () => onOpen({ what: 'rotate', key }) },
                  'line',
                  { label: w.revoke, isDanger: true, onSelect: () => onOpen({ what: 'revoke', key }) },
                ]}
              >
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={fill(w.actions, { name: `${key.name ?? w.unnamed} (${key.prefix})` })}
                >
                  <Ellipsis aria-hidden />
                </Button>
              </Menu>
            ),
        },
      ]}
    />
  )
}

function State({ of: { status, expires_at: expires } }: { of: Key }) {
  const w = said(keys)
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <Badge tone={status === 'active' ? 'good' : 'plain'} hasDot>
        {w.states[status]}
      </Badge>
      {expires !== null && status === 'active' && (
        <span className="text-sm text-soft">{fill(w.expiresAt, { date: day(expires) })}</span>
      )}
    </span>
  )
}

function Caps({ of: { id, caps } }: { of: Key }) {
  const w = said(keys)
  const quota = useRoute('GET /api/v1/developers/quota', {})
  const used = quota.data?.keys.find((key) => key.api_key_id === id)?.caps
  const lines = (['day', 'week', 'month'] as const).flatMap((period) => {
    const cap = caps[period]
    if (cap === null) return []
    const found = used?.find((one) => one.period === period)
    return found
      ? [fill(w.usedOf[period], { used: whole(found.used), n: whole(cap) })]
      : [fill(w.capOf[period], { n: whole(cap) })]
  })
  return lines.length === 0 ? <span className="text-soft">{w.noCaps}</span> : <>{lines.join(' · ')}</>
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
  const w = said(keys)
  const params = opened && 'key' in opened ? { id: opened.key.id } : { id: '' }
  const name = opened && 'key' in opened ? (opened.key.name ?? w.unnamed) : ''
  const made = (answer: NewKey) => setTimeout(() => onOpen({ what: 'made', made: answer }))
  switch (opened?.what) {
    case undefined:
      return null
    case 'make':
      return <KeyForm onClose={onClose} onMade={made} />
    case 'edit':
      return <KeyForm before={opened.key} onClose={onClose} onMade={made} />
    case 'rotate':
      return (
        <Confirm
          isOpen
          onOpenChange={onClose}
          title={fill(w.rotateTitle, { name })}
          will={[w.rotateWill.new, w.rotateWill.old]}
          action={w.rotateDo}
          onConfirm={async () => {
            made(
              await call('POST /api/v1/developers/keys/{id}/rotate', { params, idempotencyKey: crypto.randomUUID() }),
            )
            refresh('GET /api/v1/developers/keys')
          }}
        />
      )
    case 'revoke':
      return (
        <Confirm
          isOpen
          onOpenChange={onClose}
          title={fill(w.revokeTitle, { name })}
          will={[w.revokeWill.now, w.revokeWill.never, w.revokeWill.log]}
          action={w.revokeDo}
          onConfirm={async () => {
            await call('DELETE /api/v1/developers/keys/{id}', { params })
            refresh('GET /api/v1/developers/keys')
            toast(w.revoked)
          }}
        />
      )
    case 'made':
      return <Made made={opened.made} onClose={onClose} />
  }
}

function Made({ made, onClose }: { made: NewKey; onClose: () => void }) {
  const w = said(keys)
  const agents = useAgents()
  const model = [...agents.values()][0]?.slug ?? ''
  if (made.key === null) {
    return (
      <Confirm
        isOpen
        onOpenChange={onClose}
        title={w.shownOnce}
        will={[w.notShown]}
        action={w.stored}
        onConfirm={() => Promise.resolve()}
      />
    )
  }
  const curl = `curl ${API_URL}/v1/chat/completions -H "Authorization: Bearer ${made.key}" -H "Content-Type: application/json" -d '${JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })}'`
  return (
    <Secret
      secret={made.key}
      title={w.shownOnce}
      why={w.shownOnceWhy}
      words={{ reveal: w.reveal, conceal: w.conceal, stored: w.stored }}
      onClose={onClose}
    >
      <CopyButton text={curl} label={w.try} className="justify-self-start" />
    </Secret>
  )
}
