/** The doors of the gateway: one chat call in two dialects, and the list of what can be called. */
import { Hono } from 'hono'
import { listPublished } from '../agents/agents.ts'
import { chat } from './chat.ts'
import { readCall, type Dialect } from './door.ts'
import { modelList } from './model-list.ts'
import type { AppContext } from '../env.ts'
import type { Context } from 'hono'

export const gateway = new Hono<AppContext>()

/** A chat call in the platform's own dialect. */
gateway.post('/proxy/v1/agents/:agentId/chat', (c) => answer(c, 'agentlink', c.req.param('agentId')))

/** The same call in OpenAI's dialect: any OpenAI SDK works with its base URL and key changed. */
gateway.post('/v1/chat/completions', (c) => answer(c, 'openai'))

/** The published agents, as OpenAI lists models. */
gateway.get('/v1/models', async (c) => {
  c.header('cache-control', 'public, max-age=300')
  return c.json(modelList(await listPublished(c.env)))
})

/** Runs a call to its end even if its caller leaves: settling is not the caller's to interrupt. */
async function answer(c: Context<AppContext>, dialect: Dialect, agent?: string): Promise<Response> {
  const requestId = c.var.requestId
  const call = await readCall(c.req.raw, { dialect, requestId, ...(agent === undefined ? {} : { agent }) })
  const answered = chat(c.env, c.executionCtx, call)
  c.executionCtx.waitUntil(answered.catch(() => {}))
  return answered
}
