import '../../local/newer-node.ts'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { typesOf } from '../../local/api-types.ts'

const WORKERS = join(import.meta.dirname, '../..')
const FILE = join(import.meta.dirname, '../../../site/src/api/types.ts')

test('the site knows every route as the API declares it', async () => {
  // By a path that the compiler does not follow: the Worker's types and Node's must not meet.
  await import(join(WORKERS, 'app.ts'))
  const { openApi } = (await import(join(WORKERS, 'base/openapi.ts'))) as {
    openApi: (version: string) => object
  }
  await expect(typesOf(openApi('v1'))).toMatchFileSnapshot(FILE)
})

test('a schema becomes the type it describes', () => {
  const schema = {
    type: 'object',
    properties: {
      id: { type: 'string' },
      tags: { type: 'array', items: { enum: ['a', 'b'] } },
      end: { anyOf: [{ type: 'null' }, { type: 'integer' }] },
    },
    required: ['id'],
  }
  const operation = {
    summary: 'One',
    parameters: [],
    responses: { 200: { content: { 'application/json': { schema } } } },
  }
  const types = typesOf({ paths: { '/x/{id}': { get: operation } } })
  expect(types).toContain("'GET /x/{id}': {")
  expect(types.replaceAll(/\s+/g, ' ')).toContain(
    'answer: { id: string tags?: ("a" | "b")[] | undefined end?: null | number | undefined }',
  )
})
