import type { Answer } from '../api/client.ts'
import { Figure, Figures, Money } from '../ui/figures.tsx'
import { whole } from '../ui/format.ts'
import { billing } from '../words/billing.ts'
import { fill, said } from '../words/words.ts'

/** What is left, at this moment. */
export function QuotaFigures({ quota }: { quota: Answer<'GET /api/v1/developers/quota'> }) {
  const w = said(billing)
  const { calls, balance_usd: balance, rate } = quota
  return (
    <Figures>
      <Figure
        label={w.left}
        value={<span data-figure="calls-left">{whole(calls.remaining)}</span>}
        note={fill(w.leftNote, { used: whole(calls.used), granted: whole(calls.granted) })}
      />
      <Figure
        label={w.balance}
        value={
          <span data-figure="balance">
            <Money amount={balance} className="font-sans" />
          </span>
        }
        note={w.balanceNote}
      />
      <Figure label={w.running} value={whole(calls.held)} note={w.runningNote} />
      <Figure
        label={w.rate}
        value={fill(w.rateValue, { limit: whole(rate.limit) })}
        note={fill(w.rateNote, { remaining: whole(rate.remaining) })}
      />
    </Figures>
  )
}
