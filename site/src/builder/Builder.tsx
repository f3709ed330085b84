import { useEffect, useState } from 'react'
import { call } from '../api/client.ts'
import { refresh, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { AgentState } from '../creator/Agents.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { Seal } from '../ui/seal.tsx'
import { Empty, SkeletonRows } from '../ui/state.tsx'
import { toast } from '../ui/toast.tsx'
import { agents } from '../words/agents.ts'
import { fill, href, said } from '../words/words.ts'
import { Checklist } from './Checklist.tsx'
import { Details } from './Details.tsx'
import { bodyOf, changesOf, draftOf, EMPTY, problemsOf, type Agent, type Draft, type Models } from './draft.ts'
import { Knowledge } from './Knowledge.tsx'
import { ModelFields } from './ModelFields.tsx'
import { Preview } from './Preview.tsx'
import { PriceFields } from './PriceFields.tsx'
import { PromptEditor } from './PromptEditor.tsx'

type Warning = { field: string; problem: string }

/** Makes an agent, or changes the one that the address names. */
export function Builder({ isNew }: { isNew?: boolean }) {
  return <Console place="creator">{isNew ? <Building /> : <Named />}</Console>
}

function Named() {
  const w = said(agents).edit
  const [url] = useUrl()
  const id = url.get('id')
  if (id === null)
    return (
      <Empty
        title={w.noId}
        action={
          <Button asChild>
            <a href={href('/creator/agents')}>{w.noIdDo}</a>
          </Button>
        }
      />
    )
  return <Existing key={id} id={id} />
}

function Existing({ id }: { id: string }) {
  const agent = useRoute('GET /api/v1/agents/{id}', { params: { id } })
  const prompt = useRoute('GET /api/v1/agents/{id}/prompt', { params: { id }, query: {} })
  const isBehind = agent.data !== undefined && prompt.data !== undefined && agent.data.version !== prompt.data.version
  // Another window has saved: what was read of the two belongs to different versions.
  useEffect(() => {
    if (isBehind) refresh('GET /api/v1/agents/{id}/prompt', 'GET /api/v1/agents/{id}')
  }, [isBehind])
  return (
    <Loaded query={agent} awaited={<SkeletonRows rows={10} />}>
      {(found) => (
        <Loaded query={prompt} awaited={<SkeletonRows rows={10} />}>
          {(text) =>
            text.version === found.version ? (
              <Building key={found.version} agent={found} prompt={text.system_prompt} />
            ) : (
              <SkeletonRows rows={10} />
            )
          }
        </Loaded>
      )}
    </Loaded>
  )
}

function Building({ agent, prompt }: { agent?: Agent; prompt?: string }) {
  const w = said(agents).edit
  const before = agent && prompt !== undefined ? draftOf(agent, prompt) : EMPTY
  const [makeKey] = useState(() => crypto.randomUUID())
  const [warnings, setWarnings] = useState<readonly Warning[]>([])
  const models = useRoute('GET /api/v1/models', {})
  const form = useForm<Draft>(before, {
    check: (draft) => problemsOf(draft, modelOf(models.data, draft)?.output_tokens_max),
    send: async (draft) => {
      if (!agent) {
        const made = await call('POST /api/v1/agents', { body: bodyOf(draft), idempotencyKey: makeKey })
        form.reset(draft)
        location.assign(href(`/creator/agents/edit?id=${made.id}`))
        return
      }
      const changes = changesOf(before, draft)
      if (Object.keys(changes).length === 0) return
      const saved = await call('PUT /api/v1/agents/{id}', {
        params: { id: agent.id },
        body: { ...changes, version: agent.version },
      })
      form.reset(draft)
      setWarnings(saved.warnings)
      toast(saved.version === agent.version ? w.savedDetails : fill(w.saved, { n: saved.version }))
      refresh('GET /api/v1/agents/{id}/prompt', 'GET /api/v1/agents/{id}', 'GET /api/v1/agents/{id}/versions')
    },
  })
  useLeaveWarning(form.isChanged && !form.isBusy)
  const model = modelOf(models.data, form.values)
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid grid-cols-[minmax(0,1fr)] gap-8">
      <Head agent={agent} name={form.values.name} isChanged={form.isChanged} isBusy={form.isBusy} />
      <FormError form={form} />
      {warnings.length > 0 && <Warnings warnings={warnings} />}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-10 xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-10">
          <Details form={form} />
          <PromptEditor form={form} agent={agent} />
          <ModelFields form={form} models={models.data} model={model} />
          <PriceFields form={form} />
          {agent && <Knowledge agentId={agent.id} form={form} />}
        </div>
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-10 xl:sticky xl:top-6">
          <Preview agent={agent} draft={form.values} />
          <Checklist agent={agent} draft={form.values} isSaved={agent !== undefined && !form.isChanged} />
        </div>
      </div>
    </form>
  )
}

function Head({
  agent,
  name,
  isChanged,
  isBusy,
}: {
  agent: Agent | undefined
  name: string
  isChanged: boolean
  isBusy: boolean
}) {
  const w = said(agents).edit
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
      {agent && (
        <Seal
          id={agent.id}
          sizePx={44}
          state={agent.status === 'active' ? 'active' : agent.status === 'draft' ? 'draft' : 'inactive'}
          isVerified={agent.token?.tx_hash != null}
        />
      )}
      <div className="grid min-w-0 grow gap-0.5">
        <h1 className="truncate text-2xl">{name.trim() || w.newTitle}</h1>
        <div className="flex flex-wrap items-center gap-3 text-base text-soft">
          {agent ? (
            <>
              <AgentState status={agent.status} />
              <span>{fill(w.version, { n: agent.version })}</span>
              {agent.status === 'active' && <a href={href(`/agent?id=${agent.id}`)}>{w.link}</a>}
            </>
          ) : (
            w.newLead
          )}
        </div>
      </div>
      <span role="status" className="text-sm text-soft">
        {isChanged ? w.unsaved : agent ? w.nothing : ''}
      </span>
      <Button type="submit" look="main" isBusy={isBusy} disabled={agent !== undefined && !isChanged}>
        {agent ? w.save : w.create}
      </Button>
    </div>
  )
}

function Warnings({ warnings }: { warnings: readonly Warning[] }) {
  return (
    <div role="status" className="grid gap-1 rounded-md border border-warning/50 px-4 py-3 text-base">
      <strong className="font-medium text-warning">{said(agents).edit.warnings}</strong>
      <ul>
        {warnings.map(({ field, problem }) => (
          <li key={field}>
            <code>{field.replace('config.', '')}</code> {problem}.
          </li>
        ))}
      </ul>
    </div>
  )
}

function modelOf(models: Models | undefined, { model }: Draft): Models['models'][number] | undefined {
  return models?.models.find((one) => `${one.provider} ${one.model}` === model)
}

/** A browser asks before it leaves what is not saved. */
function useLeaveWarning(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return undefined
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [isOn])
}
