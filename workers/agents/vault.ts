/**
 * The vault: the only place that can decrypt a prompt. AES-256-GCM with a random 96-bit IV; the id of the key stands
 * beside each ciphertext, and its place (table, column, agent, version) is authenticated with it, so that a ciphertext
 * moved anywhere else does not open. Nothing here logs, and no error quotes what was sealed or a key.
 *
 * Random IVs are safe for 2³² encryptions under one key; every save of an agent is two.
 */
import * as z from 'zod'
import { Memory } from '../base/memory.ts'
import { AgentConfig, withChange, type ConfigChange, type ShownConfig } from './config.ts'

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const PLAINTEXT_BYTES_MAX = 256 * 1024
const KEYS_IN_MEMORY = 4
const ALGORITHM = 'AES-GCM'

let textOf: (sealed: Sealed) => string

/** A secret text that can be carried but not read: every way of turning it into a string throws or gives nothing of it. */
export class Sealed {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    Object.freeze(this)
  }

  static {
    textOf = (sealed) => sealed.#text
  }

  [Symbol.toPrimitive](): never {
    return refuse()
  }

  toString(): never {
    return refuse()
  }

  toJSON(): never {
    return refuse()
  }
}

function refuse(): never {
  throw new TypeError('A sealed text does not turn into a string.')
}

/**
 * The sealed text, in the open. Called where a prompt enters a provider's request, where the guard compiles it and where
 * its owner reads it, and nowhere else: the rules of the house (form.test.ts) name those three files.
 */
export function reveal(sealed: Sealed): string {
  return textOf(sealed)
}

/** Where a ciphertext belongs. It opens there and nowhere else. */
export type Place = { table: 'agents' | 'agent_versions'; column: 'config_encrypted'; agentId: string; version: number }

export type SealedRecord = { ciphertext: Uint8Array; iv: Uint8Array; keyId: string }

/** The Worker's environment, or whatever holds `ENCRYPTION_KEY` and perhaps `ENCRYPTION_KEY_PREVIOUS`: both are checked here. */
export type VaultEnv = Record<string, unknown>

/** A decrypted configuration: everything but the prompt in the open. */
export type OpenedConfig = ShownConfig & { prompt: Sealed }

/** Encrypts `plaintext` for its place with the current key. Throws if that key is missing or malformed: nothing is written in the open. */
export async function seal(env: VaultEnv, place: Place, plaintext: string): Promise<SealedRecord> {
  const key = readKey('ENCRYPTION_KEY', env.ENCRYPTION_KEY)
  const bytes = new TextEncoder().encode(plaintext)
  if (bytes.length > PLAINTEXT_BYTES_MAX) throw new RangeError('This text is too long for the vault.')
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const options = { name: ALGORITHM, iv, additionalData: bind(place) }
  const ciphertext = await crypto.subtle.encrypt(options, await imported(key), bytes)
  return { ciphertext: new Uint8Array(ciphertext), iv, keyId: key.id }
}

/** Decrypts what was sealed for this place. Throws `VaultError` if it was altered, moved, or its key is not at hand. */
export async function open(env: VaultEnv, place: Place, record: SealedRecord): Promise<Sealed> {
  return new Sealed(await decrypt(env, place, record))
}

/** Encrypts a configuration as the JSON the vault reads back. */
export function sealConfig(env: VaultEnv, place: Place, config: AgentConfig): Promise<SealedRecord> {
  return seal(env, place, JSON.stringify(config))
}

/** Decrypts a configuration; its prompt stays sealed. Throws `VaultError`, also for what is no configuration. */
export async function openConfig(env: VaultEnv, place: Place, record: SealedRecord): Promise<OpenedConfig> {
  const parsed = AgentConfig.safeParse(parseJson(await decrypt(env, place, record)))
  if (!parsed.success) throw new VaultError('The decrypted text is no configuration of an agent.')
  const { system_prompt: prompt, ...rest } = parsed.data
  return { ...rest, prompt: new Sealed(prompt) }
}

/** Encrypts an opened configuration again. */
export function sealOpened(env: VaultEnv, place: Place, { prompt, ...config }: OpenedConfig): Promise<SealedRecord> {
  return sealConfig(env, place, { ...config, system_prompt: textOf(prompt) })
}

/** An opened configuration with a change, whose prompt, if it has one, is sealed. Throws `validationFailed` if that is none. */
export function changeConfig({ prompt, ...before }: OpenedConfig, change: ConfigChange): OpenedConfig {
  const { system_prompt: text } = change
  return { ...withChange(before, change), prompt: text === undefined ? prompt : new Sealed(text) }
}

/** The same text under the current key, for the same place or for another one. */
export async function reseal(
  env: VaultEnv,
  from: Place,
  record: SealedRecord,
  to: Place = from,
): Promise<SealedRecord> {
  return seal(env, to, await decrypt(env, from, record))
}

/** The id of the key that is written with. */
export function currentKeyId(env: VaultEnv): string {
  return readKey('ENCRYPTION_KEY', env.ENCRYPTION_KEY).id
}

/** A ciphertext that does not open, or a key that is not as it must be. Its message never holds a secret. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

async function decrypt(env: VaultEnv, place: Place, record: SealedRecord): Promise<string> {
  const key = findKey(env, record.keyId)
  const { ciphertext, iv } = record
  if (iv.length !== IV_BYTES || ciphertext.length < TAG_BYTES) throw new VaultError('This is no ciphertext.')
  const options = { name: ALGORITHM, iv: owned(iv), additionalData: bind(place) }
  let bytes: ArrayBuffer
  try {
    bytes = await crypto.subtle.decrypt(options, await imported(key), owned(ciphertext))
  } catch {
    // The cause is left out: WebCrypto says no more than that it failed, and that much is said here.
    throw new VaultError('A ciphertext does not open: it was altered, moved, or sealed with another key.')
  }
  return new TextDecoder().decode(bytes)
}

/** The place as bytes. JSON of an array is unambiguous: no two places give the same bytes. */
function bind({ table, column, agentId, version }: Place): Uint8Array<ArrayBuffer> {
  return owned(new TextEncoder().encode(JSON.stringify(['agentlink.1', table, column, agentId.toLowerCase(), version])))
}

/** JSON.parse quotes what it was given in its error; that must not go on. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new VaultError('The decrypted text is no JSON.')
  }
}

type Key = { id: string; base64: string }

const KeyText = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}:[A-Za-z0-9+/]{43}=$/)

function readKey(name: string, value: unknown): Key {
  const parsed = KeyText.safeParse(value)
  if (!parsed.success) throw new VaultError(`${name} must be written keyId:base64, the base64 of ${KEY_BYTES} bytes.`)
  const [id = '', base64 = ''] = parsed.data.split(':')
  return { id, base64 }
}

function findKey(env: VaultEnv, keyId: string): Key {
  const current = readKey('ENCRYPTION_KEY', env.ENCRYPTION_KEY)
  if (current.id === keyId) return current
  if (env.ENCRYPTION_KEY_PREVIOUS !== undefined && env.ENCRYPTION_KEY_PREVIOUS !== '') {
    const previous = readKey('ENCRYPTION_KEY_PREVIOUS', env.ENCRYPTION_KEY_PREVIOUS)
    if (previous.id === keyId) return previous
  }
  throw new VaultError('A ciphertext names a key that is not at hand.')
}

/** A key as WebCrypto has it, in the Worker and in Node: the two name the type differently. */
type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const importedKeys = new Memory<ImportedKey>(KEYS_IN_MEMORY)

async function imported({ base64 }: Key): Promise<ImportedKey> {
  const known = importedKeys.get(base64)
  if (known) return known
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  const key = await crypto.subtle.importKey('raw', bytes, ALGORITHM, false, ['encrypt', 'decrypt'])
  importedKeys.set(base64, key)
  return key
}

/** The same bytes in a buffer of their own, as WebCrypto's types ask; a driver may have handed out a view of a shared one. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
