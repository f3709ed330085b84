/** Documents for tests of what agents know, and how they are handed in through the Worker's door. */
import { createExecutionContext, env, SELF } from 'cloudflare:test'
import { eq } from 'drizzle-orm'
import { PDFDocument, StandardFonts } from 'pdf-lib'
import { expect } from 'vitest'
import { app } from '../app.ts'
import { db } from '../base/db.ts'
import { step, vectorId } from '../knowledge/steps.ts'
import { knowledgeChunks, knowledgeFiles } from '../knowledge/tables.ts'
import { api, anyAddress, bindings, newAgent, type Account, type ApiAnswer, type ProviderName } from './world.ts'
import { session } from './things.ts'
import type { Agent } from '../agents/agents.ts'
import type { AgentConfigInput } from '../agents/config.ts'
import type { Bindings } from '../env.ts'

const READY_MS_MAX = 40_000

export type Knowing = { agent: Agent; creator: Account }

/** A published agent that answers from documents, and its creator. */
export async function newKnowing(
  knowledge: Partial<NonNullable<AgentConfigInput['knowledge_base']>> = {},
  provider: ProviderName = 'openai',
): Promise<Knowing> {
  const agent = await newAgent(provider, { knowledge_base: { enabled: true, allow_quoting: true, ...knowledge } })
  return { agent, creator: await session(agent.creatorId, 'creator') }
}

/** Sends a file as the body of a request. */
export async function upload(
  { agent, creator }: Knowing,
  filename: string,
  content: string | Uint8Array | ReadableStream,
  { fileId }: { fileId?: string } = {},
): Promise<ApiAnswer> {
  const path = `/api/v1/agents/${agent.id}/knowledge${fileId === undefined ? '' : `/${fileId}`}`
  const response = await SELF.fetch(`https://agentlink.test${path}?filename=${encodeURIComponent(filename)}`, {
    method: fileId === undefined ? 'POST' : 'PUT',
    headers: {
      'cf-connecting-ip': anyAddress(),
      authorization: `Bearer ${creator.token}`,
      'content-type': 'application/octet-stream',
    },
    body: content as BodyInit,
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** The file once it is ready or failed. Throws when that takes too long. */
export async function settled(
  { agent, creator }: Knowing,
  fileId: string,
  msMax = READY_MS_MAX,
): Promise<ApiAnswer['body']> {
  for (const deadline = Date.now() + msMax; ;) {
    const { body } = await api(`GET /api/v1/agents/${agent.id}/knowledge/${fileId}`, { as: creator })
    if (body.status === 'ready' || body.status === 'failed') return body
    if (Date.now() > deadline) throw new Error(`The file is still ${body.status}: ${JSON.stringify(body)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Hands a file in and waits until it is read. */
export async function learn(
  knowing: Knowing,
  filename: string,
  content: string | Uint8Array,
): Promise<ApiAnswer['body']> {
  const { status, body } = await upload(knowing, filename, content)
  if (status !== 202) throw new Error(JSON.stringify(body))
  return settled(knowing, body.id)
}

/** What a search gives. */
export async function query({ agent, creator }: Knowing, text: string, more: object = {}): Promise<ApiAnswer> {
  return api(`POST /api/v1/agents/${agent.id}/knowledge/query`, { as: creator, body: { query: text, ...more } })
}

/** A PDF with a page for each text; lines end as they do in the texts. */
export async function pdfOf(pages: string[], options: { useObjectStreams?: boolean } = {}): Promise<Uint8Array> {
  const document = await PDFDocument.create()
  const font = await document.embedFont(StandardFonts.Helvetica)
  for (const text of pages) {
    const page = document.addPage([595, 842])
    if (text !== '') page.drawText(text, { x: 50, y: 780, size: 11, lineHeight: 14, font, maxWidth: 500 })
  }
  return document.save(options)
}

/** The bindings of a Worker whose queue swallows everything: a test takes the steps itself. */
export const quiet: Bindings = { ...bindings, KNOWLEDGE_STEPS: { send: async () => {} } as unknown as Queue<never> }

/** Hands a file in without anybody reading it. */
export async function handIn({ agent, creator }: Knowing, text: string): Promise<string> {
  const request = new Request(`https://agentlink.test/api/v1/agents/${agent.id}/knowledge?filename=lights.txt`, {
    method: 'POST',
    headers: { authorization: `Bearer ${creator.token}` },
    body: text,
  })
  const response = await app.fetch(request, quiet, createExecutionContext())
  const { id }: { id: string } = await response.json()
  return id
}

/** The row of a file. */
export async function rowOf(id: string) {
  const [row] = await db(bindings).select().from(knowledgeFiles).where(eq(knowledgeFiles.id, id))
  return row
}

/** Takes steps until nothing is left to do. */
export async function finish(id: string, env: Bindings = quiet): Promise<void> {
  for (let steps = 0; steps < 50; steps++) if ((await step(env, id)) === 'done') return
  throw new Error('It does not come to an end.')
}

/** As if whoever had the lease was killed long ago. */
export async function expire(id: string): Promise<void> {
  await db(bindings)
    .update(knowledgeFiles)
    .set({ leasedUntil: new Date(0) })
    .where(eq(knowledgeFiles.id, id))
}

/** The vectors are those of the chunks, no more and no fewer, and the chunks are those of one reading. */
export async function expectWhole(id: string): Promise<void> {
  const row = await rowOf(id)
  const places = await db(bindings)
    .select({ generation: knowledgeChunks.generation, place: knowledgeChunks.place })
    .from(knowledgeChunks)
    .where(eq(knowledgeChunks.fileId, id))
  expect(row).toMatchObject({ status: 'ready', chunkCount: places.length, embedded: places.length, leasedUntil: null })
  expect(new Set(places.map(({ generation }) => generation))).toEqual(new Set([row?.readyGeneration]))
  expect(await vectorsOf(id)).toEqual(
    places.map(({ generation, place }) => vectorId({ id, generation }, place)).toSorted(),
  )
}

/** The ids of the vectors in the store that begin so. */
export async function vectorsOf(prefix: string): Promise<string[]> {
  return vectors(`ids?prefix=${prefix}`)
}

/** Steers the vector store, or asks it something; what, stands in workers/local/vectors.ts. */
export async function vectors<T>(action: string, body?: unknown): Promise<T> {
  const response = await fetch(`${env.VECTORS_URL}/__control/${action}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return response.json()
}
