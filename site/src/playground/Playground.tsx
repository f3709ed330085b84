import { QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { chatBody } from '../api/chat.ts'
import { API_URL } from '../api/config.ts'
import { queries, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Try } from '../agent/Try.tsx'
import { Code } from '../ui/code.tsx'
import { Field, Input } from '../ui/field.tsx'
import { dollars } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { Failure, Skeleton } from '../ui/state.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { href, said } from '../words/words.ts'
import { codeOf } from './code-of.ts'

const PARAMETERS = [
  { name: 'temperature', min: 0, max: 2, step: 0.1 },
  { name: 'top_p', min: 0, max: 1, step: 0.05 },
  { name: 'max_tokens', min: 1, max: 32_000, step: 1 },
] as const

/** Any published agent, with parameters and the request as code. The agent is in the address. */
export function Playground() {
  return (
    <QueryClientProvider client={queries}>
      <Page />
    </QueryClientProvider>
  )
}

function Page() {
  const w = said(agentWords)
  const [url, changeUrl] = useUrl()
  const list = useRoute('GET /api/v1/marketplace/agents', { query: { limit: 100 } })
  const slug =
    url.get('agent') ??
    list.data?.items.toSorted((a, b) => Number(a.price_per_call) - Number(b.price_per_call))[0]?.slug
  const agent = useRoute(
    'GET /api/v1/marketplace/agents/{id}',
    { params: { id: slug ?? '' } },
    { isOff: slug === undefined },
  )
  const [texts, setTexts] = useState<Record<string, string>>({})
  const [message, setMessage] = useState<string>(w.try.suggestion)
  const parameters = Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) =>
      text === '' || Number.isNaN(Number(text)) ? [] : [[name, Number(text)]],
    ),
  )
  const options = (list.data?.items ?? []).map((one) => ({
    value: one.slug,
    label: `${one.name} · ${dollars(one.price_per_call)}`,
  }))
  if (slug !== undefined && !options.some(({ value }) => value === slug))
    options.unshift({ value: slug, label: agent.data?.name ?? slug })

  return (
    <div className="grid gap-8">
      <header className="flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
        <div className="grid gap-1">
          <h1 className="text-3xl">{w.playground}</h1>
          <p className="text-soft">{w.playgroundLead}</p>
        </div>
        <Field label={w.choose} className="w-80 max-w-full">
          {(control) => (
            <Select
              {...control}
              value={slug}
              onChange={(chosen) => changeUrl({ agent: chosen }, true)}
              options={options}
            />
          )}
        </Field>
      </header>
      {list.error && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {agent.error && <Failure error={agent.error} onRetry={() => void agent.refetch()} />}
      {agent.data ? (
        <>
          <p className="max-w-[68ch] text-soft">
            {agent.data.description} <a href={href(`/agents/${agent.data.slug}`)}>{agent.data.name}</a>
          </p>
          <Try
            key={agent.data.id}
            agent={agent.data}
            parameters={parameters}
            onMessage={setMessage}
            controls={
              <details>
                <summary className="cursor-pointer text-sm font-medium">{w.try.parameters}</summary>
                <div className="grid grid-cols-3 gap-2 pt-3">
                  {PARAMETERS.map(({ name, ...range }) => (
                    <Field key={name} label={<span className="font-mono">{name}</span>}>
                      {(control) => (
                        <Input
                          {...control}
                          {...range}
                          type="number"
                          value={texts[name] ?? ''}
                          onChange={(event) => setTexts({ ...texts, [name]: event.target.value })}
                          className="px-2 font-mono"
                        />
                      )}
                    </Field>
                  ))}
                </div>
                <p className="pt-2 text-sm text-soft">{w.try.parametersHint}</p>
              </details>
            }
          />
          <section className="grid gap-3">
            <h2 className="text-xl">{w.try.asCode}</h2>
            <Code
              label={w.code.label}
              samples={codeOf(
                `${API_URL}/v1`,
                chatBody({ agentId: agent.data.slug, messages: [{ role: 'user', content: message }], parameters }),
              )}
            />
          </section>
        </>
      ) : (
        !agent.error && !list.error && <Skeleton className="h-112" />
      )}
    </div>
  )
}
