import type { ChatMessage } from '../api/chat.ts'
import { ApiError } from '../api/error.ts'
import { sealedLines } from '../seal/sealed-lines.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { CopyId } from '../ui/copy.tsx'
import { dollars, duration, whole } from '../ui/format.ts'
import { Seal } from '../ui/seal.tsx'
import { Failure } from '../ui/state.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { fill, href, plural, said } from '../words/words.ts'
import type { Run } from './use-chat.ts'

type Props = {
  agentId: string
  /** Whether the agent's token is on the chain, which closes the ring of its seal. */
  isMinted: boolean
  premium: string
  messages: readonly ChatMessage[]
  answer: string
  run: Run | undefined
  onUseQuota?: () => void
}

/** The sealed prompt, and below it what was said. */
export function Conversation({ agentId, isMinted, premium, messages, answer, run, onUseQuota }: Props) {
  const w = said(agentWords)
  return (
    <div className="flex min-h-80 flex-col">
      <div className="grid grid-cols-[1fr_4.5rem] items-center gap-6 border-b border-line p-5">
        <div>
          <p className="mb-3 flex flex-wrap gap-x-2 text-sm font-medium">
            {w.sealed}
            <span className="font-normal text-soft">{w.sealedNote}</span>
          </p>
          <div aria-hidden>
            {sealedLines(agentId)
              .slice(0, 3)
              .map((line, row) => (
                // oxlint-disable-next-line react/no-array-index-key
                <div key={row} className="sealed-line">
                  {line.map((width, index) => (
                    // oxlint-disable-next-line react/no-array-index-key
                    <span key={index} style={{ width: `${width}%` }} />
                  ))}
                </div>
              ))}
          </div>
        </div>
        <Seal id={agentId} sizePx={72} isVerified={isMinted} />
      </div>
      <div className="grid max-h-128 grow content-start gap-4 overflow-y-auto p-5" aria-live="polite">
        {messages.length === 0 && answer === '' && run === undefined && <p className="text-soft">{w.try.waiting}</p>}
        {messages.map(({ role, content }, index) =>
          role === 'user' ? (
            // oxlint-disable-next-line react/no-array-index-key
            <div key={index} className="border-l-2 border-line pl-3 text-base text-soft">
              <span className="only-heard">{w.try.you}</span>
              <p className="wrap-anywhere whitespace-pre-wrap">{content}</p>
            </div>
          ) : (
            // oxlint-disable-next-line react/no-array-index-key
            <p key={index} className="wrap-anywhere whitespace-pre-wrap">
              {content}
            </p>
          ),
        )}
        {(answer !== '' || run?.ending === 'running') && (
          <p className="wrap-anywhere whitespace-pre-wrap">
            {answer}
            {run?.ending === 'running' && (
              <span aria-hidden className="ml-0.5 inline-block h-4 w-2 translate-y-0.5 bg-action" />
            )}
          </p>
        )}
        {run?.ending === 'stopped' && <p className="text-sm text-soft">{w.try.stopped}</p>}
        {run?.error !== undefined && <Refused error={run.error} onUseQuota={onUseQuota} />}
      </div>
      {run && <Receipt run={run} premium={premium} />}
    </div>
  )
}

/** What a call that failed leaves to do. */
function Refused({ error, onUseQuota }: { error: unknown; onUseQuota: (() => void) | undefined }) {
  const w = said(agentWords).remedy
  const code = error instanceof ApiError ? error.code : ''
  return (
    <div className="grid gap-3">
      <Failure error={error} isSmall />
      {(code === '42901' || code === '40201') && (
        <div className="flex flex-wrap items-center gap-3 text-sm text-soft">
          {w.exhausted}
          <Button size="s" asChild>
            <a href={href('/developer/billing')}>{w.buy}</a>
          </Button>
        </div>
      )}
      {code === '42904' && onUseQuota && (
        <div className="flex flex-wrap items-center gap-3 text-sm text-soft">
          {w.trialsUsed}
          <Button size="s" onClick={onUseQuota}>
            {w.useQuota}
          </Button>
        </div>
      )}
    </div>
  )
}

/** What the call was: its id, its times, and what it cost. */
function Receipt({ run, premium }: { run: Run; premium: string }) {
  const w = said(agentWords).try
  const isCharged = run.ending === 'answered' || (run.ending === 'stopped' && run.hasWords)
  const charge = !isCharged
    ? w.notCharged
    : run.isTrial
      ? w.chargedTrial
      : Number(premium) > 0
        ? fill(w.chargedPremium, { premium: dollars(premium) })
        : plural(w.charged, 1)
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-t border-line px-5 py-3 text-sm text-soft tabular-nums">
      {run.ending !== 'running' && <Badge tone={isCharged && !run.isTrial ? 'info' : 'plain'}>{charge}</Badge>}
      {run.firstMs !== undefined && <span>{fill(w.firstWords, { time: duration(run.firstMs) })}</span>}
      {run.wholeMs !== undefined && <span>{fill(w.whole, { time: duration(run.wholeMs) })}</span>}
      {run.tokens && (
        <span>{fill(w.tokens, { input: run.tokens.input ?? '–', output: run.tokens.output ?? '–' })}</span>
      )}
      {run.left !== undefined && <span>{fill(w.left, { calls: whole(Number(run.left)) })}</span>}
      {run.requestId !== undefined && <CopyId id={run.requestId} className="ml-auto" />}
    </div>
  )
}
