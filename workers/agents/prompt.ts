/**
 * A prompt as its owner sees it: read, measured, and looked over before it is saved. Besides the provider's request and the
 * guard this is the only place where one is opened, and nothing here is given to anybody else.
 */
import { reveal, type Sealed } from './vault.ts'

/** A run of a prompt this long that everybody can read already gives away what the guard would hold back. */
const OVERLAP_CHARS = 50

/** What begins or looks like a credential. A prompt is no place for one: the model could be talked into using it. */
const CREDENTIALS = [
  /\bsk-(?=[\w-]*\d)[\w-]{20,}/,
  /\b[rs]k_(live|test)_[A-Za-z0-9]{16,}/,
  /\bak_[A-Za-z0-9]{32}\b/,
  /\bgh[opsur]_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_\w{20,}/,
  /\bglpat-[\w-]{20,}/,
  /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bAIza[\w-]{35}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /\bhf_[A-Za-z0-9]{30,}/,
  /\bwhsec_[A-Za-z0-9+/]{20,}/,
  /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./,
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/,
]

/** The prompt in the open, for its owner. */
export function readPrompt(prompt: Sealed): string {
  return reveal(prompt)
}

export type Measured = { chars: number; bytes: number; sha256: string }

/** How long a prompt is, and a fingerprint that says whether it is another's like. */
export async function measure(prompt: Sealed): Promise<Measured> {
  const text = reveal(prompt)
  const bytes = new TextEncoder().encode(text)
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return { chars: text.length, bytes: bytes.length, sha256: new Uint8Array(digest).toHex() }
}

/** Whether there is anything to read in a prompt. */
export function isBlank(prompt: Sealed): boolean {
  return reveal(prompt).trim() === ''
}

/** Whether a prompt holds what looks like a credential. */
export function holdsCredential(prompt: Sealed): boolean {
  const text = reveal(prompt)
  return CREDENTIALS.some((credential) => credential.test(text))
}

/** Whether a run of `OVERLAP_CHARS` of a prompt stands in `shown`, but for case and spacing. */
export function isShownIn(prompt: Sealed, shown: string): boolean {
  const [secret, open] = [plain(reveal(prompt)), plain(shown)]
  const runs = new Set<string>()
  for (let at = 0; at + OVERLAP_CHARS <= open.length; at++) runs.add(open.slice(at, at + OVERLAP_CHARS))
  if (runs.size === 0) return false
  for (let at = 0; at + OVERLAP_CHARS <= secret.length; at++)
    if (runs.has(secret.slice(at, at + OVERLAP_CHARS))) return true
  return false
}

function plain(text: string): string {
  return text.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim()
}
