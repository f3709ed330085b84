import { useState } from 'react'
import { useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead } from '../ui/figures.tsx'
import { dollars } from '../ui/format.ts'
import { Skeleton } from '../ui/state.tsx'
import { earnings } from '../words/earnings.ts'
import { fill, said } from '../words/words.ts'
import { EarningsFigures } from './EarningsFigures.tsx'
import { Settlements } from './Settlements.tsx'
import { Withdraw } from './Withdraw.tsx'
import { Withdrawals } from './Withdrawals.tsx'

/** Where the money is, how it gets out, and the statements that it comes from. */
export function Earnings() {
  return (
    <Console place="creator">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(earnings)
  const [url, change] = useUrl()
  const [isOpen, setOpen] = useState(url.has('withdraw'))
  const money = useRoute('GET /api/v1/creators/me/earnings', {})
  const me = useRoute('GET /api/v1/creators/me', {})
  useFresh(
    ['withdrawal.', 'settlement.', 'agent.called'],
    [
      'GET /api/v1/creators/me/earnings',
      'GET /api/v1/creators/me/withdrawals',
      'GET /api/v1/creators/me/withdrawals/{id}',
      'GET /api/v1/creators/me/settlements',
    ],
  )
  return (
    <>
      <PageHead
        title={w.title}
        lead={w.lead}
        actions={
          <Button look="main" disabled={!money.data || !me.data} onClick={() => setOpen(true)}>
            {w.withdraw.action}
          </Button>
        }
      />
      <Loaded query={money} awaited={<Skeleton className="h-28" />}>
        {(answer) => (
          <div className="grid gap-3">
            <EarningsFigures money={answer} />
            <p className="text-base text-soft">
              {fill(w.lifetime, {
                gross: dollars(answer.lifetime.gross_usd, 4),
                net: dollars(answer.lifetime.net_usd, 4),
              })}
            </p>
          </div>
        )}
      </Loaded>
      <Withdrawals />
      <Settlements />
      {isOpen && money.data && me.data && (
        <Withdraw
          money={money.data}
          wallet={me.data.wallet_address}
          walletChangedAt={me.data.wallet_changed_at}
          onClose={() => {
            setOpen(false)
            change({ withdraw: undefined })
          }}
        />
      )}
    </>
  )
}
