/**
 * A stand-in for the mail service: takes mails as Resend's API does (https://resend.com/docs/api-reference/emails/send-email),
 * keeps the latest in memory and in a folder, and shows them: `GET /` to people, `GET /mails?to=` to programs.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'

const MAILS_MAX = 500
const BODY_BYTES_MAX = 256 * 1024

const Sent = z.object({
  from: z.string().min(1),
  to: z.union([z.string(), z.array(z.string()).min(1).max(50)]).transform((to) => (Array.isArray(to) ? to : [to])),
  subject: z.string().min(1),
  text: z.string().min(1),
})

export type KeptMail = z.output<typeof Sent> & { id: string; at: string }

export type MailService = {
  url: string
  stop(): Promise<void>
  /** From here on every mail is refused with 503, until `resume`. */
  pause(): void
  resume(): void
}

export type MailOptions = {
  /** 0: any free one. */
  port: number
  /** Where the mails are kept, one file each; without it, in memory only. */
  outbox?: string
}

/** Opens the service on 127.0.0.1, with the mails that its outbox holds. Rejects if the port is taken. */
export async function startMail({ port, outbox }: MailOptions): Promise<MailService> {
  const mails = outbox === undefined ? [] : await load(outbox)
  /** The id given to each idempotency key. */
  const known = new Map<string, string>()
  let isPaused = false

  const keep = async (mail: KeptMail): Promise<void> => {
    mails.unshift(mail)
    if (outbox !== undefined) await writeFile(join(outbox, fileOf(mail)), JSON.stringify(mail, null, 2))
    for (const old of mails.splice(MAILS_MAX))
      if (outbox !== undefined) await rm(join(outbox, fileOf(old)), { force: true })
  }

  const take = async (request: IncomingMessage): Promise<[number, object]> => {
    if (isPaused) return [503, refusal('service_unavailable', 'Paused.')]
    if (!/^Bearer .+/.test(request.headers.authorization ?? '')) return [401, refusal('missing_api_key', 'No API key.')]
    const parsed = Sent.safeParse(await readJson(request))
    if (!parsed.success) return [422, refusal('validation_error', z.prettifyError(parsed.error))]
    const key = String(request.headers['idempotency-key'] ?? crypto.randomUUID())
    const before = known.get(key)
    if (before !== undefined) return [200, { id: before }]
    const mail = { ...parsed.data, id: crypto.randomUUID(), at: new Date().toISOString() }
    known.set(key, mail.id)
    const [oldest] = known.keys()
    if (known.size > MAILS_MAX && oldest !== undefined) known.delete(oldest)
    await keep(mail)
    return [200, { id: mail.id }]
  }

  const server = createServer((request, response) => {
    void answer(request, response, { mails, take }).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
  }
}

type Desk = { mails: KeptMail[]; take: (request: IncomingMessage) => Promise<[number, object]> }

async function answer(request: IncomingMessage, response: ServerResponse, { mails, take }: Desk): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mail')
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  if (request.method === 'POST' && pathname === '/emails') return json(...(await take(request)))
  if (request.method === 'GET' && pathname === '/mails') {
    const to = searchParams.get('to')
    return json(200, to === null ? mails : mails.filter((mail) => mail.to.includes(to)))
  }
  if (request.method === 'GET' && pathname === '/') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(mails))
    return
  }
  json(404, refusal('not_found', 'There is no such page.'))
}

function refusal(name: string, message: string): object {
  return { name, message }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

/** Sorts by when it was sent. */
function fileOf({ id, at }: KeptMail): string {
  return `${at.replaceAll(/[:.]/g, '-')}-${createHash('sha256').update(id).digest('hex').slice(0, 8)}.json`
}

async function load(outbox: string): Promise<KeptMail[]> {
  await mkdir(outbox, { recursive: true })
  const names = (await readdir(outbox)).filter((name) => name.endsWith('.json')).toSorted()
  const latest = names.slice(-MAILS_MAX).toReversed()
  return Promise.all(latest.map(async (name) => JSON.parse(await readFile(join(outbox, name), 'utf8')) as KeptMail))
}

function page(mails: KeptMail[]): string {
  const shown = mails.map(
    ({ at, to, subject, text }) =>
      `<article><h2>${escape(subject)}</h2><p>To ${escape(to.join(', '))} · <time>${escape(at)}</time></p><pre>${linked(text)}</pre></article>`,
  )
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Outbox</title><style>
body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}article{border-top:1px solid #ccc}
h2{font-size:1.1rem;margin-bottom:0}p{color:#666;margin:0}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}
</style><h1>Outbox</h1>${shown.join('') || '<p>No mail yet.</p>'}</html>`
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** The text with its web addresses as links. */
function linked(text: string): string {
  return escape(text).replaceAll(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`)
}
