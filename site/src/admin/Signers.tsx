/** The two keys that sign on chain, and how one goes on that has halted. */
import { useState } from 'react'
import type { Answer } from '../api/client.ts'
import { useChange, useRoute } from '../api/query.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { whole } from '../ui/format.ts'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { Table } from '../ui/table.tsx'
import { adminMoney } from '../words/admin-money.ts'
import { fill, said } from '../words/words.ts'
import { Decide } from './Decide.tsx'
import { Facts } from './List.tsx'

type Signer = Answer<'GET /api/v1/admin/chain/signers'>['signers'][number]
const CHAIN_OFF = '50308'

export function Signers() {
  const w = said(adminMoney).ledger
  const { data, error, refetch } = useRoute('GET /api/v1/admin/chain/signers', {})
  const [halted, setHalted] = useState<Signer>()
  const resume = useChange('POST /api/v1/admin/chain/signers/{name}/resume', ['GET /api/v1/admin/chain/signers'])
  if (error?.code === CHAIN_OFF) return <Empty title={w.chainOff} />
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={4} />
  return (
    <>
      <div className="grid gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-2">
        {data.signers.map((signer) => (
          <div key={signer.name} className="grid content-start gap-3 bg-paper p-4">
            <div className="flex flex-wrap items-center justify-between gap-2">
              <code className="font-medium">{signer.name}</code>
              <State signer={signer} />
            </div>
            <Facts
              facts={[
                [w.address, <CopyId key="address" id={signer.address} chars={14} />],
                [w.nonce, signer.next_nonce ?? '–'],
                [w.gas, signer.gas_gwei === null ? '–' : fill(w.gwei, { gwei: whole(Number(signer.gas_gwei)) })],
                [w.jobs, counted(signer.jobs)],
                [w.unmined, whole(signer.unmined.count)],
              ]}
            />
            {signer.halted && (
              <Button look="danger" className="justify-self-start" onClick={() => setHalted(signer)}>
                {w.resume}
              </Button>
            )}
          </div>
        ))}
      </div>
      {data.differences.length > 0 && (
        <Table
          label={w.chainDifferences}
          rows={data.differences}
          rowKey={({ kind, id }) => `${kind} ${id}`}
          columns={[
            { name: 'kind', head: w.name, cell: ({ kind }) => <code>{kind}</code> },
            { name: 'id', head: w.scope, cell: ({ id }) => <CopyId id={id} chars={20} /> },
            { name: 'block', head: w.found, cell: ({ block_number: n }) => fill(w.block, { n }) },
          ]}
        />
      )}
      {halted && (
        <Decide
          onEnd={() => setHalted(undefined)}
          decision={{
            title: fill(w.resumeTitle, { name: halted.name }),
            will: Object.values(w.resumeWill),
            action: w.resume,
            done: w.resumed,
            act: (reason) => resume.mutateAsync({ params: { name: halted.name }, body: { reason } }),
          }}
        />
      )}
    </>
  )
}

function State({ signer: { halted, paused } }: { signer: Signer }) {
  const w = said(adminMoney).ledger
  if (halted) return <Badge tone="bad">{fill(w.halted, { reason: halted.reason })}</Badge>
  if (paused) return <Badge tone="warn">{fill(w.paused, { reason: paused.reason })}</Badge>
  return (
    <Badge tone="good" hasDot>
      {w.well}
    </Badge>
  )
}

function counted(jobs: Record<string, number>): string {
  return (
    Object.entries(jobs)
      .map(([state, count]) => `${whole(count)} ${state}`)
      .join(', ') || '0'
  )
}
