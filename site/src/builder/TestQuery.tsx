import { useState } from 'react'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { percent } from '../ui/format.ts'
import { Failure } from '../ui/state.tsx'
import { agents } from '../words/agents.ts'
import { fill, said } from '../words/words.ts'
import { lookUp, type Chunk } from './knowledge-api.ts'

/** Shows what a question finds in the documents, and what of it the model is given. */
export function TestQuery({ agentId }: { agentId: string }) {
  const w = said(agents).knowledge
  const [text, setText] = useState('')
  const [found, setFound] = useState<readonly Chunk[]>()
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const ask = async () => {
    if (text.trim() === '' || isBusy) return
    setBusy(true)
    setError(undefined)
    try {
      setFound(await lookUp(agentId, text.trim()))
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="grid gap-3">
      <div className="flex items-end gap-2">
        <Field label={w.queryLabel} className="grow">
          {(control) => (
            <Input
              {...control}
              value={text}
              maxLength={2_000}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return
                event.preventDefault()
                void ask()
              }}
            />
          )}
        </Field>
        <Button isBusy={isBusy} onClick={() => void ask()}>
          {w.queryDo}
        </Button>
      </div>
      {error !== undefined && <Failure error={error} isSmall />}
      {found?.length === 0 && <p className="text-base text-soft">{w.queryNone}</p>}
      {found?.map((chunk) => (
        <div key={`${chunk.file_id} ${chunk.place}`} className="grid gap-1 border-l-2 border-line pl-4">
          <div className="flex flex-wrap items-center gap-2 text-sm text-soft">
            <Badge tone={chunk.is_used ? 'good' : 'plain'}>{chunk.is_used ? w.given : w.notGiven}</Badge>
            {percent(chunk.similarity, 0)} · {chunk.filename}
            {chunk.page !== null && ` · ${fill(w.page, { n: chunk.page })}`}
            {chunk.heading !== null && ` · ${chunk.heading}`}
          </div>
          <p className="line-clamp-4 text-base wrap-anywhere whitespace-pre-line">{chunk.content}</p>
        </div>
      ))}
    </div>
  )
}
