import { afterEach, expect, test, vi } from 'vitest'
import { newId } from '../base/ids.ts'
import { bindings, door, mailsTo, sentMails } from '../tests/world.ts'
import { sendMail, type Mail } from './mail.ts'
import { mailsQueue } from './mails.queue.ts'

afterEach(async () => {
  vi.restoreAllMocks()
  await door('/mail/resume')
})

function newMail(change: Partial<Mail> = {}): Mail {
  return { id: newId(), to: `${newId()}@example.com`, subject: 'Hello', text: 'How are you?\n', ...change }
}

/** What the consumer did with one message of this mail. */
async function consume(mail: Mail, attempts = 1): Promise<'ack' | number> {
  let outcome: 'ack' | number | undefined
  const message = {
    attempts,
    body: mail,
    ack: () => (outcome = 'ack'),
    retry: ({ delaySeconds }: { delaySeconds: number }) => (outcome = delaySeconds),
  }
  await mailsQueue({ queue: 'mails', messages: [message] } as never, bindings)
  if (outcome === undefined) throw new Error('Neither.')
  return outcome
}

test('a mail goes through the queue to whoever it is for, in plain text', async () => {
  const mail = newMail({ subject: 'Grüße 🌍', text: 'One line\nand <another>.\n' })
  await sendMail(bindings, mail)
  const [arrived] = await mailsTo(mail.to)
  expect(arrived).toMatchObject({
    from: 'AgentLink <hello@agentlink.io>',
    to: [mail.to],
    subject: mail.subject,
    text: mail.text,
  })
})

test('a mail that is sent twice under one id arrives once', async () => {
  const mail = newMail()
  expect([await consume(mail), await consume(mail)]).toEqual(['ack', 'ack'])
  expect(await sentMails(mail.to)).toHaveLength(1)
})

test('while the mail service is away a mail is tried again, at growing pauses of an hour at most', async () => {
  const mail = newMail()
  await door('/mail/pause')
  expect(await consume(mail, 1)).toBe(10)
  expect(await consume(mail, 2)).toBe(20)
  expect(await consume(mail, 30)).toBe(3_600)
  vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('no network'))
  expect(await consume(mail, 1)).toBe(10)
  vi.restoreAllMocks()
  await door('/mail/resume')
  expect(await consume(mail, 4)).toBe('ack')
  expect(await sentMails(mail.to)).toHaveLength(1)
})

test('all the pauses together outlast every token that a mail can hold', () => {
  const pauses = Array.from({ length: 33 }, (_, attempt) => Math.min(10 * 2 ** attempt, 3_600))
  expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(24 * 3_600)
})

test('no log tells to whom or what', async () => {
  const lines = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const mail = newMail({ text: 'a secret token' })
  await door('/mail/pause')
  await consume(mail)
  expect(lines).toHaveBeenCalledOnce()
  expect(String(lines.mock.calls[0])).not.toMatch(new RegExp(`${mail.to}|Hello|secret`))
})

test('a subject is one line, and an address one address', async () => {
  const mail = newMail({ subject: 'Hello\r\nBcc: everybody@example.com\u2028\u0000' })
  await sendMail(bindings, mail)
  expect((await mailsTo(mail.to))[0]?.subject).toBe('Hello Bcc: everybody@example.com')
  for (const to of ['a@example.com\r\nBcc: b@example.com', 'a@example.com, b@example.com', 'A <a@example.com>', ''])
    await expect(sendMail(bindings, newMail({ to }))).rejects.toThrow()
  const fetches = vi.spyOn(globalThis, 'fetch')
  expect(await consume(newMail({ subject: 'Hello\r\nBcc: everybody@example.com' }))).toBe(10)
  expect(fetches).not.toHaveBeenCalled()
})
