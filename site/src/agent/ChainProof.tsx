import type { ReactNode } from 'react'
import { useRoute } from '../api/query.ts'
import { Badge } from '../ui/badge.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'

/** The token of an agent, and whether the contract says the same at this moment. */
export function ChainProof({ agentId }: { agentId: string }) {
  const w = said(agentWords).chain
  const { data, error, refetch } = useRoute('GET /api/v1/chain/agents/{id}', { params: { id: agentId } })
  if (error && error.status !== 404) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data && !error) return <SkeletonRows rows={4} />
  if (!data || data.state === 'none') return <Empty title={w.none}>{w.lead}</Empty>
  const { explorer } = data.chain
  return (
    <div className="grid gap-4">
      <p className="text-soft">{w.lead}</p>
      <dl className="grid gap-2.5 text-base">
        <Row label={w.state}>
          <Badge tone={data.is_verified ? 'good' : 'plain'} hasDot>
            {data.state} · {data.chain.name}
          </Badge>
        </Row>
        {data.is_verified !== null && (
          <Row label={w.verified}>{data.is_verified ? said(common).yes : said(common).no}</Row>
        )}
        <Row label={w.contract}>
          <Hash value={data.contract} link={explorer && `${explorer}/address/${data.contract}`} />
        </Row>
        <Row label={w.token}>
          <CopyId id={data.token_id} chars={24} />
        </Row>
        {data.on_chain?.owner != null && (
          <Row label={w.owner}>
            <Hash value={data.on_chain.owner} link={explorer && `${explorer}/address/${data.on_chain.owner}`} />
          </Row>
        )}
        {data.tx_hash !== null && (
          <Row label={w.transaction}>
            <Hash value={data.tx_hash} link={explorer && `${explorer}/tx/${data.tx_hash}`} />
          </Row>
        )}
        {data.block_number !== null && <Row label={w.block}>{data.block_number}</Row>}
      </dl>
    </div>
  )
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 sm:grid-cols-[9rem_minmax(0,1fr)]">
      <dt className="text-soft">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  )
}

function Hash({ value, link }: { value: string; link: string | null }) {
  if (link === null) return <CopyId id={value} chars={24} />
  return (
    <a href={link} rel="noopener" className="font-mono text-sm wrap-anywhere">
      {value}
    </a>
  )
}
