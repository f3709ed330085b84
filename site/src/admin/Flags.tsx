import { useState } from 'react'
import type { Item } from '../api/client.ts'
import { useChange, useRoute } from '../api/query.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { PageHead, Section } from '../ui/figures.tsx'
import { relative } from '../ui/format.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { adminSystem } from '../words/admin-system.ts'
import { fill, said } from '../words/words.ts'
import { AdminPage } from './allowed.tsx'
import { Decide } from './Decide.tsx'

export function Flags() {
  return (
    <AdminPage needs="system:admin">
      <Page />
    </AdminPage>
  )
}

const LIST = 'GET /api/v1/admin/flags'
type Flag = Item<typeof LIST>

function Page() {
  const w = said(adminSystem).flags
  const { data, error, refetch } = useRoute(LIST, {})
  const [switched, setSwitched] = useState<Flag>()
  const rows = (isMaintenance: boolean) =>
    data?.items
      .filter(({ name }) => (name === 'maintenance_mode') === isMaintenance)
      .map((flag) => <Row key={flag.name} flag={flag} onSwitch={() => setSwitched(flag)} />)
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={6} />}
      {data && (
        <>
          <Section title={w.features}>
            <ul className="divide-y divide-line border-y border-line">{rows(false)}</ul>
          </Section>
          <Section title={w.maintenance}>
            <ul className="divide-y divide-line border-y border-line">{rows(true)}</ul>
          </Section>
        </>
      )}
      {switched && <SwitchIt flag={switched} onEnd={() => setSwitched(undefined)} />}
    </>
  )
}

function Row({ flag, onSwitch }: { flag: Flag; onSwitch: () => void }) {
  const w = said(adminSystem).flags
  const isGood = flag.enabled === (flag.name !== 'maintenance_mode')
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-2 py-3">
      <div className="grid min-w-0 grow gap-0.5">
        <div className="flex flex-wrap items-center gap-2.5">
          <span className="font-medium">{w.names[flag.name]}</span>
          <Badge tone={isGood ? 'good' : 'warn'} hasDot>
            {flag.enabled ? w.isOn : w.isOff}
          </Badge>
        </div>
        <div className="text-sm text-soft">
          <code>{flag.name}</code>
          {' · '}
          {flag.updated_at === null ? w.never : fill(w.changed, { ago: relative(flag.updated_at) })}
        </div>
      </div>
      <Button look={isGood ? 'danger' : 'plain'} size="s" onClick={onSwitch}>
        {flag.enabled ? w.turnOff : w.turnOn}
        <span className="only-heard">{w.names[flag.name]}</span>
      </Button>
    </li>
  )
}

function SwitchIt({ flag: { name, enabled }, onEnd }: { flag: Flag; onEnd: () => void }) {
  const w = said(adminSystem).flags
  const set = useChange('PUT /api/v1/admin/flags/{name}', [LIST])
  return (
    <Decide
      onEnd={onEnd}
      decision={{
        title: fill(enabled ? w.titleOff : w.titleOn, { name: w.names[name] }),
        will: [enabled ? w.off[name] : w.on[name], w.soon],
        action: enabled ? w.turnOff : w.turnOn,
        done: w.done,
        act: (reason) => set.mutateAsync({ params: { name }, body: { enabled: !enabled, reason } }),
      }}
    />
  )
}
