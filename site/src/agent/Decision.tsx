import type { ReactNode } from 'react'
import type { Answer } from '../api/client.ts'
import { useRoute, useSession } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { dollars, duration, percent, short, whole } from '../ui/format.ts'
import { agent as agentWords } from '../words/agent.ts'
import { fill, href, plural, said } from '../words/words.ts'

export type Agent = Answer<'GET /api/v1/marketplace/agents/{id}'>

/** What one needs to know to decide, in one card; everything in it was asked of the API. */
export function Decision({ agent }: { agent: Agent }) {
  const w = said(agentWords).card
  const session = useSession()
  const chain = useRoute('GET /api/v1/chain/agents/{id}', { params: { id: agent.id } })
  const { statistics, rating, cost } = agent
  const hasPremium = Number(cost.premium_usd) > 0
  const ratingNote = fill(w.ratingNote, { average: rating.average.toFixed(1), count: plural(w.reviews, rating.count) })
  return (
    <aside className="grid gap-5 rounded-md border border-line bg-sheet p-5 xl:sticky xl:top-6">
      <div>
        <p className="flex items-baseline gap-2">
          <Money amount={agent.price_per_call} className="text-2xl font-medium" />
          <span className="text-base text-soft">{w.perCall}</span>
        </p>
        <p className="mt-1 text-sm text-soft">{w.listPrice}</p>
      </div>
      <dl className="grid gap-2.5 border-t border-line pt-4 text-base">
        <Row label={w.youPay}>
          {w.oneCall}
          {hasPremium && (
            <span className="block font-mono text-sm">{fill(w.premium, { premium: dollars(cost.premium_usd) })}</span>
          )}
        </Row>
        <Row label={w.latency}>
          {statistics.latency_ms
            ? fill(w.latencyNote, {
                p50: duration(statistics.latency_ms.p50),
                p95: duration(statistics.latency_ms.p95),
              })
            : w.noCalls}
        </Row>
        <Row label={w.success}>
          {statistics.success_rate === null
            ? w.noCalls
            : fill(w.successNote, {
                share: percent(statistics.success_rate),
                calls: short(statistics.calls),
                days: statistics.days,
              })}
        </Row>
        <Row label={w.calls}>
          {fill(w.callsNote, {
            total: whole(agent.total_calls),
            users: whole(statistics.users),
            days: statistics.days,
          })}
        </Row>
        <Row label={w.rating}>{rating.count === 0 ? w.noRating : ratingNote}</Row>
        <Row label={w.version}>
          <span className="wrap-anywhere">{fill(w.versionNote, { version: agent.version, model: agent.model })}</span>
        </Row>
        <Row label={w.published}>
          <Ago at={agent.published_at} />
        </Row>
        <Row label={w.token}>
          {!chain.data || chain.data.state === 'none'
            ? w.tokenNone
            : chain.data.is_verified
              ? fill(w.tokenVerified, { chain: chain.data.chain.name })
              : fill(w.tokenState, { state: chain.data.state, chain: chain.data.chain.name })}
        </Row>
      </dl>
      <p className="border-t border-line pt-4 text-sm text-soft">{w.retention}</p>
      <div className="grid gap-2">
        <Button asChild look="main">
          <a href={href(session.status === 'in' ? '/developer/keys' : '/register')}>{w.getKey}</a>
        </Button>
        <Button asChild>
          <a href={`${href('/playground')}?agent=${agent.slug}`}>{w.openPlayground}</a>
        </Button>
      </div>
    </aside>
  )
}

/** On a phone: the price and the way to a key, always at hand. */
export function DecisionBar({ agent }: { agent: Agent }) {
  const w = said(agentWords).card
  const session = useSession()
  return (
    <div
      data-bottom-bar
      className="fixed inset-x-0 bottom-0 z-30 flex items-center justify-between gap-4 border-t border-line bg-sheet px-5 py-3 md:hidden"
    >
      <span className="text-sm text-soft">
        <Money amount={agent.price_per_call} className="text-lg font-medium text-ink" /> {w.perCall}
      </span>
      <Button asChild look="main">
        <a href={href(session.status === 'in' ? '/developer/keys' : '/register')}>{w.getKey}</a>
      </Button>
    </div>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6rem_minmax(0,1fr)] gap-3">
      <dt className="text-sm leading-6 text-soft">{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
