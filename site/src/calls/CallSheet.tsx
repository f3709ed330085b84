import { Fragment, type ReactNode } from 'react'
import { AgentName, useAgents } from '../consoles/agent-name.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Sheet } from '../ui/dialog.tsx'
import { Money } from '../ui/figures.tsx'
import { duration, moment, whole } from '../ui/format.ts'
import { calls } from '../words/calls.ts'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { CallState, type Call } from './CallTable.tsx'

/** One call at the side, with how its cost comes about. */
export function CallSheet({ call, onClose }: { call: Call | undefined; onClose: () => void }) {
  const w = said(calls)
  return (
    <Sheet isOpen={call !== undefined} onOpenChange={onClose} title={w.one} lead={call && moment(call.created_at)}>
      {call && <About call={call} />}
    </Sheet>
  )
}

function About({ call }: { call: Call }) {
  const w = said(calls)
  const agents = useAgents()
  const unit = (Number(call.cost_usd) - Number(call.premium_usd)).toFixed(8)
  const yes = said(common)
  const facts: [string, ReactNode][] = [
    [w.state, <CallState key="state" status={call.status} />],
    ...(call.error_code === null ? [] : [[w.error, <code key="code">{call.error_code}</code>] as [string, ReactNode]]),
    [w.agent, <AgentName key="agent" id={call.agent_id} name={agents.get(call.agent_id)?.name} isLink />],
    [w.version, call.agent_version],
    [w.request, <CopyId key="request" id={call.request_id} chars={16} />],
    [w.one, <CopyId key="call" id={call.id} chars={16} />],
    [w.latency, duration(call.latency_ms)],
    [w.first, call.first_content_ms === null ? '–' : duration(call.first_content_ms)],
    [w.stream, call.stream ? yes.yes : yes.no],
    [w.tokens, `${whole(call.input_tokens ?? 0)} / ${whole(call.output_tokens ?? 0)}`],
  ]
  return (
    <>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2.5 text-base">
        {facts.map(([name, value]) => (
          <Fragment key={name}>
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 text-right">{value}</dd>
          </Fragment>
        ))}
      </dl>
      <dl className="grid grid-cols-[1fr_auto] gap-x-6 gap-y-2 border-t border-line pt-4 text-base">
        <dt className="text-soft">{w.funding}</dt>
        <dd className="text-right">{call.funding === null ? w.nothing : w.fundings[call.funding]}</dd>
        <dt className="text-soft">{w.price}</dt>
        <dd className="text-right">
          <Money amount={call.price_usd} />
        </dd>
        <dt className="text-soft">{w.unit}</dt>
        <dd className="text-right">
          <Money amount={unit} />
        </dd>
        <dt className="text-soft">{w.premium}</dt>
        <dd className="text-right">
          <Money amount={call.premium_usd} />
        </dd>
        <dt className="font-medium">{w.total}</dt>
        <dd className="text-right font-medium">
          <Money amount={call.cost_usd} />
        </dd>
        <dd className="col-span-2 text-sm text-soft">{w.howCost}</dd>
      </dl>
      <p className="text-sm text-soft">{w.privacy}</p>
    </>
  )
}
