import { useRoute } from '../api/query.ts'
import { Figure, Figures, PageHead, Section } from '../ui/figures.tsx'
import { dollars, percent, relative, whole } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { admin } from '../words/admin.ts'
import { fill, href, said } from '../words/words.ts'
import { AdminPage, useMay } from './allowed.tsx'

const LOOK_MS = 30_000
/** So many of what waits are counted. */
const COUNTED_MAX = 20

export function Overview() {
  return (
    <AdminPage needs="users:view">
      <Page />
    </AdminPage>
  )
}

function Page() {
  const w = said(admin).overview
  const { data, error, refetch } = useRoute('GET /api/v1/admin/dashboard/stats', {}, { everyMs: LOOK_MS })
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={8} />
  const { users, agents, calls } = data
  /** A count, said to be an estimate where it is one. */
  const count = (name: string, value: number) =>
    data.estimates.includes(name) ? { value: `≈ ${whole(value)}`, note: said(admin).estimate } : { value: whole(value) }
  const answered = ({ calls: all, successful }: { calls: number; successful: number }) =>
    all === 0 ? {} : { note: fill(w.successful, { share: percent(successful / all) }) }
  return (
    <>
      <PageHead title={w.title} lead={fill(w.lead, { ago: relative(data.measured_at) })} />
      <Section title={w.waiting}>
        <Figures>
          <Waiting label={w.reviews} path="/admin/moderation" {...count('reviews_waiting', data.reviews_waiting)} />
          <Waiting
            label={w.deadLetters}
            path="/admin/dead-letters"
            {...count('dead_letters_waiting', data.dead_letters_waiting)}
          />
          <MoneyWaiting />
        </Figures>
      </Section>
      <Section title={w.calls}>
        <Figures>
          <Figure label={w.today} value={whole(calls.today.calls)} {...answered(calls.today)} />
          <Figure label={w.revenueToday} value={dollars(calls.today.revenue_usd, 2)} note={w.beforeFees} />
          <Figure label={w.month} value={whole(calls.last_30_days.calls)} {...answered(calls.last_30_days)} />
          <Figure label={w.revenueMonth} value={dollars(calls.last_30_days.revenue_usd, 2)} note={w.beforeFees} />
        </Figures>
      </Section>
      <Section title={w.people}>
        <Figures>
          <Figure label={w.developers} {...count('users.developers', users.developers)} />
          <Figure label={w.creators} {...count('users.creators', users.creators)} />
          <Figure label={w.admins} {...count('users.admins', users.admins)} />
          <Figure label={w.suspended} {...count('users.suspended', users.suspended)} />
        </Figures>
      </Section>
      <Section title={w.agents}>
        <Figures>
          <Figure label={w.active} {...count('agents.active', agents.active)} />
          <Figure label={w.draft} {...count('agents.draft', agents.draft)} />
          <Figure label={w.inactive} {...count('agents.inactive', agents.inactive)} />
          <Figure label={w.archived} {...count('agents.archived', agents.archived)} />
        </Figures>
      </Section>
      <Section title={w.queues}>
        <Table
          label={w.queues}
          rows={data.queues}
          rowKey={({ queue }) => queue}
          columns={[
            { name: 'queue', head: w.queue, cell: ({ queue }) => <code>{queue}</code> },
            {
              name: 'backlog',
              head: w.backlog,
              isNumber: true,
              cell: ({ backlog }) => (backlog === null ? w.unknown : whole(backlog)),
            },
          ]}
        />
      </Section>
    </>
  )
}

/** What waits for whoever may decide about money. */
function MoneyWaiting() {
  const w = said(admin).overview
  const isOff = !useMay('payments:manage')
  const limit = COUNTED_MAX
  const withdrawals = useRoute('GET /api/v1/admin/withdrawals', { query: { state: 'held', limit } }, { isOff })
  const payments = useRoute('GET /api/v1/admin/payments', { query: { status: 'held', limit } }, { isOff })
  if (isOff) return null
  const counted = (page: { items: unknown[]; next_cursor: string | null } | undefined) => {
    if (!page) return '–'
    return page.next_cursor === null ? whole(page.items.length) : fill(w.atLeast, { n: page.items.length })
  }
  return (
    <>
      <Waiting label={w.heldWithdrawals} path="/admin/withdrawals?state=held" value={counted(withdrawals.data)} />
      <Waiting label={w.heldPayments} path="/admin/payments?status=held" value={counted(payments.data)} />
    </>
  )
}

function Waiting({ label, path, value, note }: { label: string; path: string; value: string; note?: string }) {
  return <Figure label={<a href={href(path)}>{label}</a>} value={value} {...(note === undefined ? {} : { note })} />
}
