import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type MailService, startMail } from './mail.ts'

let outbox: string
let mail: MailService

beforeEach(async () => {
  outbox = await mkdtemp(join(tmpdir(), 'outbox-'))
  mail = await startMail({ port: 0, outbox })
})
afterEach(async () => {
  await mail.stop()
  await rm(outbox, { recursive: true, force: true })
})

const HELLO = {
  from: 'A <a@example.com>',
  to: ['b@example.com'],
  subject: 'Hello',
  text: 'See https://x.test/?a=1&b=2 <b>',
}

function send(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${mail.url}/emails`, {
    method: 'POST',
    headers: { authorization: 'Bearer re_x', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

const mailsTo = async (to: string): Promise<{ subject: string }[]> =>
  (await (await fetch(`${mail.url}/mails?to=${to}`)).json()) as { subject: string }[]

test('a mail is kept, newest first, and shown to people', async () => {
  const sent = await send(HELLO)
  expect(await sent.json()).toEqual({ id: expect.any(String) })
  await send({ ...HELLO, subject: 'Again', to: 'b@example.com' })
  await send({ ...HELLO, to: ['c@example.com'] })
  expect((await mailsTo('b@example.com')).map(({ subject }) => subject)).toEqual(['Again', 'Hello'])
  expect(await mailsTo('nobody@example.com')).toEqual([])
  const page = await (await fetch(mail.url)).text()
  expect(page).toContain('<a href="https://x.test/?a=1&#38;b=2">')
  expect(page).not.toContain('<b>')
})

test('one idempotency key is one mail', async () => {
  const ids = []
  for (let turn = 0; turn < 2; turn++) ids.push(await (await send(HELLO, { 'idempotency-key': 'k' })).json())
  expect(ids[0]).toEqual(ids[1])
  expect(await mailsTo('b@example.com')).toHaveLength(1)
})

test('what is no mail is refused', async () => {
  expect((await send(HELLO, { authorization: '' })).status).toBe(401)
  expect((await send({ ...HELLO, to: [] })).status).toBe(422)
  expect((await send('no object')).status).toBe(422)
  expect((await fetch(`${mail.url}/elsewhere`)).status).toBe(404)
  mail.pause()
  expect((await send(HELLO)).status).toBe(503)
  mail.resume()
  expect((await send(HELLO)).status).toBe(200)
})

test('mails survive a restart, and only the latest 500 are kept', async () => {
  for (let turn = 0; turn < 502; turn++) await send({ ...HELLO, subject: `Mail ${turn}` })
  expect(await readdir(outbox)).toHaveLength(500)
  await mail.stop()
  mail = await startMail({ port: 0, outbox })
  const mails = await mailsTo('b@example.com')
  expect(mails).toHaveLength(500)
  expect(mails[0]?.subject).toBe('Mail 501')
})
