/** How an agent is called, ready to be copied. Nothing a creator wrote stands in it but the slug, which is plain. */

export type Snippets = { curl: string; typescript: string; python: string; openai: string }

/** `origin` is where this API answers. */
export function snippets(origin: string, slug: string): Snippets {
  const url = `${origin}/proxy/v1/agents/${slug}/chat`
  return {
    curl: `curl ${url} \\
  -H "X-AgentLink-Key: $AGENTLINK_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"messages":[{"role":"user","content":"Hello"}]}'
`,
    typescript: `const response = await fetch('${url}', {
  method: 'POST',
  headers: { 'X-AgentLink-Key': process.env.AGENTLINK_KEY ?? '', 'Content-Type': 'application/json' },
  body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }] }),
})
const answer = await response.json()
console.log(answer.choices[0].message.content)
`,
    python: `import json, os, urllib.request

request = urllib.request.Request(
    "${url}",
    data=json.dumps({"messages": [{"role": "user", "content": "Hello"}]}).encode(),
    headers={"X-AgentLink-Key": os.environ["AGENTLINK_KEY"], "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as response:
    print(json.load(response)["choices"][0]["message"]["content"])
`,
    openai: `import OpenAI from 'openai'

const client = new OpenAI({ apiKey: process.env.AGENTLINK_KEY, baseURL: '${origin}/v1' })
const answer = await client.chat.completions.create({
  model: '${slug}',
  messages: [{ role: 'user', content: 'Hello' }],
})
console.log(answer.choices[0].message.content)
`,
  }
}
