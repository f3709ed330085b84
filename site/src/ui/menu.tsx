import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { cn } from './cn.ts'

export type MenuEntry =
  | { label: ReactNode; icon?: ReactNode; onSelect: () => void; isDanger?: boolean; isDisabled?: boolean }
  | { label: ReactNode; icon?: ReactNode; href: string }
  | { heading: ReactNode }
  | 'line'

const ITEM =
  'flex min-h-8 cursor-default items-center gap-2.5 rounded-sm px-2 py-1 text-base text-ink no-underline outline-none select-none data-disabled:opacity-50 data-highlighted:bg-tint [&_svg]:size-4 [&_svg]:text-soft'

/** Actions behind one button, which is the child. */
export function Menu({
  entries,
  children,
  align = 'end',
}: {
  entries: readonly MenuEntry[]
  children: ReactNode
  align?: 'start' | 'end'
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          data-floats=""
          className="z-50 min-w-48 rounded-md border border-line bg-sheet p-1 shadow-float"
        >
          {entries.map((entry, index) => (
            // oxlint-disable-next-line react/no-array-index-key
            <Entry key={index} entry={entry} />
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry === 'line') return <Radix.Separator className="-mx-1 my-1 h-px bg-line" />
  if ('heading' in entry) return <Radix.Label className="px-2 py-1.5 text-sm text-soft">{entry.heading}</Radix.Label>
  if ('href' in entry) {
    return (
      <Radix.Item asChild>
        <a href={entry.href} className={ITEM}>
          {entry.icon}
          {entry.label}
        </a>
      </Radix.Item>
    )
  }
  return (
    <Radix.Item
      onSelect={entry.onSelect}
      disabled={entry.isDisabled ?? false}
      className={cn(ITEM, entry.isDanger && 'text-wax [&_svg]:text-wax')}
    >
      {entry.icon}
      {entry.label}
    </Radix.Item>
  )
}
