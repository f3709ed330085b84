import { Bell } from 'lucide-react'
import { refresh, useLive, useRoute } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { navigation } from '../words/navigation.ts'
import { href, plural, said } from '../words/words.ts'

const LIST = 'GET /api/v1/notifications'
/** An event reaches a page before its notification is written. */
const WRITTEN_MS = 1_500
/** From here on the API does not count. */
const COUNT_MAX = 100

/** The way to the notifications, with how many are unread; it counts on while one looks. */
export function Unread() {
  const w = said(navigation)
  const list = useRoute(LIST, { query: { limit: 1 } })
  useLive((event) => {
    if (event === 'resync' || !event.type.startsWith('call.')) setTimeout(() => refresh(LIST), WRITTEN_MS)
  })
  const count = list.data?.unread_count ?? 0
  return (
    <Button look="quiet" size="icon" asChild className="relative">
      <a
        href={href('/account/notifications')}
        aria-label={count === 0 ? w.notifications : `${w.notifications}: ${plural(w.unread, count)}`}
      >
        <Bell aria-hidden />
        {count > 0 && (
          <span
            aria-hidden
            className="absolute top-0.5 right-0 grid h-4 min-w-4 place-items-center rounded-full bg-action px-1 text-[0.625rem] leading-none font-semibold text-on-action tabular-nums"
            data-unread
          >
            {count >= COUNT_MAX ? `${COUNT_MAX - 1}+` : count}
          </span>
        )}
      </a>
    </Button>
  )
}
