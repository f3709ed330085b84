import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Ago, Money, PageHead } from '../ui/figures.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Choice, chosen, keysOf } from './Choice.tsx'
import { List } from './List.tsx'
import { WithdrawalSheet } from './WithdrawalSheet.tsx'
import { AccountLink, WithdrawalState, type Withdrawal } from './shown.tsx'

export function Withdrawals() {
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
  const state = chosen(url, 'state', keysOf(w.withdrawals.states))
  const { cursor } = pages
  const query = useRoute('GET /api/v1/admin/withdrawals', { query: { cursor, state } }, { keepsPrevious: true })
  const open = url.get('withdrawal')
  return (
    <>
      <PageHead title={w.withdrawals.title} lead={w.withdrawals.lead} />
      <Choice name="state" label={w.state} options={w.withdrawals.states} onChange={pages.first} />
      <List<Withdrawal>
        query={query}
        pages={pages}
        label={w.withdrawals.list}
        rowKey={({ id }) => id}
        onOpen={({ id }) => change({ withdrawal: id })}
        empty={{ title: w.withdrawals.empty, text: w.withdrawals.emptyText }}
        columns={[
          { name: 'when', head: w.when, cell: ({ created_at: at }) => <Ago at={at} /> },
          { name: 'creator', head: w.creator, isWide: true, cell: ({ creator_id: id }) => <AccountLink id={id} /> },
          { name: 'amount', head: w.amount, isNumber: true, cell: (row) => <Money amount={row.amount_usd} isOut /> },
          { name: 'fee', head: w.fee, isNumber: true, isWide: true, cell: (row) => <Money amount={row.fee_usd} /> },
          { name: 'state', head: w.state, cell: (row) => <WithdrawalState state={row.state} /> },
        ]}
      />
      {open !== null && <WithdrawalSheet id={open} onClose={() => change({ withdrawal: undefined })} />}
    </>
  )
}
