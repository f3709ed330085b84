import { RotateCw, Trash2, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Form } from '../consoles/form.tsx'
import { useLive } from '../api/query.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Switch } from '../ui/checkbox.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Section } from '../ui/figures.tsx'
import { bytes, percent } from '../ui/format.ts'
import { Empty, Failure } from '../ui/state.tsx'
import { toast, toastError } from '../ui/toast.tsx'
import { agents } from '../words/agents.ts'
import { fill, said } from '../words/words.ts'
import {
  addDocument,
  FILE_BYTES_MAX,
  readAnew,
  refreshDocuments,
  removeDocument,
  useDocuments,
  type Documents,
  type KnowledgeFile,
} from './knowledge-api.ts'
import type { Draft } from './draft.ts'
import { TestQuery } from './TestQuery.tsx'

const ACCEPT = '.pdf,.docx,.md,.markdown,.html,.htm,.csv,.txt'
const TONES: Record<KnowledgeFile['status'], Tone> = {
  uploaded: 'plain',
  extracting: 'info',
  embedding: 'info',
  ready: 'good',
  failed: 'bad',
}

/** The documents of an agent. Nothing, where the API has none. */
export function Knowledge({ agentId, form }: { agentId: string; form: Form<Draft> }) {
  const w = said(agents).knowledge
  const documents = useDocuments(agentId)
  useLive((event) => {
    if (event === 'resync' || event.type.startsWith('knowledge.')) refreshDocuments(agentId)
  })
  if (documents.data === null || (documents.data === undefined && !documents.error)) return null
  return (
    <Section title={w.title} lead={w.lead}>
      {documents.data ? (
        <>
          <Uses knowledge={form.values.knowledge} onChange={(knowledge) => form.set({ knowledge })} />
          <Uploads agentId={agentId} account={documents.data.account} />
          <Files agentId={agentId} files={documents.data.items} />
          {documents.data.items.some((file) => file.in_use) && <TestQuery agentId={agentId} />}
        </>
      ) : (
        <Failure error={documents.error} onRetry={() => void documents.refetch()} />
      )}
    </Section>
  )
}

/** Whether answers rest on the documents, and how. */
function Uses({
  knowledge,
  onChange,
}: {
  knowledge: Draft['knowledge']
  onChange: (next: Draft['knowledge']) => void
}) {
  const w = said(agents).knowledge
  return (
    <div className="grid gap-3">
      <Switch
        label={w.use}
        hint={w.useHint}
        isOn={knowledge.enabled}
        onChange={(enabled) => onChange({ ...knowledge, enabled })}
      />
      {knowledge.enabled && (
        <>
          <Switch
            label={w.quote}
            hint={w.quoteHint}
            isOn={knowledge.allow_quoting}
            onChange={(isOn) => onChange({ ...knowledge, allow_quoting: isOn })}
          />
          <Switch
            label={w.cite}
            hint={w.citeHint}
            isOn={knowledge.citations}
            onChange={(citations) => onChange({ ...knowledge, citations })}
          />
        </>
      )}
    </div>
  )
}

function Uploads({ agentId, account }: { agentId: string; account: Documents['account'] }) {
  const w = said(agents).knowledge
  const input = useRef<HTMLInputElement>(null)
  const [sending, setSending] = useState<string>()
  const [error, setError] = useState<unknown>()
  const add = async (files: File[]) => {
    setError(undefined)
    for (const file of files) {
      if (file.size > FILE_BYTES_MAX) {
        toast(fill(w.large, { name: file.name }))
        continue
      }
      setSending(file.name)
      try {
        await addDocument(agentId, file)
      } catch (thrown) {
        setError(thrown)
        break
      } finally {
        refreshDocuments(agentId)
      }
    }
    setSending(undefined)
  }
  return (
    <div className="grid gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <input
          ref={input}
          type="file"
          multiple
          hidden
          accept={ACCEPT}
          onChange={({ target }) => {
            void add([...(target.files ?? [])])
            target.value = ''
          }}
        />
        <Button isBusy={sending !== undefined} onClick={() => input.current?.click()}>
          <Upload aria-hidden />
          {w.add}
        </Button>
        <span role="status" className="text-sm text-soft">
          {sending === undefined ? w.hint : fill(w.sending, { name: sending })}
        </span>
      </div>
      <span className="text-sm text-soft tabular-nums">
        {fill(w.used, {
          files: account.files,
          filesMax: account.files_max,
          bytes: bytes(account.bytes),
          bytesMax: bytes(account.bytes_max),
        })}
      </span>
      {error !== undefined && <Failure error={error} isSmall />}
    </div>
  )
}

function Files({ agentId, files }: { agentId: string; files: readonly KnowledgeFile[] }) {
  const w = said(agents).knowledge
  const [removed, setRemoved] = useState<KnowledgeFile>()
  const again = async (file: KnowledgeFile) => {
    try {
      await readAnew(agentId, file.id)
      refreshDocuments(agentId)
    } catch (thrown) {
      toastError(thrown)
    }
  }
  if (files.length === 0) return <Empty title={w.empty}>{w.emptyWhy}</Empty>
  return (
    <ul className="divide-y divide-line border-y border-line">
      {files.map((file) => (
        <li key={file.id} className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-3 py-2">
          <div className="grid gap-1">
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="truncate">{file.filename}</span>
              <Badge tone={TONES[file.status]} hasDot>
                {w.states[file.status]}
              </Badge>
              <span className="text-sm text-soft tabular-nums">
                {bytes(file.bytes)}
                {file.status === 'ready' && ` · ${fill(w.parts, { n: file.statistics.chunks })}`}
              </span>
            </div>
            {file.status === 'embedding' && <Progress file={file} />}
            {file.problem !== null && <p className="text-sm text-error">{file.problem}</p>}
            {file.repeats_prompt && <p className="text-sm text-warning">{w.repeats}</p>}
          </div>
          <div className="flex">
            <Button
              look="quiet"
              size="icon"
              aria-label={`${w.again}: ${file.filename}`}
              onClick={() => void again(file)}
            >
              <RotateCw aria-hidden />
            </Button>
            <Button
              look="quiet"
              size="icon"
              aria-label={`${w.remove}: ${file.filename}`}
              onClick={() => setRemoved(file)}
            >
              <Trash2 aria-hidden />
            </Button>
          </div>
        </li>
      ))}
      <Confirm
        isOpen={removed !== undefined}
        onOpenChange={() => setRemoved(undefined)}
        title={fill(w.removeTitle, { name: removed?.filename ?? '' })}
        will={[w.removeWill]}
        action={w.remove}
        onConfirm={async () => {
          if (removed) await removeDocument(agentId, removed.id)
          refreshDocuments(agentId)
          toast(w.removed)
        }}
      />
    </ul>
  )
}

function Progress({ file: { statistics } }: { file: KnowledgeFile }) {
  const w = said(agents).knowledge
  const { embedded, chunks } = statistics
  return (
    <div className="flex items-center gap-3">
      <div
        role="progressbar"
        aria-valuenow={embedded}
        aria-valuemax={chunks}
        aria-label={w.states.embedding}
        className="h-1.5 w-40 overflow-hidden rounded-sm bg-line"
      >
        <div className="h-full bg-action" style={{ width: percent(chunks === 0 ? 0 : embedded / chunks) }} />
      </div>
      <span className="text-sm text-soft tabular-nums">{fill(w.progress, { done: embedded, all: chunks })}</span>
    </div>
  )
}
