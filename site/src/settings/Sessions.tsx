import { usePages, useChange, useRoute } from '../api/query.ts'
import { signOut } from '../api/session.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Ago, Section } from '../ui/figures.tsx'
import { Failure, SkeletonRows } from '../ui/state.tsx'
import { Pages, Table } from '../ui/table.tsx'
import { toast, toastError } from '../ui/toast.tsx'
import { settings } from '../words/settings.ts'
import { said } from '../words/words.ts'

const SESSIONS = 'GET /api/v1/auth/sessions'
/** The browser and the system in what a device calls itself. */
const DEVICE = /(Firefox|Edg|OPR|Chrome|Safari)\/\d+/
const SYSTEM = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/

function deviceOf(agent: string | null): string | undefined {
  if (agent === null) return undefined
  const named = [DEVICE.exec(agent)?.[0]?.replace('/', ' ').replace('Edg ', 'Edge '), SYSTEM.exec(agent)?.[0]]
  return named.filter(Boolean).join(' · ') || agent.slice(0, 60)
}

/** Where one is signed in, and signing out there. */
export function Sessions() {
  const w = said(settings).sessions
  const { page, cursor, next, previous, first } = usePages()
  const { data, error, refetch } = useRoute(SESSIONS, { query: { limit: 10, cursor } }, { keepsPrevious: true })
  const end = useChange('DELETE /api/v1/auth/sessions/{id}', [SESSIONS])
  return (
    <Section
      title={w.title}
      lead={w.lead}
      actions={
        <Button size="s" onClick={() => void signOut(true).catch(toastError)}>
          {w.everywhere}
        </Button>
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={2} />}
      {data && (
        <>
          <Table
            label={w.title}
            rows={data.items}
            rowKey={({ id }) => id}
            columns={[
              {
                name: 'device',
                head: w.device,
                cell: (row) => (
                  <span className="inline-flex items-center gap-2">
                    {deviceOf(row.user_agent) ?? w.unknown}
                    {row.is_current && <Badge tone="good">{w.here}</Badge>}
                  </span>
                ),
              },
              { name: 'used', head: w.used, cell: (row) => <Ago at={row.last_used_at} /> },
              { name: 'started', head: w.started, isWide: true, cell: (row) => <Ago at={row.created_at} /> },
              {
                name: 'end',
                head: '',
                className: 'text-right',
                cell: (row) =>
                  row.is_current ? null : (
                    <Button
                      size="s"
                      look="quiet"
                      onClick={() =>
                        end.mutate({ params: { id: row.id } }, { onSuccess: () => toast(w.ended), onError: toastError })
                      }
                    >
                      {w.end}
                    </Button>
                  ),
              },
            ]}
          />
          <Pages
            page={page}
            hasNext={data.next_cursor !== null}
            onFirst={first}
            onPrevious={previous}
            onNext={() => data.next_cursor !== null && next(data.next_cursor)}
          />
        </>
      )}
    </Section>
  )
}
