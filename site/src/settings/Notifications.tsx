import type { Answer } from '../api/client.ts'
import { refresh, useChange, useLive, usePages, useRoute } from '../api/query.ts'
import { Console } from '../layouts/Console.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Ago, PageHead, Section } from '../ui/figures.tsx'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { Pages } from '../ui/table.tsx'
import { toast, toastError } from '../ui/toast.tsx'
import { settings } from '../words/settings.ts'
import { href, said } from '../words/words.ts'

const LIST = 'GET /api/v1/notifications'
const PREFERENCES = 'GET /api/v1/notifications/preferences'
type Preferences = Answer<typeof PREFERENCES>
type Kind = Exclude<keyof Preferences, 'security'>

/** What happened, and how one wants to be told. */
export function Notifications() {
  return (
    <Console place="account">
      <PageHead title={said(settings).notifications.title} lead={said(settings).notifications.lead} />
      <Latest />
      <How />
    </Console>
  )
}

function Latest() {
  const w = said(settings).notifications
  const { page, cursor, next, previous, first } = usePages()
  const { data, error, refetch } = useRoute(LIST, { query: { limit: 10, cursor } }, { keepsPrevious: true })
  const readAll = useChange('POST /api/v1/notifications/read-all', [LIST])
  useLive(() => refresh(LIST))
  return (
    <Section
      title={w.latest}
      actions={
        (data?.unread_count ?? 0) > 0 && (
          <Button size="s" isBusy={readAll.isPending} onClick={() => readAll.mutate({}, { onError: toastError })}>
            {w.readAll}
          </Button>
        )
      }
    >
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={3} />}
      {data?.items.length === 0 && <Empty title={w.empty}>{w.emptyWhy}</Empty>}
      {data && data.items.length > 0 && (
        <div>
          <ul className="divide-y divide-line border-y border-line">
            {data.items.map((one) => (
              <li key={one.id} className="grid gap-0.5 py-3">
                <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  {one.link === null ? (
                    <strong className="font-medium">{one.title}</strong>
                  ) : (
                    <a className="font-medium" href={href(one.link)}>
                      {one.title}
                    </a>
                  )}
                  {one.read_at === null && <Badge tone="info">{w.unread}</Badge>}
                  <Ago at={one.created_at} className="ml-auto text-sm text-soft" />
                </p>
                <p className="text-base text-soft">{one.body}</p>
              </li>
            ))}
          </ul>
          <Pages
            page={page}
            hasNext={data.next_cursor !== null}
            onFirst={first}
            onPrevious={previous}
            onNext={() => data.next_cursor !== null && next(data.next_cursor)}
          />
        </div>
      )}
    </Section>
  )
}

function How() {
  const w = said(settings).notifications
  const { data, error, refetch } = useRoute(PREFERENCES, {})
  const change = useChange('PUT /api/v1/notifications/preferences', [PREFERENCES])
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={6} />
  const set = (kind: Kind, part: 'in_app' | 'email', isOn: boolean) =>
    change.mutate(
      { body: { [kind]: { ...data[kind], [part]: isOn } } },
      { onSuccess: () => toast(w.saved), onError: toastError },
    )
  return (
    <Section title={w.how} lead={w.security}>
      <table className="w-full max-w-xl border-collapse text-base">
        <thead>
          <tr className="border-b border-line text-left text-sm text-soft">
            <th scope="col" className="h-9 font-medium">
              {w.event}
            </th>
            <th scope="col" className="w-20 font-medium">
              {w.inApp}
            </th>
            <th scope="col" className="w-20 font-medium">
              {w.byMail}
            </th>
          </tr>
        </thead>
        <tbody>
          {(Object.keys(w.kinds) as Kind[]).map((kind) => (
            <tr key={kind} className="border-b border-line">
              <th scope="row" className="h-10 text-left font-normal">
                {w.kinds[kind]}
              </th>
              {(['in_app', 'email'] as const).map((part) => (
                <td key={part}>
                  <input
                    type="checkbox"
                    className="size-4.5 cursor-pointer accent-action"
                    aria-label={`${w.kinds[kind]}: ${part === 'email' ? w.byMail : w.inApp}`}
                    checked={data[kind][part]}
                    disabled={change.isPending}
                    onChange={(event) => set(kind, part, event.target.checked)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  )
}
