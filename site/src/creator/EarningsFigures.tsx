import type { Answer } from '../api/client.ts'
import { Figure, Figures, Money } from '../ui/figures.tsx'
import { day, dollars } from '../ui/format.ts'
import { earnings } from '../words/earnings.ts'
import { fill, said } from '../words/words.ts'

/** Where a creator's money is. */
export function EarningsFigures({ money }: { money: Answer<'GET /api/v1/creators/me/earnings'> }) {
  const w = said(earnings)
  const cents = (amount: string) => <Money amount={amount} decimals={4} className="font-sans" />
  return (
    <Figures>
      <Figure
        label={w.pending}
        value={cents(money.pending_usd)}
        note={
          money.next_settlement_at === null ? w.pendingNone : fill(w.pendingAt, { date: day(money.next_settlement_at) })
        }
      />
      <Figure
        label={w.available}
        value={cents(money.available_usd)}
        note={fill(w.availableNote, { amount: dollars(money.withdrawable_usd) })}
      />
      <Figure label={w.inFlight} value={cents(money.in_flight_usd)} note={w.inFlightNote} />
      <Figure
        label={w.paidOut}
        value={cents(money.paid_out.net_usd)}
        note={fill(w.paidOutNote, { gross: dollars(money.paid_out.gross_usd), fee: dollars(money.paid_out.fee_usd) })}
      />
    </Figures>
  )
}
