/**
 * `npm run keys`: API keys of the running local stack, through the operator's doors.
 *
 *     npm run keys -- create <user id or e-mail> [name]
 *     npm run keys -- revoke <key id>
 *     npm run keys -- quota <user id or e-mail>
 */
import { readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { localSecrets } from './secrets.ts'

const USAGE = 'Usage: npm run keys -- create <user id or e-mail> [name] | revoke <key id> | quota <user id or e-mail>'

const [action, subject, name = 'made by hand'] = process.argv.slice(2)
const stack = JSON.parse(
  await readFile('.local/stack.json', 'utf8').catch(() => fail('No stack is running here: npm start first.')),
) as { api: string }
const { operatorToken } = await localSecrets('.local/secrets.json')

if (!subject) fail(USAGE)
else if (action === 'create') await show('POST', `accounts/${await userId(subject)}/keys`, { name })
else if (action === 'quota') await show('GET', `accounts/${await userId(subject)}/quota`)
else if (action === 'revoke') await show('DELETE', `keys/${subject}`)
else fail(USAGE)

async function show(method: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${stack.api}/api/v1/admin/${path}`, {
    method,
    headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) fail(text)
  console.log(text === '' ? 'Done.' : JSON.stringify(JSON.parse(text), null, 2))
}

/** The id of a user who is named by it or by an e-mail address. */
async function userId(named: string): Promise<string> {
  if (!named.includes('@')) return named
  const port = Number(new URL(stack.api).port) + 1
  const client = new Client({
    connectionString: process.env['DATABASE_URL'] ?? `postgres://agentlink:agentlink@127.0.0.1:${port}/agentlink`,
  })
  await client.connect()
  const { rows } = await client.query<{ id: string }>('SELECT id FROM users WHERE email = $1', [named])
  await client.end()
  return rows[0]?.id ?? fail(`There is no user ${named}.`)
}

function fail(problem: string): never {
  console.error(problem)
  process.exit(1)
}
