/**
 * `npm run secrets`: the secrets of an environment, in a JSON file that only its owner can read and that git does not see, since
 * Cloudflare never gives one back. What is written there is sent by `wrangler secret bulk <file> --env <environment>`, all of it at
 * once, so that no isolate sees half of a change.
 *
 *     npm run secrets -- new <file>              makes those that are made here
 *     npm run secrets -- set <file> <name>       takes one that comes from elsewhere, from standard input
 *     npm run secrets -- rotate <file> <name>    a new one; the old one stays readable as <name>_PREVIOUS
 *     npm run secrets -- address <file> <name>   the account that a signer's key signs for
 *     npm run secrets -- end <file> <name>       ends the overlap: <name>_PREVIOUS becomes null, which wrangler deletes
 *
 * When a rotation may be ended is for docs/deploy.md to say.
 */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'

/** By name; null is deleted where it is sent to. */
export type SecretsFile = Record<string, string | null>

const random = (): string => randomBytes(32).toString('base64url')
/** A key with a name, which stands beside what was made with it. */
const namedKey = (): string => `k${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`

/** How those are made that nobody else has to know. */
const MADE: Record<string, () => string> = {
  ENCRYPTION_KEY: namedKey,
  WEBHOOK_KEY: namedKey,
  JWT_SECRET: random,
  OPERATOR_TOKEN: random,
  MINT_SIGNER_KEY: generatePrivateKey,
  SETTLE_SIGNER_KEY: generatePrivateKey,
}
/**
 * Those of which the one before is kept: the Worker reads two at once of the first five, of which two are made at Stripe and
 * Coinbase; of a signer's key the old account may still hold money.
 */
export const OVERLAPPING = [
  'ENCRYPTION_KEY',
  'WEBHOOK_KEY',
  'JWT_SECRET',
  'STRIPE_WEBHOOK_SECRET',
  'COINBASE_WEBHOOK_SECRET',
  'MINT_SIGNER_KEY',
  'SETTLE_SIGNER_KEY',
] as const
const NAME = /^[A-Z][A-Z0-9_]+$/
const USAGE =
  'Usage: npm run secrets -- new <file> | set <file> <name> | rotate <file> <name> | address <file> <name> | end <file> <name>'

/** All that can be made here, made. */
export function newSecrets(): SecretsFile {
  return Object.fromEntries(Object.entries(MADE).map(([name, make]) => [name, make()]))
}

/**
 * With a new value for `name`: `given`, or one made here. The old one stays beside it where the Worker reads two. Throws where that
 * place is taken: what only the oldest can read would be lost.
 */
export function rotated(secrets: SecretsFile, name: string, given?: string): SecretsFile {
  const value = given ?? MADE[name]?.()
  if (value === undefined) throw new Error(`${name} is made elsewhere: give the new one on standard input.`)
  const old = secrets[name]
  if (!old) throw new Error(`There is no ${name} to rotate.`)
  if (value === old) throw new Error(`This is the ${name} of now.`)
  if (!isOverlapping(name)) return { ...secrets, [name]: value }
  if (secrets[previousOf(name)]) throw new Error(`A rotation of ${name} is going on: end it first.`)
  return { ...secrets, [name]: value, [previousOf(name)]: old }
}

/** Without the value before. */
export function ended(secrets: SecretsFile, name: string): SecretsFile {
  if (!secrets[previousOf(name)]) throw new Error(`No rotation of ${name} is going on.`)
  return { ...secrets, [previousOf(name)]: null }
}

function previousOf(name: string): string {
  return `${name}_PREVIOUS`
}

function isOverlapping(name: string): boolean {
  return (OVERLAPPING as readonly string[]).includes(name)
}

/** Does what the arguments say; gives what to tell of it, which is never a secret. `read` gives what comes on standard input. */
export async function secretsCommand(
  [action, path, name = '']: string[],
  read: () => Promise<string>,
): Promise<string> {
  if (path === undefined || (action === 'new') !== (name === '') || (name !== '' && !NAME.test(name)))
    throw new Error(USAGE)
  if (action === 'new') {
    // Fails if there is one: it may be the only copy of what is in use.
    await writeFile(path, written(newSecrets()), { mode: 0o600, flag: 'wx' })
    return `${path} has ${Object.keys(MADE).join(', ')}. Keep a copy where it cannot be lost.`
  }
  const secrets = JSON.parse(await readFile(path, 'utf8')) as SecretsFile
  if (action === 'address') return privateKeyToAddress(secrets[name] as `0x${string}`)
  await writeFile(path, written(await changed(action, secrets, name, read)), { mode: 0o600 })
  return `${name} is changed in ${path}. Send it: wrangler secret bulk ${path} --env <environment>`
}

async function changed(
  action: string | undefined,
  secrets: SecretsFile,
  name: string,
  read: () => Promise<string>,
): Promise<SecretsFile> {
  const given = async (): Promise<string> => {
    const value = (await read()).trim()
    if (value === '') throw new Error(`Give the value of ${name} on standard input.`)
    return value
  }
  if (action === 'set') return { ...secrets, [name]: await given() }
  if (action === 'rotate') return rotated(secrets, name, name in MADE ? undefined : await given())
  if (action === 'end') return ended(secrets, name)
  throw new Error(USAGE)
}

function written(secrets: SecretsFile): string {
  return `${JSON.stringify(secrets, null, 2)}\n`
}

if (import.meta.main)
  await secretsCommand(process.argv.slice(2), () => text(process.stdin)).then(
    (said) => console.log(said),
    (thrown: Error) => {
      console.error(thrown.message)
      process.exitCode = 1
    },
  )
