import { useState } from 'react'
import type { Item } from '../api/client.ts'
import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Ago, PageHead } from '../ui/figures.tsx'
import { moment } from '../ui/format.ts'
import { adminSystem } from '../words/admin-system.ts'
import { href, said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Choice, chosen, keysOf } from './Choice.tsx'
import { Facts, Filters, List } from './List.tsx'
import { SearchField } from './SearchField.tsx'

const ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
/** What is written into the log, as the API names it. */
const ACTIONS = Object.fromEntries(
  [
    'agent.feature',
    'agent.prompt_read',
    'agent.release',
    'agent.stop',
    'account.credit',
    'account.deposit',
    'cache.clear',
    'dead_letter.replay',
    'flag.set',
    'key.create',
    'key.revoke',
    'payment.accept',
    'payment.refund',
    'review.approve',
    'review.reject',
    'settlement.trigger',
    'signer.resume',
    'user.activate',
    'user.delete',
    'user.invite',
    'user.role',
    'user.suspend',
    'wallet.change',
    'withdrawal.approve',
    'withdrawal.reject',
  ].map((action) => [action, action]),
)

export function Audit() {
  return (
    <AdminPage needs="system:admin">
      <Page />
    </AdminPage>
  )
}

type Entry = Item<'GET /api/v1/admin/audit-log'>

function Page() {
  const w = said(adminSystem).audit
  const [url] = useUrl()
  const pages = usePages()
  const [entry, setEntry] = useState<Entry>()
  const actor = url.get('actor')
  const query = useRoute(
    'GET /api/v1/admin/audit-log',
    {
      query: {
        cursor: pages.cursor,
        actor_id: actor !== null && ID.test(actor) ? actor : undefined,
        action: chosen(url, 'action', keysOf(ACTIONS)),
      },
    },
    { keepsPrevious: true },
  )
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Filters>
        <SearchField
          name="actor"
          label={w.byActor}
          check={(text) => (ID.test(text) ? undefined : w.badId)}
          onChange={pages.first}
        />
        <Choice name="action" label={w.byAction} options={ACTIONS} onChange={pages.first} />
      </Filters>
      <List<Entry>
        query={query}
        pages={pages}
        label={w.list}
        rowKey={({ id }) => id}
        onOpen={setEntry}
        empty={{ title: w.empty, text: w.emptyText }}
        columns={[
          { name: 'when', head: w.when, cell: ({ created_at: at }) => <Ago at={at} /> },
          { name: 'action', head: w.action, cell: ({ action }) => <code>{action}</code> },
          { name: 'actor', head: w.actor, isWide: true, cell: actorOf },
          {
            name: 'subject',
            head: w.subject,
            isWide: true,
            cell: ({ subject_type: type, subject_id: id }) => <code>{`${type} ${id.slice(0, 8)}`}</code>,
          },
          {
            name: 'reason',
            head: w.reason,
            cell: ({ reason }) => <span className="line-clamp-1 max-w-80 break-all">{reason ?? '–'}</span>,
          },
        ]}
      />
      {entry && <InFull entry={entry} onClose={() => setEntry(undefined)} />}
    </>
  )
}

function actorOf({ actor_id: id, actor_role: role }: Entry): string {
  return id === null ? said(adminSystem).audit.operator : `${id.slice(0, 8)} · ${role}`
}

function InFull({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const w = said(adminSystem).audit
  return (
    <Sheet isOpen onOpenChange={onClose} title={<code>{entry.action}</code>}>
      <Facts
        facts={[
          [w.when, moment(entry.created_at)],
          [
            w.actor,
            entry.actor_id === null ? (
              w.operator
            ) : (
              <a key="actor" href={href(`/admin/users?user=${entry.actor_id}`)}>
                {entry.actor_id}
              </a>
            ),
          ],
          [w.role, entry.actor_role],
          [w.subject, <span key="subject" className="break-all">{`${entry.subject_type} ${entry.subject_id}`}</span>],
          [w.reason, entry.reason ?? w.none],
          [w.request, entry.request_id === null ? '–' : <CopyId key="request" id={entry.request_id} chars={36} />],
          [w.id, <CopyId key="id" id={entry.id} chars={36} />],
        ]}
      />
      <section className="grid gap-2">
        <h3 className="text-base font-medium">{w.details}</h3>
        <pre className="overflow-x-auto rounded-md border border-line p-3">
          {JSON.stringify(entry.details, null, 2)}
        </pre>
      </section>
    </Sheet>
  )
}
