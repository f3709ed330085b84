import { Send, Square } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { streamChat, type Message } from '../consoles/stream.ts'
import { Button } from '../ui/button.tsx'
import { Textarea } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { Failure } from '../ui/state.tsx'
import { agents } from '../words/agents.ts'
import { said } from '../words/words.ts'
import { configOf, problemsOf, type Agent, type Draft } from './draft.ts'

/** A conversation with the agent as it is on the page. */
export function Preview({ agent, draft }: { agent: Agent | undefined; draft: Draft }) {
  const w = said(agents).edit
  return (
    <Section title={w.preview} lead={w.previewLead}>
      {agent ? <Talk agent={agent} draft={draft} /> : <p className="text-base text-soft">{w.previewFirst}</p>}
    </Section>
  )
}

function Talk({ agent, draft }: { agent: Agent; draft: Draft }) {
  const w = said(agents).edit
  const [talk, setTalk] = useState<readonly Message[]>([])
  const [text, setText] = useState('')
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const stop = useRef<AbortController>(undefined)
  useEffect(() => () => stop.current?.abort(), [])
  const isGood = Object.values(problemsOf(draft)).every((problem) => problem === undefined)

  const ask = async () => {
    if (text.trim() === '' || isBusy || !isGood) return
    const asked: Message[] = [...talk, { role: 'user', content: text.trim() }]
    const control = new AbortController()
    stop.current = control
    setTalk([...asked, { role: 'assistant', content: '' }])
    setText('')
    setError(undefined)
    setBusy(true)
    let answer = ''
    try {
      const body = { messages: asked, config: { ...configOf(draft), knowledge_base: draft.knowledge } }
      for await (const piece of streamChat(`/api/v1/agents/${agent.id}/preview`, body, control.signal)) {
        answer += piece
        setTalk([...asked, { role: 'assistant', content: answer }])
      }
    } catch (thrown) {
      if (!control.signal.aborted) {
        setError(thrown)
        setText((typed) => typed || text)
      }
      setTalk(answer === '' ? talk : [...asked, { role: 'assistant', content: answer }])
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="grid gap-3 rounded-md border border-line p-4">
      <div className="grid gap-1.5" role="img" aria-label={w.sealed} title={w.sealed}>
        {[['62%', '24%'], ['38%', '46%'], ['71%']].map((bars) => (
          <div key={bars.join(' ')} className="flex gap-1.5">
            {bars.map((width) => (
              <span key={width} className="h-2 rounded-[1px] bg-bar" style={{ width }} />
            ))}
          </div>
        ))}
      </div>
      <div aria-live="polite" className="grid max-h-96 gap-3 overflow-y-auto text-base">
        {talk.length === 0 && <p className="text-soft">{w.previewEmpty}</p>}
        {talk.map(({ role, content }, index) => (
          // oxlint-disable-next-line react/no-array-index-key
          <div key={index} className="grid gap-0.5">
            <span className="text-sm text-soft">{role === 'user' ? w.you : w.it}</span>
            <p className="wrap-anywhere whitespace-pre-wrap">{content || '…'}</p>
          </div>
        ))}
      </div>
      {error !== undefined && <Failure error={error} isSmall />}
      <Textarea
        aria-label={w.previewLabel}
        placeholder={w.previewLabel}
        className="max-h-40 min-h-16"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          void ask()
        }}
      />
      <div className="flex justify-between gap-2">
        <Button size="s" look="quiet" disabled={talk.length === 0 || isBusy} onClick={() => setTalk([])}>
          {w.previewClear}
        </Button>
        {isBusy ? (
          <Button size="s" onClick={() => stop.current?.abort()}>
            <Square aria-hidden />
            {w.previewStop}
          </Button>
        ) : (
          <Button size="s" disabled={text.trim() === '' || !isGood} onClick={() => void ask()}>
            <Send aria-hidden />
            {w.previewSend}
          </Button>
        )}
      </div>
    </div>
  )
}
