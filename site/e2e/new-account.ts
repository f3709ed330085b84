/** An account that nobody has had before, confirmed by the link of its mail. */
import { randomUUID } from 'node:crypto'
import { mailTo } from './world.ts'
import type { Stack } from './stack.ts'

type Registered = { user_type: 'creator'; display_name: string } | { user_type: 'developer'; display_name?: string }

/** Registers and confirms. Throws what the API refuses. */
export async function newAccount(
  { api }: Pick<Stack, 'api'>,
  who: Registered,
): Promise<{ email: string; password: string }> {
  const account = {
    email: `${who.user_type}-${randomUUID().slice(0, 8)}@example.test`,
    password: 'a sentence that nobody else has',
  }
  await post(`${api}/api/v1/auth/register`, { ...account, ...who })
  const [, token = ''] = /token=([\w.~-]+)/.exec((await mailTo(account.email)).text) ?? []
  await post(`${api}/api/v1/auth/verify-email`, { token })
  return account
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
}
