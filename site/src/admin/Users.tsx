import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Button } from '../ui/button.tsx'
import { Ago, PageHead } from '../ui/figures.tsx'
import { admin } from '../words/admin.ts'
import { said } from '../words/words.ts'
import { AdminPage, OnlyLooking, useMay } from './allowed.tsx'
import { Choice, chosen, keysOf } from './Choice.tsx'
import { Invite } from './Invite.tsx'
import { Filters, List } from './List.tsx'
import { SearchField } from './SearchField.tsx'
import { UserSheet } from './UserSheet.tsx'
import { StatusOf, TypeOf, type Account } from './shown.tsx'

const SEARCH_MIN = 3

export function Users() {
  return (
    <AdminPage needs="users:view">
      <Page />
    </AdminPage>
  )
}

function Page() {
  const w = said(admin).users
  const [url, change] = useUrl()
  const [isInviting, setInviting] = useState(false)
  const mayChange = useMay('users:manage')
  const pages = usePages()
  const query = useRoute(
    'GET /api/v1/admin/users',
    {
      query: {
        cursor: pages.cursor,
        q: url.get('q') ?? undefined,
        user_type: chosen(url, 'type', keysOf(w.types)),
        status: chosen(url, 'status', keysOf(w.statuses)),
      },
    },
    { keepsPrevious: true },
  )
  const open = url.get('user')
  return (
    <>
      <PageHead
        title={w.title}
        actions={
          mayChange && (
            <Button onClick={() => setInviting(true)}>
              <UserPlus aria-hidden />
              {w.invite}
            </Button>
          )
        }
      />
      <OnlyLooking needs="users:manage" />
      <Filters>
        <SearchField
          name="q"
          label={w.search}
          check={(text) => (text.length < SEARCH_MIN ? w.tooShort : undefined)}
          onChange={pages.first}
        />
        <Choice name="type" label={w.type} options={w.types} onChange={pages.first} />
        <Choice name="status" label={w.status} options={w.statuses} onChange={pages.first} />
      </Filters>
      <List<Account>
        query={query}
        pages={pages}
        label={w.list}
        rowKey={({ id }) => id}
        onOpen={({ id }) => change({ user: id })}
        empty={{ title: w.empty, text: w.emptyText }}
        columns={[
          { name: 'email', head: w.email, cell: ({ email }) => email },
          { name: 'name', head: w.name, isWide: true, cell: ({ display_name: name }) => name ?? '–' },
          { name: 'type', head: w.type, isWide: true, cell: (user) => <TypeOf user={user} /> },
          { name: 'status', head: w.status, cell: ({ status }) => <StatusOf status={status} /> },
          { name: 'since', head: w.since, isWide: true, cell: ({ created_at: at }) => <Ago at={at} /> },
        ]}
      />
      {open !== null && <UserSheet id={open} onClose={() => change({ user: undefined })} />}
      {isInviting && <Invite onEnd={() => setInviting(false)} />}
    </>
  )
}
