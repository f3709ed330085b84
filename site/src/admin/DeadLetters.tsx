import { useState } from 'react'
import type { Item } from '../api/client.ts'
import { useChange, usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Ago, PageHead } from '../ui/figures.tsx'
import { bytes, whole } from '../ui/format.ts'
import { adminSystem } from '../words/admin-system.ts'
import { said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Choice, chosen } from './Choice.tsx'
import { Decide } from './Decide.tsx'
import { List } from './List.tsx'

export function DeadLetters() {
  return (
    <AdminPage needs="system:admin">
      <Page />
    </AdminPage>
  )
}

const LIST = 'GET /api/v1/admin/system/dead-letters'
type Letter = Item<typeof LIST>

function Page() {
  const w = said(adminSystem).deadLetters
  const [url] = useUrl()
  const pages = usePages()
  const [letter, setLetter] = useState<Letter>()
  const isWaiting = chosen(url, 'which', ['waiting']) !== undefined
  const { cursor } = pages
  const query = useRoute(LIST, { query: { cursor, waiting: isWaiting ? 'true' : 'false' } }, { keepsPrevious: true })
  const replay = useChange('POST /api/v1/admin/system/dead-letters/{queue}/{id}/replay', [LIST])
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Choice name="which" label={w.which} options={{ waiting: w.waiting }} onChange={pages.first} />
      <List<Letter>
        query={query}
        pages={pages}
        label={w.list}
        rowKey={({ queue, id }) => `${queue} ${id}`}
        empty={{ title: w.empty, text: w.emptyText }}
        columns={[
          { name: 'queue', head: w.queue, cell: ({ queue }) => <code>{queue}</code> },
          { name: 'id', head: w.id, isWide: true, cell: ({ id }) => <CopyId id={id} /> },
          { name: 'attempts', head: w.attempts, isNumber: true, isWide: true, cell: ({ attempts }) => whole(attempts) },
          { name: 'size', head: w.size, isNumber: true, isWide: true, cell: ({ bytes: size }) => bytes(size) },
          { name: 'received', head: w.received, cell: ({ received_at: at }) => <Ago at={at} /> },
          {
            name: 'replay',
            head: w.replayed,
            cell: (row) =>
              row.replayed_at === null ? (
                <Button size="s" onClick={() => setLetter(row)}>
                  {w.replay}
                </Button>
              ) : (
                <Badge tone="good">
                  <Ago at={row.replayed_at} />
                </Badge>
              ),
          },
        ]}
      />
      {letter && (
        <Decide
          onEnd={() => setLetter(undefined)}
          decision={{
            title: w.replayTitle,
            will: Object.values(w.replayWill),
            action: w.replay,
            done: w.done,
            act: (reason) => replay.mutateAsync({ params: { queue: letter.queue, id: letter.id }, body: { reason } }),
          }}
        />
      )}
    </>
  )
}
