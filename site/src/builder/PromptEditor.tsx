import { useState } from 'react'
import { call } from '../api/client.ts'
import { refresh, useRoute } from '../api/query.ts'
import type { Form } from '../consoles/form.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { Button } from '../ui/button.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Field, Textarea } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { moment, whole } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { toast } from '../ui/toast.tsx'
import { agents } from '../words/agents.ts'
import { fill, said } from '../words/words.ts'
import { Difference } from './Difference.tsx'
import type { Agent, Draft } from './draft.ts'

/** The prompt, and how it differs from any version before. */
export function PromptEditor({
  form: { values, set, problem },
  agent,
}: {
  form: Form<Draft>
  agent: Agent | undefined
}) {
  const w = said(agents).edit
  const [compared, setCompared] = useState<number>()
  return (
    <Section
      title={w.prompt}
      lead={w.promptLead}
      actions={agent && <Versions agent={agent} chosen={compared} onChoose={setCompared} />}
    >
      <Field
        label={w.promptLabel}
        hint={<span className="tabular-nums">{fill(w.chars, { n: whole(values.prompt.length) })}</span>}
        error={problem('prompt', 'config.system_prompt')}
      >
        {(control) => (
          <Textarea
            {...control}
            className="max-h-[32rem] min-h-56 font-mono text-sm leading-relaxed"
            spellCheck={false}
            value={values.prompt}
            onChange={(event) => set({ prompt: event.target.value })}
          />
        )}
      </Field>
      {agent && compared !== undefined && (
        <Compared key={compared} agent={agent} version={compared} now={values.prompt} />
      )}
    </Section>
  )
}

function Versions({
  agent,
  chosen,
  onChoose,
}: {
  agent: Agent
  chosen: number | undefined
  onChoose: (version: number | undefined) => void
}) {
  const w = said(agents).edit
  const versions = useRoute('GET /api/v1/agents/{id}/versions', { params: { id: agent.id }, query: { limit: 50 } })
  return (
    <Select
      aria-label={w.compare}
      className="w-72"
      value={chosen === undefined ? 'none' : String(chosen)}
      options={[
        { value: 'none', label: w.compareNone },
        ...(versions.data?.items.map(({ version, is_current: isCurrent, created_at: at }) => ({
          value: String(version),
          label: isCurrent
            ? fill(w.compareCurrent, { n: version })
            : fill(w.compareVersion, { n: version, date: moment(at) }),
        })) ?? []),
      ]}
      onChange={(value) => onChoose(value === 'none' ? undefined : Number(value))}
    />
  )
}

function Compared({ agent, version, now }: { agent: Agent; version: number; now: string }) {
  const w = said(agents).edit
  const [isAsking, setAsking] = useState(false)
  const params = { id: agent.id }
  const before = useRoute('GET /api/v1/agents/{id}/prompt', { params, query: { version } })
  return (
    <div className="grid gap-3">
      <Loaded query={before}>{({ system_prompt: text }) => <Difference before={text} after={now} />}</Loaded>
      {version !== agent.version && (
        <Button size="s" className="justify-self-start" onClick={() => setAsking(true)}>
          {fill(w.restore, { n: version })}
        </Button>
      )}
      <Confirm
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={fill(w.restoreTitle, { n: version })}
        will={[w.restoreWill.new, w.restoreWill.old]}
        action={fill(w.restore, { n: version })}
        onConfirm={async () => {
          await call('POST /api/v1/agents/{id}/versions/{version}/restore', { params: { ...params, version } })
          toast(fill(w.restored, { n: version }))
          refresh('GET /api/v1/agents/{id}/prompt', 'GET /api/v1/agents/{id}', 'GET /api/v1/agents/{id}/versions')
        }}
      />
    </div>
  )
}
