import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Ago, Money, PageHead } from '../ui/figures.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Choice, chosen, keysOf } from './Choice.tsx'
import { Filters, List } from './List.tsx'
import { PaymentSheet } from './PaymentSheet.tsx'
import { AccountLink, ordered, PaymentStatus, type Payment } from './shown.tsx'

export function Payments() {
  return (
    <AdminPage needs="payments:manage">
      <Page />
    </AdminPage>
  )
}

function Page() {
  const w = said(adminMoney)
  const [url, change] = useUrl()
  const pages = usePages()
  const query = useRoute(
    'GET /api/v1/admin/payments',
    {
      query: {
        cursor: pages.cursor,
        status: chosen(url, 'status', keysOf(w.payments.statuses)),
        method: chosen(url, 'method', keysOf(w.payments.methods)),
      },
    },
    { keepsPrevious: true },
  )
  const open = url.get('payment')
  return (
    <>
      <PageHead title={w.payments.title} lead={w.payments.lead} />
      <Filters>
        <Choice name="status" label={w.status} options={w.payments.statuses} onChange={pages.first} />
        <Choice name="method" label={w.method} options={w.payments.methods} onChange={pages.first} />
      </Filters>
      <List<Payment>
        query={query}
        pages={pages}
        label={w.payments.list}
        rowKey={({ id }) => id}
        onOpen={({ id }) => change({ payment: id })}
        empty={{ title: w.payments.empty, text: w.payments.emptyText }}
        columns={[
          { name: 'when', head: w.when, cell: ({ created_at: at }) => <Ago at={at} /> },
          { name: 'what', head: w.payments.what, cell: ordered },
          { name: 'account', head: w.account, isWide: true, cell: ({ user_id: id }) => <AccountLink id={id} /> },
          { name: 'amount', head: w.amount, isNumber: true, cell: (row) => <Money amount={row.amount_usd} /> },
          { name: 'method', head: w.method, isWide: true, cell: ({ method }) => w.payments.methods[method] },
          { name: 'status', head: w.status, cell: ({ status }) => <PaymentStatus status={status} /> },
          { name: 'problem', head: w.payments.problem, isWide: true, cell: ({ problem }) => problem ?? '–' },
        ]}
      />
      {open !== null && <PaymentSheet id={open} onClose={() => change({ payment: undefined })} />}
    </>
  )
}
