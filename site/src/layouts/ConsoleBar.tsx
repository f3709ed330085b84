import { BadgeDollarSign, Bell, Book, ChevronsUpDown, House, LogOut, Search, Settings, Store } from 'lucide-react'
import { createPortal } from 'react-dom'
import { useLiveState, useSession } from '../api/query.ts'
import { signOut } from '../api/session.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { Commands, openCommands } from '../ui/commands.tsx'
import { Menu } from '../ui/menu.tsx'
import { common } from '../words/common.ts'
import { navigation } from '../words/navigation.ts'
import { href, said } from '../words/words.ts'
import { consolesOf } from './places.ts'
import { Unread } from './Unread.tsx'

/** The live part of a console's head: search, connection and account. It stands in the slot that `Console.astro` leaves. */
export function ConsoleBar() {
  const session = useSession()
  const slot = document.getElementById('console-bar')
  const w = said(navigation)
  if (!slot) return null
  const me = session.status === 'in' ? session.me : undefined
  const go = (path: string) => () => location.assign(href(path))
  const groups = [
    ...consolesOf(me).map((console) => ({
      heading: w[console.place].title,
      entries: console.pages.map(({ label, path, Icon }) => ({
        label: label(w),
        icon: <Icon aria-hidden />,
        onSelect: go(path),
      })),
    })),
    {
      heading: w.main,
      entries: [
        { label: w.marketplace, icon: <Store aria-hidden />, onSelect: go('/marketplace') },
        { label: w.pricing, icon: <BadgeDollarSign aria-hidden />, onSelect: go('/pricing') },
        { label: w.docs, icon: <Book aria-hidden />, onSelect: go('/docs') },
        { label: w.signOut, icon: <LogOut aria-hidden />, onSelect: () => void signOut() },
      ],
    },
  ]
  return createPortal(
    <>
      <Button look="plain" size="s" className="mr-auto border-line text-soft" onClick={openCommands}>
        <Search aria-hidden />
        <span className="max-md:sr-only">{said(common).commands.open}</span>
        <kbd aria-hidden className="max-md:hidden">
          ⌘K
        </kbd>
      </Button>
      <Live />
      {me && <Unread />}
      {me && (
        <Menu
          entries={[
            { heading: me.email },
            ...consolesOf(me).map((console) => ({
              label: w[console.place].title,
              icon: <House aria-hidden />,
              href: href(console.pages[0]?.path ?? '/'),
            })),
            { label: w.notifications, icon: <Bell aria-hidden />, href: href('/account/notifications') },
            { label: w.settings, icon: <Settings aria-hidden />, href: href('/account') },
            'line',
            { label: w.signOut, icon: <LogOut aria-hidden />, onSelect: () => void signOut() },
          ]}
        >
          <Button look="quiet" size="s" aria-label={`${w.account}: ${me.display_name ?? me.email}`}>
            <span className="max-w-40 truncate max-md:max-w-24">{me.display_name ?? me.email}</span>
            <ChevronsUpDown aria-hidden />
          </Button>
        </Menu>
      )}
      <Commands groups={groups} />
    </>,
    slot,
  )
}

function Live() {
  const state = useLiveState()
  if (state === 'off') return null
  return (
    <span role="status" className="flex items-center gap-1.5 text-sm text-soft">
      <span aria-hidden className={cn('size-1.5 rounded-full', state === 'on' ? 'bg-success' : 'bg-warning')} />
      <span className="max-md:hidden">{said(common).live[state]}</span>
    </span>
  )
}
