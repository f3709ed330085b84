import { Circle, CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { refresh, useRoute } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Section } from '../ui/figures.tsx'
import { Failure } from '../ui/state.tsx'
import { toast } from '../ui/toast.tsx'
import { agents } from '../words/agents.ts'
import { fill, href, said } from '../words/words.ts'
import { isPrice, type Agent, type Draft } from './draft.ts'

const DESCRIPTION_CHARS_MIN = 20
type Props = { agent: Agent | undefined; draft: Draft; isSaved: boolean }

/** What is to be done before an agent can be published, and the buttons that do it. */
export function Checklist({ agent, draft, isSaved }: Props) {
  const w = said(agents).edit
  const me = useRoute('GET /api/v1/creators/me', {})
  const checks = [
    { name: 'name', isDone: draft.name.trim() !== '' },
    { name: 'description', isDone: draft.description.trim().length >= DESCRIPTION_CHARS_MIN },
    { name: 'category', isDone: draft.category !== '' },
    { name: 'prompt', isDone: draft.prompt.trim() !== '' },
    { name: 'price', isDone: isPrice(draft.price.trim()) },
    { name: 'saved', isDone: isSaved },
  ] as const
  const hasWallet = me.data?.wallet_address != null
  return (
    <Section title={w.checklist}>
      <ul className="grid gap-2">
        {checks.map(({ name, isDone }) => (
          <Line key={name} text={w.checks[name]} isDone={isDone} />
        ))}
        <Line text={w.checks.wallet} isDone={hasWallet} isRecommended />
      </ul>
      {agent && <Actions agent={agent} isReady={checks.every(({ isDone }) => isDone)} />}
    </Section>
  )
}

function Line({ text, isDone, isRecommended }: { text: string; isDone: boolean; isRecommended?: boolean }) {
  const w = said(agents).edit
  const Icon = isDone ? CircleCheck : Circle
  return (
    <li className="flex items-start gap-2.5 text-base">
      <Icon
        aria-label={isDone ? w.done : w.open}
        size={16}
        className={isDone ? 'mt-1 text-success' : 'mt-1 text-soft'}
      />
      <span className={isDone ? 'text-soft' : ''}>
        {text}
        {isRecommended && !isDone && <span className="text-sm text-soft"> · {w.recommended}</span>}
      </span>
    </li>
  )
}

function Actions({ agent, isReady }: { agent: Agent; isReady: boolean }) {
  const w = said(agents).edit
  const [asking, setAsking] = useState<'unpublish' | 'archive'>()
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const params = { id: agent.id }
  const name = agent.name
  const after = (text: string) => {
    toast(text)
    refresh('GET /api/v1/agents/{id}', 'GET /api/v1/agents')
  }
  const publish = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await call('POST /api/v1/agents/{id}/publish', { params })
      after(w.published)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  if (agent.status === 'archived') return null
  return (
    <div className="grid gap-3">
      {agent.status === 'inactive' && <p className="text-base text-warning">{w.stopped}</p>}
      {error !== undefined && <Failure error={error} isSmall />}
      <div className="flex flex-wrap gap-2">
        {agent.status === 'active' ? (
          <Button look="danger" onClick={() => setAsking('unpublish')}>
            {w.unpublish}
          </Button>
        ) : (
          <Button look="main" disabled={!isReady} isBusy={isBusy} onClick={() => void publish()}>
            {w.publish}
          </Button>
        )}
        <Button look="quiet" onClick={() => setAsking('archive')}>
          {w.archive}
        </Button>
      </div>
      <Confirm
        isOpen={asking === 'unpublish'}
        onOpenChange={() => setAsking(undefined)}
        title={fill(w.unpublishTitle, { name })}
        will={[w.unpublishWill.calls, w.unpublishWill.keep]}
        action={w.unpublish}
        onConfirm={async () => {
          await call('POST /api/v1/agents/{id}/unpublish', { params })
          after(w.unpublished)
        }}
      />
      <Confirm
        isOpen={asking === 'archive'}
        onOpenChange={() => setAsking(undefined)}
        title={fill(w.archiveTitle, { name })}
        will={[w.archiveWill.gone, w.archiveWill.keep]}
        action={w.archive}
        onConfirm={async () => {
          await call('DELETE /api/v1/agents/{id}', { params })
          toast(w.archived)
          location.assign(href('/creator/agents'))
        }}
      />
    </div>
  )
}
