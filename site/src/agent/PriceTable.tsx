import { useRoute } from '../api/query.ts'
import { Money } from '../ui/figures.tsx'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { said } from '../words/words.ts'
import type { Agent } from './Decision.tsx'

const CREATOR_SHARE = 0.8

/** What one call costs with each package, and what the creator earns of it. */
export function PriceTable({ agent }: { agent: Agent }) {
  const w = said(agentWords).price
  const { data, error, refetch } = useRoute('GET /api/v1/payments/packages', {})
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={3} />
  const premium = Number(agent.cost.premium_usd)
  return (
    <div className="grid gap-4">
      <p className="text-soft">{w.lead}</p>
      <Table
        label={said(agentWords).tabs.price}
        rows={data.packages}
        rowKey={({ id }) => id}
        columns={[
          { name: 'package', head: w.package, cell: ({ name }) => name },
          { name: 'share', head: w.share, isNumber: true, cell: (one) => <Money amount={one.price_per_call_usd} /> },
          { name: 'premium', head: w.premium, isNumber: true, cell: () => <Money amount={agent.cost.premium_usd} /> },
          {
            name: 'total',
            head: w.total,
            isNumber: true,
            cell: (one) => <Money amount={Number(one.price_per_call_usd) + premium} />,
          },
        ]}
      />
      <p className="text-base text-soft">
        {w.creator} <Money amount={Number(agent.price_per_call) * CREATOR_SHARE} className="text-ink" />.{' '}
        {w.creatorNote}
      </p>
    </div>
  )
}
