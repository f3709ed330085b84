/** All pages of the site, from the files that they are made of: none is forgotten. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from './stack.ts'

const PAGES = join(import.meta.dirname, '..', 'src', 'pages', '[...lang]')

export type Who = 'nobody' | 'developer' | 'creator' | 'admin'
export type SitePage = {
  /** As the file has it, such as `/creator/agents/[id]`. */
  name: string
  who: Who
  /** Where it is opened, in English. */
  path: (stack: Stack) => string
}

/** Whose pages lie in a folder; all others are everybody's. An account is everybody's who has one. */
const FOLDERS: Record<string, Who> = {
  developer: 'developer',
  creator: 'creator',
  admin: 'admin',
  account: 'developer',
}

const first = (stack: Stack) => {
  const [agent] = stack.demo.agents
  if (!agent) throw new Error('The stack has no agent.')
  return agent
}
const own = (stack: Stack) => stack.demo.agents.find(({ slug }) => slug === 'plain-english-editor') ?? first(stack)

/** Pages that need more than their name. A page whose name has a bracket must be here. */
const ASKED: Record<string, (stack: Stack) => string> = {
  '/agent': (stack) => `/agent?id=${first(stack).id}`,
  '/creator/agents/edit': (stack) => `/creator/agents/edit?id=${own(stack).id}`,
  '/creator/agents/agent': (stack) => `/creator/agents/agent?id=${own(stack).id}`,
  '/creator/agent': (stack) => `/creator/agent?id=${own(stack).id}`,
}

/** Pages that lead elsewhere at once. */
const LEADS_ON = new Set(['/console'])

export const SITE_PAGES: readonly SitePage[] = readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.astro'))
  .map((file) => `/${file.replaceAll('\\', '/').replace(/(?:^|\/)index\.astro$|\.astro$/, '')}`)
  .filter((name) => !LEADS_ON.has(name))
  .toSorted()
  .map((name) => {
    const asked = ASKED[name]
    if (name.includes('[') && !asked) throw new Error(`${name} needs an entry in ASKED, which says where it is opened.`)
    return { name, who: FOLDERS[name.split('/')[1] ?? ''] ?? 'nobody', path: asked ?? (() => name) }
  })
