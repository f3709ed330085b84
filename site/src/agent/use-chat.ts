import { useRef, useState } from 'react'
import { chat, type ChatMessage } from '../api/chat.ts'

/** A call under way or over. Times in milliseconds. */
export type Run = {
  requestId?: string | undefined
  left?: string | undefined
  firstMs?: number
  wholeMs?: number
  tokens?: { input: number | undefined; output: number | undefined }
  isTrial: boolean
  ending: 'running' | 'answered' | 'stopped' | 'failed'
  hasWords: boolean
  error?: unknown
}

type Options = { agentId: string; key: string; isTrial: boolean; parameters?: Record<string, number> }

/** A conversation with an agent, one call at a time. */
export function useChat() {
  const [messages, setMessages] = useState<readonly ChatMessage[]>([])
  const [answer, setAnswer] = useState('')
  const [run, setRun] = useState<Run>()
  const running = useRef<AbortController>(undefined)

  const send = async (text: string, { agentId, key, isTrial, parameters }: Options) => {
    running.current?.abort()
    const controller = new AbortController()
    running.current = controller
    const asked: ChatMessage[] = [...messages, { role: 'user', content: text }]
    setMessages(asked)
    setAnswer('')
    const startedAt = performance.now()
    const sinceMs = () => performance.now() - startedAt
    let now: Run = { isTrial, ending: 'running', hasWords: false }
    const become = (change: Partial<Run>) => {
      now = { ...now, ...change }
      if (running.current === controller) setRun(now)
    }
    become({})
    let said = ''
    try {
      for await (const event of chat({
        agentId,
        key,
        messages: asked,
        isTrial,
        ...(parameters ? { parameters } : {}),
        signal: controller.signal,
      })) {
        if (event.type === 'opened') become({ requestId: event.requestId, left: event.quotaRemaining })
        else if (event.type === 'usage') become({ tokens: { input: event.inputTokens, output: event.outputTokens } })
        else if (event.type === 'text') {
          if (said === '') become({ firstMs: sinceMs(), hasWords: true })
          said += event.text
          setAnswer(said)
        }
      }
      become({ ending: 'answered', wholeMs: sinceMs() })
      setMessages([...asked, { role: 'assistant', content: said }])
      setAnswer('')
    } catch (thrown) {
      if (controller.signal.aborted) become({ ending: 'stopped', wholeMs: sinceMs() })
      else become({ ending: 'failed', error: thrown, wholeMs: sinceMs() })
      // What failed can be sent again; what was stopped stays as far as it came.
      if (controller.signal.aborted && said !== '') setMessages([...asked, { role: 'assistant', content: said }])
      else setMessages(messages)
      if (said !== '') setAnswer(controller.signal.aborted ? '' : said)
    }
  }
  return {
    messages,
    answer,
    run,
    send,
    stop: () => running.current?.abort(),
    clear: () => {
      running.current?.abort()
      running.current = undefined
      setMessages([])
      setAnswer('')
      setRun(undefined)
    },
  }
}
