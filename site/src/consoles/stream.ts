/** A streamed answer, piece by piece. */
import { openMine } from '../api/client.ts'
import { ApiError, parsed, recordOf } from '../api/error.ts'

type Message = { role: 'user' | 'assistant'; content: string }

/** Gives what a streamed chat says as it arrives. Throws an `ApiError`, also when it breaks off or fails on the way. */
export async function* streamChat(path: string, body: object, signal: AbortSignal): AsyncGenerator<string> {
  const response = await openMine(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true }),
    signal,
  })
  const requestId = response.headers.get('x-request-id') ?? undefined
  let isDone = false
  for await (const data of dataOf(response)) {
    if (data === '[DONE]') {
      isDone = true
      break
    }
    const chunk = recordOf(parsed(data))
    if (chunk['error'] !== undefined) {
      const { code, message } = recordOf(chunk['error'])
      throw new ApiError(String(code), String(message), { requestId })
    }
    const choices: unknown[] = Array.isArray(chunk['choices']) ? chunk['choices'] : []
    const { content } = recordOf(recordOf(choices[0])['delta'])
    if (typeof content === 'string' && content !== '') yield content
  }
  if (!isDone) throw new ApiError('cut', 'cut', { requestId })
}

async function* dataOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
  }
}

export type { Message }
