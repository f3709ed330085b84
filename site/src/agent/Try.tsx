import { useState, type KeyboardEvent, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Switch } from '../ui/checkbox.tsx'
import { Field, Textarea } from '../ui/field.tsx'
import { dollars } from '../ui/format.ts'
import { agent as agentWords } from '../words/agent.ts'
import { fill, said } from '../words/words.ts'
import { Conversation } from './Conversation.tsx'
import { Key, useKey } from './Key.tsx'
import { useChat } from './use-chat.ts'

type Props = {
  agent: { id: string; slug: string; is_minted: boolean; cost: { premium_usd: string } }
  /** Sent along, where the creator allows it. */
  parameters?: Record<string, number>
  /** More controls, below the message. */
  controls?: ReactNode
  onMessage?: (text: string) => void
}

/** Runs an agent: what is sent on the left, the sealed prompt and the answer on the right. */
export function Try({ agent, parameters, controls, onMessage }: Props) {
  const w = said(agentWords).try
  const [text, setText] = useState<string>(w.suggestion)
  const [key, setKey] = useKey()
  const [isTrial, setTrial] = useState(true)
  const [keyError, setKeyError] = useState<string>()
  const { messages, answer, run, send, stop, clear } = useChat()
  const isRunning = run?.ending === 'running'
  const premium = agent.cost.premium_usd

  const type = (next: string) => {
    setText(next)
    onMessage?.(next)
  }
  const start = (asTrial = isTrial) => {
    if (isRunning) return stop()
    if (!/^ak_\w+/.test(key)) return setKeyError(w.keyMissing)
    setKeyError(undefined)
    if (text.trim() === '') return undefined
    void send(text, { agentId: agent.slug, key, isTrial: asTrial, ...(parameters ? { parameters } : {}) })
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault()
      start()
    }
  }
  const run1 = isTrial ? w.runTrial : Number(premium) > 0 ? fill(w.runPremium, { premium: dollars(premium) }) : w.run

  return (
    <div className="grid rounded-md border border-line bg-sheet shadow-float lg:grid-cols-[minmax(0,5fr)_minmax(0,7fr)]">
      <form
        className="grid content-start gap-4 border-line p-5 max-lg:border-b lg:border-r"
        onSubmit={(event) => {
          event.preventDefault()
          start()
        }}
      >
        <Field label={w.message} hint={w.you2}>
          {(control) => (
            <Textarea
              {...control}
              rows={4}
              maxLength={20_000}
              value={text}
              onChange={(event) => type(event.target.value)}
              onKeyDown={press}
            />
          )}
        </Field>
        <div className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          <Say text={w.suggestion} onSay={type}>
            {w.askWhat}
          </Say>
          <Say text={w.leak} onSay={type}>
            {w.askPrompt}
          </Say>
        </div>
        {controls}
        <Key value={key} onChange={setKey} error={keyError} />
        <Switch isOn={isTrial} onChange={setTrial} label={w.trial} hint={w.trialHint} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="main" className="grow">
            {isRunning ? w.stop : run1}
          </Button>
          {messages.length > 0 && !isRunning && (
            <Button look="quiet" onClick={clear}>
              {w.clear}
            </Button>
          )}
        </div>
      </form>
      <Conversation
        agentId={agent.id}
        isMinted={agent.is_minted}
        premium={premium}
        messages={messages}
        answer={answer}
        run={run}
        onUseQuota={() => {
          setTrial(false)
          start(false)
        }}
      />
    </div>
  )
}

function Say({ text, onSay, children }: { text: string; onSay: (text: string) => void; children: ReactNode }) {
  return (
    <button
      type="button"
      className="cursor-pointer rounded-sm text-action underline underline-offset-3"
      onClick={() => onSay(text)}
    >
      {children}
    </button>
  )
}
