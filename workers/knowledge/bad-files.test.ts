import { describe, expect, test } from 'vitest'
import { BAD_FILES, type BadFile } from '../tests/bad-files.ts'
import { learn, newKnowing, query, settled, upload } from '../tests/documents.ts'
import { ask, bindings, newDeveloper } from '../tests/world.ts'
import { readPart } from './extract.ts'
import { kindOf, HEAD_BYTES, nameOf } from './kinds.ts'

const CUT = { size: 1_000, overlap: 200 }

/** What becomes of a file: what its creator is told, or how many chunks its first part makes. */
async function outcomeOf({ filename, make }: BadFile): Promise<{ problem: string } | { chunks: number }> {
  const content = make()
  try {
    const kind = kindOf(filename, content.subarray(0, HEAD_BYTES))
    const { chunks } = await readPart(kind, content, 0, CUT)
    return chunks.length === 0
      ? { problem: 'There is no text in it: it seems to be scanned.' }
      : { chunks: chunks.length }
  } catch (thrown) {
    return {
      problem: `${(thrown as Error).message} ${JSON.stringify((thrown as { details?: unknown }).details ?? '')}`,
    }
  }
}

describe('a file that would do harm', () => {
  test.each(BAD_FILES.filter(({ says }) => says))('$name: is refused, and the reason named', async (file) => {
    expect(await outcomeOf(file)).toEqual({ problem: expect.stringMatching(file.says ?? /./) })
  })

  test.each(BAD_FILES.filter(({ says }) => !says))('$name: does none, and is read', async (file) => {
    expect(await outcomeOf(file)).toEqual({ chunks: expect.any(Number) })
  })
})

test('of all of them the limit is named through the door, and whoever asks meanwhile is answered', async () => {
  const knowing = await newKnowing()
  const developer = await newDeveloper()
  await learn(knowing, 'good.md', '# Lamps\n\nThe lamp is lit at dusk.\n')
  const named = [
    'a stream that unpacks to 21 MB',
    'a document that unpacks to 21 MB',
    'encrypted',
    'scanned, without text',
    'nothing',
    'a picture',
  ]
  const files = BAD_FILES.filter(({ name }) => named.includes(name))
  expect(files).toHaveLength(named.length)
  for (const file of files) {
    const asked = ask(developer, knowing.agent, 'When is the lamp lit?', { patient: true })
    const { status, body } = await upload(knowing, file.filename, file.make())
    if (file.refused === 'at once')
      expect([status, body.error.message]).toEqual([400, expect.stringMatching(file.says ?? /./)])
    else {
      expect(status, JSON.stringify(body)).toBe(202)
      expect(await settled(knowing, body.id)).toMatchObject({
        status: 'failed',
        in_use: false,
        problem: expect.stringMatching(file.says ?? /./),
      })
    }
    const response = await asked
    expect([response.status, response.headers.get('x-agentlink-knowledge')]).toEqual([200, 'used'])
  }
  expect((await query(knowing, 'lamp')).body.chunks).toMatchObject([{ filename: 'good.md' }])
})

test('more than 20 MB are refused while they come, and nothing of them is kept', async () => {
  const knowing = await newKnowing()
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ > 21) return controller.close()
      controller.enqueue(new Uint8Array(1024 * 1024).fill(97))
    },
  })
  const { status, body: refusal } = await upload(knowing, 'a.txt', body)
  expect([status, refusal.error.message]).toEqual([413, 'A file may have 20 MB.'])
  const { objects } = await bindings.KNOWLEDGE.list({ prefix: knowing.agent.id })
  expect(objects).toEqual([])
})

test('a name is the last part of what was given, without what cannot be seen; no object is named after it', async () => {
  const names = {
    '../../etc/passwd.txt': 'passwd.txt',
    'C:\\Windows\\system.ini.txt': 'system.ini.txt',
    '/a/./b/../...hidden.md': 'hidden.md',
    'a\u0000b\u202Etxt.pdf': 'abtxt.pdf',
    'what?*<>|:".csv': 'what.csv',
    [`${'长'.repeat(400)}.docx`]: `${'长'.repeat(195)}.docx`,
  }
  for (const [given, name] of Object.entries(names)) expect(nameOf(given)).toBe(name)
  const knowing = await newKnowing()
  await learn(knowing, '../../secrets/passwd.txt', 'Nothing.')
  const { objects } = await bindings.KNOWLEDGE.list({ prefix: knowing.agent.id })
  expect(objects.map(({ key }) => key)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}\/[0-9a-f-]{36}$/)])
})
