/** Every code that the API has, from its own document. */
import { call } from '../api/client.ts'
import { parsed, recordOf } from '../api/error.ts'
import { el } from '../ui/dom.ts'
import { docs } from '../words/docs.ts'
import { said } from '../words/words.ts'

/** Fills `table`. Does not throw. */
export async function errorCodes(table: HTMLTableElement): Promise<void> {
  const codes = await readCodes().catch(() => [])
  const rows = codes.map(([code, message]) => el('tr', {}, el('td', {}, el('code', {}, code)), el('td', {}, message)))
  table.tBodies[0]?.replaceChildren(...(rows.length > 0 ? rows : [el('tr', {}, el('td', {}, said(docs).api.failed))]))
}

async function readCodes(): Promise<[string, string][]> {
  const document = recordOf(await readDocument())
  const examples = Object.values(recordOf(recordOf(document['components'])['examples']))
  return examples
    .map((example): [string, string] => {
      const [code = '', ...message] = String(recordOf(example)['summary']).split(' ')
      return [code, message.join(' ')]
    })
    .sort(([a], [b]) => a.localeCompare(b))
}

/** The OpenAPI document. Throws an `ApiError`. */
export async function readDocument(): Promise<unknown> {
  const answer: unknown = await call('GET /api/v1/openapi.json', { isPublic: true })
  return typeof answer === 'string' ? parsed(answer) : answer
}
