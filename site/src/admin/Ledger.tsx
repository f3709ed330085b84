import { OctagonPause } from 'lucide-react'
import type { Item } from '../api/client.ts'
import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Badge } from '../ui/badge.tsx'
import { Ago, PageHead, Section } from '../ui/figures.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { List } from './List.tsx'
import { Signers } from './Signers.tsx'

const LOOK_MS = 60_000

export function Ledger() {
  return (
    <AdminPage needs="payments:manage">
      <Page />
    </AdminPage>
  )
}

type Difference = Item<'GET /api/v1/admin/differences'>

function Page() {
  const w = said(adminMoney).ledger
  const [url, change] = useUrl()
  const view = url.get('view') === 'all' ? 'all' : 'open'
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Frozen />
      <Section title={w.found}>
        <Tabs
          value={view}
          onChange={(value) => change({ view: value })}
          label={w.found}
          tabs={[
            { value: 'open', label: w.open, content: <Differences isOpen /> },
            { value: 'all', label: w.all, content: <Differences isOpen={false} /> },
          ]}
        />
      </Section>
      <Section title={w.signers} lead={w.signersLead}>
        <Signers />
      </Section>
    </>
  )
}

/** What stands still because of a difference, in one line. */
function Frozen() {
  const w = said(adminMoney).ledger
  const { data } = useRoute('GET /api/v1/admin/differences', { query: { open: 'true' } }, { everyMs: LOOK_MS })
  if (!data) return null
  const freezing = data.items.map(({ freezes }) => freezes).filter((freezes) => freezes !== null)
  if (freezing.length === 0) return null
  return (
    <p role="status" className="flex items-center gap-2.5 rounded-md border border-wax/50 px-4 py-3 text-wax">
      <OctagonPause aria-hidden className="size-5 shrink-0" />
      {freezing.includes('withdrawals') ? w.frozen : w.frozenSome}
    </p>
  )
}

function Differences({ isOpen }: { isOpen: boolean }) {
  const w = said(adminMoney).ledger
  const pages = usePages()
  const query = useRoute(
    'GET /api/v1/admin/differences',
    { query: { cursor: pages.cursor, open: isOpen ? 'true' : 'false' } },
    { keepsPrevious: true },
  )
  return (
    <List<Difference>
      query={query}
      pages={pages}
      label={w.found}
      rowKey={({ name, scope, first_seen: at }) => `${name} ${scope} ${at}`}
      empty={{ title: w.healthy, text: w.healthyText }}
      columns={[
        { name: 'name', head: w.name, cell: ({ name }) => <code>{name}</code> },
        { name: 'scope', head: w.scope, isWide: true, cell: ({ scope }) => <code className="break-all">{scope}</code> },
        { name: 'expected', head: w.expected, isNumber: true, cell: ({ expected }) => expected },
        { name: 'found', head: w.actual, isNumber: true, cell: ({ found }) => found },
        {
          name: 'freezes',
          head: w.freezes,
          isWide: true,
          cell: ({ freezes }) => (freezes === null ? w.nothingFrozen : <Badge tone="wax">{w.withdrawals}</Badge>),
        },
        { name: 'since', head: w.since, isWide: true, cell: ({ first_seen: at }) => <Ago at={at} /> },
        {
          name: 'gone',
          head: w.gone,
          isWide: true,
          cell: ({ resolved_at: at }) => (at === null ? '–' : <Ago at={at} />),
        },
      ]}
    />
  )
}
