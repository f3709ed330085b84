/** One of the measured servers, and the requests by which it is asked the same thing as the others. */
import type { MarketAgent } from '../market.ts'

export type Body = { text: string; stream: boolean }

export type Arm = {
  name: 'direct' | 'bare' | 'agentlink'
  url: string
  /** The bytes of a request; with several accounts each call gives the next one's. */
  requests(body: Body): () => Buffer
  /** How many requests have been handed out. */
  asked(): number
}

type Target = Pick<Arm, 'name' | 'url'> & { path: string }

/** A server that is asked as the provider is: with the prompt in the request. */
export function providerArm(target: Target, agent: MarketAgent): Arm {
  const body = ({ text, stream }: Body): string =>
    JSON.stringify({
      model: agent.model,
      messages: [
        { role: 'system', content: agent.system_prompt },
        { role: 'user', content: text },
      ],
      temperature: agent.temperature,
      top_p: agent.top_p,
      max_tokens: agent.max_tokens,
      stream,
    })
  let count = 0
  return {
    ...target,
    requests(asked) {
      const bytes = request(target, 'sk-bench', body(asked))
      return () => {
        count++
        return bytes
      }
    },
    asked: () => count,
  }
}

/** AgentLink: asked in OpenAI's dialect, with the agent as model, on behalf of one account after the other. */
export function agentLinkArm(target: Target, agent: MarketAgent, keys: string[]): Arm {
  let count = 0
  return {
    ...target,
    requests({ text, stream }) {
      const body = JSON.stringify({ model: agent.slug, messages: [{ role: 'user', content: text }], stream })
      const all = keys.map((key) => request(target, key, body))
      return () => all[count++ % all.length] as Buffer
    },
    asked: () => count,
  }
}

function request({ url, path }: Target, key: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
