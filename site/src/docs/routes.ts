/** The list of routes, from the API's own document, with a filter. */
import { API_URL } from '../api/config.ts'
import { recordOf } from '../api/error.ts'
import { el, part } from '../ui/dom.ts'
import { docs } from '../words/docs.ts'
import { plural, said } from '../words/words.ts'
import { readDocument } from './error-codes.ts'

type Route = { method: string; path: string; summary: string; room: string; id: string }

/** Fills `root`. Does not throw. */
export async function routes(root: HTMLElement): Promise<void> {
  const w = said(docs).api
  const status = part(root, 'status', HTMLElement)
  const list = part(root, 'list', HTMLElement)
  const filter = part(root, 'filter', HTMLInputElement)
  try {
    const all = routesOf(recordOf(await readDocument()))
    const show = () => {
      const asked = filter.value.trim().toLowerCase().split(/\s+/)
      const found = all.filter(({ method, path, summary, room }) => {
        const text = `${method} ${path} ${summary} ${room}`.toLowerCase()
        return asked.every((word) => text.includes(word))
      })
      status.textContent = plural(w.routes, found.length)
      list.replaceChildren(...[...Map.groupBy(found, ({ room }) => room)].map(([room, own]) => sectionOf(room, own)))
    }
    filter.addEventListener('input', show)
    show()
  } catch {
    status.textContent = w.failed
  }
}

function routesOf(document: Record<string, unknown>): Route[] {
  return Object.entries(recordOf(document['paths'])).flatMap(([path, methods]) =>
    Object.entries(recordOf(methods)).map(([method, value]) => {
      const operation = recordOf(value)
      const [room] = Array.isArray(operation['tags']) ? (operation['tags'] as string[]) : []
      return {
        method: method.toUpperCase(),
        path,
        summary: textOf(operation['summary']),
        room: room ?? '',
        id: textOf(operation['operationId']),
      }
    }),
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function sectionOf(room: string, routes: Route[]): HTMLElement {
  return el(
    'section',
    {},
    el('h2', {}, room),
    el(
      'ul',
      { class: 'routes' },
      ...routes.map(({ method, path, summary, id }) =>
        el(
          'li',
          {},
          el(
            'a',
            { href: `${API_URL}/api/v1/reference#${id}` },
            el('b', { class: method }, method),
            el('code', {}, path),
          ),
          el('span', {}, summary),
        ),
      ),
    ),
  )
}
