/** What a visitor can do about an error, in one or two sentences. */
import { API_URL, type ApiError } from '../api.ts'

const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(API_URL).hostname)

const REMEDIES: Record<string, string> = {
  unreachable: isLocal
    ? 'Start the local stack with “npm start” in the repository, wait until it says it is ready, then try again.'
    : 'Check your connection and try again. If it stays away, it is our fault.',
  cut: 'The call was not charged. Run it again.',
  '40103': isLocal
    ? 'Paste the developer key that “npm start” printed. It is also in .local/stack.json under demo.developer.apiKey.'
    : 'Paste a key that begins with ak_ and has not been revoked.',
  '40201': 'This agent costs more than one unit of quota. Top up the balance, or choose a cheaper agent.',
  '40304': 'That is the guard at work: the answer would have carried a part of the prompt.',
  '40401': 'The agent may have been withdrawn since the list was read. Reload the page.',
  '42901': 'All calls of this key’s account are used. Nothing was charged for this one.',
  '42902': 'Wait a minute, then run it again.',
}

/** The remedy for `error`; a general one where its code has none of its own. */
export function remedy(error: ApiError): string {
  return REMEDIES[error.code] ?? 'Try again. If it happens twice, send us the request id.'
}
