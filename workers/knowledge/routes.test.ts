import { describe, expect, test } from 'vitest'
import { learn, newKnowing, pdfOf, query, upload } from '../tests/documents.ts'
import { docxOf } from '../tests/docx.ts'
import { api } from '../tests/world.ts'

const HANDBOOK = `# Warranty

The Solaris heat pump has a warranty of five years from the day of installation.

# Returns

Goods can be returned within thirty days. Model AL-4471 cannot be returned.
`

describe('a document that is handed in', () => {
  test('is read, cut, embedded and found by meaning and by its words', async () => {
    const knowing = await newKnowing()
    const file = await learn(knowing, 'handbook.md', HANDBOOK)
    expect(file).toMatchObject({
      status: 'ready',
      in_use: true,
      type: 'markdown',
      problem: null,
      statistics: { chunks: 2, embedded: 2 },
    })
    const { status, body } = await query(knowing, 'How long is the guarantee on the pump?')
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.chunks[0]).toMatchObject({ heading: 'Warranty', is_used: true, filename: 'handbook.md' })
    expect((await query(knowing, 'AL-4471')).body.chunks[0]).toMatchObject({ heading: 'Returns' })
  })

  test('PDF, DOCX, HTML, CSV and text give their text, pages and headings', async () => {
    const knowing = await newKnowing({ similarity_threshold: 0 })
    const files = {
      'a.pdf': await pdfOf(['The first page is about lighthouses.', 'The second page is about ferries.']),
      'b.docx': docxOf(['# Tariffs', 'A single ticket costs four euros.']),
      'c.html':
        '<html><head><title>x</title></head><body><h1>Dogs</h1><p>Dogs travel free.</p><script>secret()</script><p style="display:none">hidden</p></body></html>',
      'd.csv': 'Stop,Departs\nHarbour,08:15\nMuseum,09:40\n',
      'e.txt': '船票可以在开船前两小时免费退换。儿童半价。',
    }
    for (const [name, content] of Object.entries(files))
      expect(await learn(knowing, name, content)).toMatchObject({ status: 'ready' })
    const best = async (text: string) => (await query(knowing, text)).body.chunks[0]
    expect(await best('ferries page')).toMatchObject({ filename: 'a.pdf', page: 2 })
    expect(await best('What does a ticket cost?')).toMatchObject({ filename: 'b.docx', heading: 'Tariffs' })
    expect(await best('dogs travel')).toMatchObject({
      filename: 'c.html',
      heading: 'Dogs',
      content: 'Dogs travel free.',
    })
    expect((await best('Museum departs')).content).toContain('Stop: Museum; Departs: 09:40')
    expect(await best('退换船票')).toMatchObject({ filename: 'e.txt' })
  })

  test('is listed, shown in chunks, downloaded, and removed', async () => {
    const knowing = await newKnowing()
    const { id } = await learn(knowing, '../../etc/hand book.md', HANDBOOK)
    const base = `/api/v1/agents/${knowing.agent.id}/knowledge`
    const list = await api(`GET ${base}`, { as: knowing.creator })
    expect(list.body).toMatchObject({
      items: [{ id, filename: 'hand book.md' }],
      next_cursor: null,
      account: { files: 1, bytes: HANDBOOK.length },
    })
    const chunks = await api(`GET ${base}/${id}/chunks?limit=1`, { as: knowing.creator })
    expect(chunks.body.items).toMatchObject([{ place: 0, heading: 'Warranty' }])
    const rest = await api(`GET ${base}/${id}/chunks?cursor=${chunks.body.next_cursor}`, { as: knowing.creator })
    expect(rest.body).toMatchObject({ items: [{ place: 1, heading: 'Returns' }], next_cursor: null })
    const content = await api(`GET ${base}/${id}/content`, { as: knowing.creator })
    expect(content.body).toBe(HANDBOOK)
    expect(content.headers.get('content-disposition')).toContain('attachment')
    expect((await api(`DELETE ${base}/${id}`, { as: knowing.creator })).status).toBe(204)
    for (const path of [`${base}/${id}`, `${base}/${id}/content`, `${base}/${id}/chunks`])
      expect((await api(`GET ${path}`, { as: knowing.creator })).status).toBe(404)
    expect((await api(`DELETE ${base}/${id}`, { as: knowing.creator })).status).toBe(404)
    expect((await query(knowing, 'warranty')).body.chunks).toEqual([])
  })
})

test('what is not a file of ours is refused by name', async () => {
  const knowing = await newKnowing()
  const refused = async (name: string, content: string | Uint8Array) => {
    const { status, body } = await upload(knowing, name, content)
    return `${status} ${body.error?.message}`
  }
  expect(await refused('a.exe', 'MZ')).toMatch(/^400 filename/)
  expect(await refused('a.pdf', 'no pdf at all')).toMatch(/^400 body: is not what its name says/)
  expect(await refused('a.txt', '')).toMatch(/^400 body: is empty/)
  expect(await refused('a.txt', new Uint8Array([1, 2, 3, 0, 5]))).toMatch(/^400 body: is neither/)
})
