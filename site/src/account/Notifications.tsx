import { X } from 'lucide-react'
import { call, type Item } from '../api/client.ts'
import { refresh, usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { Switch } from '../ui/checkbox.tsx'
import { cn } from '../ui/cn.ts'
import { Ago, PageHead } from '../ui/figures.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages } from '../ui/table.tsx'
import { toastError } from '../ui/toast.tsx'
import { account } from '../words/account.ts'
import { href, said } from '../words/words.ts'
import { Preferences } from './Preferences.tsx'

const LIST = 'GET /api/v1/notifications'

/** What happened, and how one is told. */
export function Notifications() {
  return (
    <Console place="account">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(account).notifications
  const [url, change] = useUrl()
  const pages = usePages()
  const isUnread = url.get('show') === 'unread'
  const list = useRoute(
    LIST,
    { query: { limit: 20, cursor: pages.cursor, unread: isUnread ? 'true' : undefined } },
    { keepsPrevious: true },
  )
  const act = async (work: Promise<unknown>) => {
    try {
      await work
      refresh(LIST)
    } catch (thrown) {
      toastError(thrown)
    }
  }
  return (
    <>
      <PageHead
        title={w.title}
        lead={w.lead}
        actions={
          <Button
            disabled={!list.data || list.data.unread_count === 0}
            onClick={() => void act(call('POST /api/v1/notifications/read-all'))}
          >
            {w.readAll}
          </Button>
        }
      />
      <Switch
        label={w.unreadOnly}
        isOn={isUnread}
        onChange={(isOn) => {
          pages.first()
          change({ show: isOn ? 'unread' : undefined })
        }}
      />
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={isUnread ? w.emptyUnread : w.empty}>{!isUnread && w.emptyWhy}</Empty>
          ) : (
            <div>
              <ul className="divide-y divide-line border-y border-line">
                {items.map((one) => (
                  <One key={one.id} one={one} onAct={(work) => void act(work)} />
                ))}
              </ul>
              <Pages
                page={pages.page}
                hasNext={next !== null}
                onFirst={pages.first}
                onPrevious={pages.previous}
                onNext={() => next !== null && pages.next(next)}
              />
            </div>
          )
        }
      </Loaded>
      <Preferences />
    </>
  )
}

function One({ one, onAct }: { one: Item<typeof LIST>; onAct: (work: Promise<unknown>) => void }) {
  const w = said(account).notifications
  const params = { id: one.id }
  const isUnread = one.read_at === null
  return (
    <li className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-start gap-3 py-3">
      <span
        {...(isUnread ? { role: 'img', 'aria-label': w.unread } : { 'aria-hidden': true })}
        className={cn('mt-2 size-2 rounded-full', isUnread && 'bg-action')}
      />
      <div className="grid gap-0.5">
        <span className={cn(isUnread && 'font-medium')}>{one.title}</span>
        <span className="text-base wrap-anywhere text-soft">{one.body}</span>
        <span className="flex flex-wrap items-center gap-3 text-sm text-soft">
          <Ago at={one.created_at} />
          {one.link !== null && <a href={linkOf(one.link)}>{w.open}</a>}
        </span>
      </div>
      <div className="flex">
        {isUnread && (
          <Button look="quiet" size="s" onClick={() => onAct(call('POST /api/v1/notifications/{id}/read', { params }))}>
            {w.read}
          </Button>
        )}
        <Button
          look="quiet"
          size="icon"
          aria-label={`${w.remove}: ${one.title}`}
          onClick={() => onAct(call('DELETE /api/v1/notifications/{id}', { params }))}
        >
          <X aria-hidden />
        </Button>
      </div>
    </li>
  )
}

/** Links are paths of this site; one that is not is left where it leads only if it is of the web. */
function linkOf(link: string): string {
  if (link.startsWith('/') && !link.startsWith('//')) return href(link)
  return /^https?:\/\//.test(link) ? link : '#'
}
