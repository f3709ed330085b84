/** What a test writes into the last user message to make a provider stand-in misbehave. Runs in Node and in workerd. */
import { type Fault, WORDS } from '../local/providers/faults.ts'

/** `fault({ status: 500 })` → `[[fault:status=500]]`. Put it anywhere in the text; it never shows in an answer. */
export function fault(wanted: Fault): string {
  const words = Object.entries(wanted).map(([name, value]) => {
    const [word, kind] = WORDS[name as keyof Fault]
    if (kind === 'flag') return value ? word : ''
    return `${word}=${kind === 'text' ? toBase64Url(String(value)) : String(value)}`
  })
  return `[[fault:${words.filter(Boolean).join(';')}]]`
}

function toBase64Url(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
