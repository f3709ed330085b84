/** The pages of the documentation: Markdown in both languages, in the order of the list. */
import type { MarkdownInstance } from 'astro'
import { API_URL } from '../api/config.ts'
import type { docs } from '../words/docs.ts'
import type { Lang } from '../words/words.ts'

type Head = { title: string; lead: string }
export type Doc = {
  slug: string | undefined
  path: string
  group: keyof (typeof docs)['en'] & ('begin' | 'understand' | 'look')
}

export const DOCS: readonly Doc[] = [
  { slug: undefined, path: '/docs', group: 'begin' },
  { slug: 'creators', path: '/docs/creators', group: 'begin' },
  { slug: 'concepts', path: '/docs/concepts', group: 'understand' },
  { slug: 'promise', path: '/docs/promise', group: 'understand' },
  { slug: 'errors', path: '/docs/errors', group: 'look' },
  { slug: 'webhooks', path: '/docs/webhooks', group: 'look' },
]
export const API_DOC = '/docs/api'

/** How the address of the API is written in the Markdown. */
const WRITTEN_URL = 'https://api.agentlink.io'

const files = import.meta.glob<MarkdownInstance<Head>>('./*/*.md', { eager: true })

/** What stands at the top of a page. */
export function headOf(lang: Lang, { slug }: Pick<Doc, 'slug'>): Head {
  return fileOf(lang, slug).frontmatter
}

/** A page as HTML, with the address of the API that the site was built for. */
export async function htmlOf(lang: Lang, { slug }: Pick<Doc, 'slug'>): Promise<string> {
  const html = await fileOf(lang, slug).compiledContent()
  return html.replaceAll(WRITTEN_URL, API_URL)
}

/** The headings of a page, for the list beside it. */
export function headingsOf(lang: Lang, { slug }: Pick<Doc, 'slug'>): { slug: string; text: string }[] {
  return fileOf(lang, slug)
    .getHeadings()
    .filter(({ depth }) => depth === 2)
}

function fileOf(lang: Lang, slug: string | undefined): MarkdownInstance<Head> {
  const file = files[`./${lang}/${slug ?? 'index'}.md`]
  if (!file) throw new Error(`There is no ${lang}/${slug ?? 'index'}.md among the docs.`)
  return file
}
