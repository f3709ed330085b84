/** All pages of the site, from the files that they are made of: none is forgotten. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from './stack.ts'

const SRC = join(import.meta.dirname, '..', 'src')
const PAGES = join(SRC, 'pages', '[...lang]')
const DOCS = join(SRC, 'docs', 'en')

export type Who = 'nobody' | 'developer' | 'creator' | 'admin'
export type SitePage = {
  /** What a test calls it. */
  name: string
  /** The file that it is made of, such as `/docs/[...slug]`. */
  file: string
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

type Asked = readonly ((stack: Stack) => string)[]

/** The slugs of the documentation, from its texts. */
const docs = existsSync(DOCS)
  ? readdirSync(DOCS)
      .filter((file) => file.endsWith('.md'))
      .map((file) => file.replace(/(?:index)?\.md$/, ''))
  : []

/** Where pages are opened that need more than their name. A page whose name has a bracket must be here. */
const ASKED: Record<string, Asked> = {
  '/agent': [(stack) => `/agents/${agentOf(stack).slug}`],
  '/docs/[...slug]': docs.map((slug) => () => (slug === '' ? '/docs' : `/docs/${slug}`)),
  '/playground': [(stack) => `/playground?agent=${agentOf(stack).slug}`],
  '/creator/agents/edit': [(stack) => `/creator/agents/edit?id=${agentOf(stack).id}`],
}

/** Pages that lead elsewhere at once, or only with a secret. */
const LEADS_ON = new Set(['/console'])

export const SITE_PAGES: readonly SitePage[] = readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.astro'))
  .map((file) => `/${file.replaceAll('\\', '/').replace(/(?:^|\/)index\.astro$|\.astro$/, '')}`)
  .filter((name) => !LEADS_ON.has(name))
  .toSorted()
  .flatMap((file) => {
    const who = FOLDERS[file.split('/')[1] ?? ''] ?? 'nobody'
    const asked = ASKED[file]
    if (!asked && file.includes('[')) throw new Error(`${file} needs an entry in ASKED, which says where it is opened.`)
    if (!asked) return [{ name: file, file, who, path: () => file }]
    return asked.map((path, at) => ({ name: asked.length > 1 ? `${file} ${at + 1}` : file, file, who, path }))
  })

/** An agent of the demo's creator. */
function agentOf(stack: Stack): Stack['demo']['agents'][number] {
  const agent = stack.demo.agents.find(({ slug }) => slug === 'plain-english-editor')
  if (!agent) throw new Error('The stack has no such agent.')
  return agent
}
