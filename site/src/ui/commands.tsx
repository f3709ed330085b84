import { Command } from 'cmdk'
import { Dialog as Radix } from 'radix-ui'
import { useEffect, useState, type ReactNode } from 'react'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { useFocusBack } from './focus.ts'

export type CommandGroup = {
  heading: string
  entries: readonly { label: string; icon?: ReactNode; onSelect: () => void }[]
}

/** Everything one can go to or do, by ⌘K or Ctrl K. `onType` hears what is typed, to find more. */
export function Commands({ groups, onType }: { groups: readonly CommandGroup[]; onType?: (text: string) => void }) {
  const [isOpen, setOpen] = useState(false)
  const back = useFocusBack(isOpen)
  const w = said(common)
  useEffect(() => {
    const open = () => setOpen(true)
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      setOpen((isOpen) => !isOpen)
    }
    document.addEventListener('keydown', press)
    document.addEventListener('agentlink:commands', open)
    return () => {
      document.removeEventListener('keydown', press)
      document.removeEventListener('agentlink:commands', open)
    }
  }, [])
  return (
    <Radix.Root open={isOpen} onOpenChange={setOpen}>
      <Radix.Portal>
        <Radix.Overlay data-floats="" className="fixed inset-0 z-40 bg-veil" />
        <Radix.Content
          data-floats=""
          aria-describedby={undefined}
          {...back}
          className="fixed top-[15vh] left-1/2 z-50 w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded-md border border-line bg-sheet shadow-float"
        >
          <Radix.Title className="only-heard">{w.commands.label}</Radix.Title>
          <Command label={w.commands.label} loop>
            <Command.Input
              placeholder={w.commands.hint}
              {...(onType ? { onValueChange: onType } : {})}
              className="h-12 w-full border-b border-line bg-transparent px-4 text-lg outline-none placeholder:text-soft"
            />
            <Command.List className="max-h-[50vh] overflow-y-auto p-1">
              <Command.Empty className="p-4 text-base text-soft">{w.commands.empty}</Command.Empty>
              {groups.map(({ heading, entries }) => (
                <Command.Group
                  key={heading}
                  heading={heading}
                  className="[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-soft"
                >
                  {entries.map(({ label, icon, onSelect }) => (
                    <Command.Item
                      key={label}
                      value={`${heading} ${label}`}
                      onSelect={() => {
                        setOpen(false)
                        onSelect()
                      }}
                      className="flex h-9 cursor-default items-center gap-2.5 rounded-sm px-3 text-base select-none data-[selected=true]:bg-tint [&_svg]:size-4 [&_svg]:text-soft"
                    >
                      {icon}
                      {label}
                    </Command.Item>
                  ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** Opens the commands from a button. */
export function openCommands(): void {
  document.dispatchEvent(new CustomEvent('agentlink:commands'))
}
