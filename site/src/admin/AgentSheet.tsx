/** One agent as admins see it, and what can be done to it. */
import { useState } from 'react'
import { useChange, useRoute } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { whole } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { admin } from '../words/admin.ts'
import { fill, href, plural, said } from '../words/words.ts'
import { OnlyLooking, useMay } from './allowed.tsx'
import { Decide, type Decision } from './Decide.tsx'
import { Facts } from './List.tsx'
import { AgentStatus, type Agent } from './shown.tsx'

const SHOWN = ['GET /api/v1/admin/agents', 'GET /api/v1/admin/agents/{id}'] as const

export function AgentSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const w = said(admin).agents
  const { data: agent, error, refetch } = useRoute('GET /api/v1/admin/agents/{id}', { params: { id } })
  return (
    <Sheet isOpen onOpenChange={onClose} title={agent?.name ?? w.title}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!agent && !error && <SkeletonRows rows={8} />}
      {agent && (
        <>
          <Facts
            facts={[
              [w.status, <AgentStatus key="status" agent={agent} />],
              [w.id, <CopyId key="id" id={agent.id} chars={36} />],
              [
                w.creator,
                <a key="creator" href={href(`/admin/users?user=${agent.creator_id}`)}>
                  {agent.creator_id.slice(0, 8)}
                </a>,
              ],
              [w.category, agent.category ?? '–'],
              [w.model, `${agent.provider} · ${agent.model}`],
              [w.version, agent.version],
              [w.price, <Money key="price" amount={agent.price_usd} />],
              [w.calls, whole(agent.total_calls)],
              [w.revenue, <Money key="revenue" amount={agent.total_revenue_usd} />],
              [
                w.rating,
                `${agent.average_rating.toFixed(1)} · ${plural(w.reviews, agent.review_count, whole(agent.review_count))}`,
              ],
              [w.featured, agent.featured_rank === null ? '–' : fill(w.place, { rank: agent.featured_rank })],
              [w.created, <Ago key="created" at={agent.created_at} />],
              [w.published, agent.published_at === null ? '–' : <Ago key="published" at={agent.published_at} />],
            ]}
          />
          <Actions agent={agent} />
        </>
      )}
    </Sheet>
  )
}

function Actions({ agent }: { agent: Agent }) {
  const w = said(admin).agents
  const mayChange = useMay('agents:manage')
  const [decision, setDecision] = useState<'stop' | 'release' | 'feature'>()
  if (!mayChange) return <OnlyLooking needs="agents:manage" />
  const end = () => setDecision(undefined)
  const isStopped = agent.stopped_because === 'admin' || agent.stopped_because === 'barred'
  return (
    <div className="flex flex-wrap gap-2 border-t border-line pt-5">
      {isStopped && <Button onClick={() => setDecision('release')}>{w.release}</Button>}
      {!isStopped && agent.status !== 'archived' && (
        <Button look="danger" onClick={() => setDecision('stop')}>
          {w.stop}
        </Button>
      )}
      <Button onClick={() => setDecision('feature')}>{w.feature}</Button>
      {(decision === 'stop' || decision === 'release') && <SetStatus agent={agent} to={decision} onEnd={end} />}
      {decision === 'feature' && <Feature agent={agent} onEnd={end} />}
    </div>
  )
}

function SetStatus({ agent, to, onEnd }: { agent: Agent; to: 'stop' | 'release'; onEnd: () => void }) {
  const w = said(admin).agents
  const set = useChange('PUT /api/v1/admin/agents/{id}/status', SHOWN)
  const decision: Decision = {
    ...(to === 'stop'
      ? { title: fill(w.stopTitle, agent), will: Object.values(w.stopWill), action: w.stop, done: w.stoppedNow }
      : {
          title: fill(w.releaseTitle, agent),
          will: Object.values(w.releaseWill),
          action: w.release,
          done: w.released,
        }),
    act: (reason) =>
      set.mutateAsync({ params: { id: agent.id }, body: { status: to === 'stop' ? 'inactive' : 'active', reason } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}

const RANK = /^(?:[1-9]\d{0,2}|1000)?$/

function Feature({ agent, onEnd }: { agent: Agent; onEnd: () => void }) {
  const w = said(admin).agents
  const [rank, setRank] = useState(agent.featured_rank === null ? '' : String(agent.featured_rank))
  const set = useChange('PUT /api/v1/admin/agents/{id}/featured', SHOWN)
  const isRank = RANK.test(rank)
  const decision: Decision = {
    title: fill(w.featureTitle, agent),
    will: Object.values(w.featureWill),
    action: w.save,
    done: w.featuredNow,
    isReady: () => isRank,
    extra: (
      <Field label={w.rank} error={isRank ? undefined : w.badRank}>
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            maxLength={4}
            value={rank}
            onChange={({ target }) => setRank(target.value.trim())}
          />
        )}
      </Field>
    ),
    act: (reason) =>
      set.mutateAsync({ params: { id: agent.id }, body: { rank: rank === '' ? null : Number(rank), reason } }),
  }
  return <Decide decision={decision} onEnd={onEnd} />
}
