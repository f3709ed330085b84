import { useRoute } from '../api/query.ts'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { PageHead } from '../ui/figures.tsx'
import { Skeleton } from '../ui/state.tsx'
import { billing } from '../words/billing.ts'
import { said } from '../words/words.ts'
import { Buy } from './Buy.tsx'
import { History } from './History.tsx'
import { Lots } from './Lots.tsx'
import { QuotaFigures } from './QuotaFigures.tsx'
import { Returned } from './Returned.tsx'

/** Where calls and balance are bought, and where one comes back to after paying. */
export function Billing() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(billing)
  const quota = useRoute('GET /api/v1/developers/quota', {})
  useFresh(['payment.', 'call.', 'quota.'], ['GET /api/v1/developers/quota'])
  useFresh(['payment.'], ['GET /api/v1/payments/history', 'GET /api/v1/payments/{id}'])
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <Returned />
      <Loaded query={quota} awaited={<Skeleton className="h-28" />}>
        {(answer) => <QuotaFigures quota={answer} />}
      </Loaded>
      <Buy />
      {quota.data && <Lots lots={quota.data.lots} />}
      <History />
    </>
  )
}
