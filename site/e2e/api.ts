/** The stack's API, as a program uses it. */
import type { Stack } from './stack.ts'

/** Asks until the answer is what it should be: where something happens elsewhere in its own time. */
export async function eventually<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean, msMax = 15_000): Promise<T> {
  const endsAt = performance.now() + msMax
  for (;;) {
    const answer = await ask()
    if (isIt(answer)) return answer
    if (performance.now() > endsAt) throw new Error(`It did not come about: ${JSON.stringify(answer)?.slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type Account = { email: string; password: string }

/** Signs in, and gives the access token. */
export async function tokenOf({ api }: Pick<Stack, 'api'>, account: Account): Promise<string> {
  const answer = (await request(`${api}/api/v1/auth/login`, 'POST', account)) as { access_token: string }
  return answer.access_token
}

/** The API as somebody signed in: `call('GET', '/api/v1/…')`. Throws what is not 2xx. */
export async function apiAs({ api }: Pick<Stack, 'api'>, account: Account) {
  const token = await tokenOf({ api }, account)
  return (method: string, path: string, body?: object): Promise<unknown> => request(api + path, method, body, token)
}

async function request(url: string, method: string, body?: object, token?: string): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text.slice(0, 500)}`)
  return text === '' ? null : (JSON.parse(text) as unknown)
}
