/** ⌘K on public pages: where one can go, and every agent by its name. Loaded when it is first asked for. */
import { BadgeDollarSign, Book, House, LogIn, Store, Terminal } from 'lucide-react'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { call, type Item } from '../api/client.ts'
import { Commands, openCommands } from '../ui/commands.tsx'
import { dollars } from '../ui/format.ts'
import { Seal } from '../ui/seal.tsx'
import { navigation } from '../words/navigation.ts'
import { href, said } from '../words/words.ts'

const TYPED_MS = 150
const FOUND_MAX = 8

/** Puts the commands onto the page and opens them. */
export function openPublicCommands(): void {
  const place = document.body.appendChild(document.createElement('div'))
  createRoot(place).render(<PublicCommands />)
}

function PublicCommands() {
  const w = said(navigation)
  const [typed, setTyped] = useState('')
  const [agents, setAgents] = useState<readonly Item<'GET /api/v1/marketplace/agents'>[]>([])
  useEffect(() => openCommands(), [])
  useEffect(() => {
    const controller = new AbortController()
    const find = async () => {
      try {
        const q = typed.trim() || undefined
        const query = { limit: FOUND_MAX, q }
        setAgents(
          (await call('GET /api/v1/marketplace/agents', { query, signal: controller.signal, isPublic: true })).items,
        )
      } catch {
        // The pages are there all the same.
      }
    }
    const timer = setTimeout(() => void find(), TYPED_MS)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [typed])
  const go = (path: string) => () => location.assign(href(path))
  return (
    <Commands
      onType={setTyped}
      groups={[
        {
          heading: w.main,
          entries: [
            { label: w.marketplace, icon: <Store aria-hidden />, onSelect: go('/marketplace') },
            { label: w.playground, icon: <Terminal aria-hidden />, onSelect: go('/playground') },
            { label: w.pricing, icon: <BadgeDollarSign aria-hidden />, onSelect: go('/pricing') },
            { label: w.docs, icon: <Book aria-hidden />, onSelect: go('/docs') },
            { label: w.reference, icon: <Book aria-hidden />, onSelect: go('/docs/api') },
            { label: w.console, icon: <House aria-hidden />, onSelect: go('/console') },
            { label: w.signIn, icon: <LogIn aria-hidden />, onSelect: go('/login') },
          ],
        },
        {
          heading: w.marketplace,
          entries: agents.map((agent) => ({
            label: `${agent.name} · ${dollars(agent.price_per_call)}`,
            icon: <Seal id={agent.id} sizePx={20} />,
            onSelect: go(`/agents/${agent.slug}`),
          })),
        },
      ]}
    />
  )
}
