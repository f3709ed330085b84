/** A request as code that one can take away: curl, TypeScript and Python. The key is read from the environment. */

type Sample = { name: string; code: string }

/** `base` is the address for OpenAI's clients; `body` what is sent. */
export function codeOf(base: string, body: object): Sample[] {
  const { stream: _, stream_options: __, ...rest } = body as Record<string, unknown>
  const json = JSON.stringify({ ...rest, stream: true }, null, 2)
  return [
    {
      name: 'cURL',
      code: `curl --no-buffer ${base}/chat/completions \\
  -H "Authorization: Bearer $AGENTLINK_KEY" \\
  -H "Content-Type: application/json" \\
  -d ${shellQuoted(json)}`,
    },
    {
      name: 'TypeScript',
      code: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${base}', apiKey: process.env.AGENTLINK_KEY })
const stream = await client.chat.completions.create(${indented(json)})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')`,
    },
    {
      name: 'Python',
      code: `import os
from openai import OpenAI

client = OpenAI(base_url="${base}", api_key=os.environ["AGENTLINK_KEY"])
stream = client.chat.completions.create(**${python({ ...rest, stream: true })})
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="")`,
    },
  ]
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** JSON with the names of plain words unquoted, as one would write it. */
function indented(json: string): string {
  return json.replaceAll(/^(\s*)"(\w+)":/gm, '$1$2:')
}

function python(value: object): string {
  return JSON.stringify(value, null, 4)
    .replaceAll(/: true(?=,?$)/gm, ': True')
    .replaceAll(/: false(?=,?$)/gm, ': False')
}
