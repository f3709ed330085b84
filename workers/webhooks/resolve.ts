/** The addresses of a host, by DNS over HTTPS in its JSON form: the only file that asks a resolver. */
import * as z from 'zod'
import { AppError } from '../base/errors.ts'
import { settings, type Bindings } from '../env.ts'
import { readUpTo } from './read-up-to.ts'

const ANSWER_MS = 3_000
const ANSWER_BYTES_MAX = 64 * 1024
const TYPES = { A: 1, AAAA: 28 } as const
/** RFC 1035: no error, and no such name. Whatever else a resolver says, it could not find out. */
const NO_ERROR = 0
const NO_SUCH_NAME = 3

const Answer = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).optional(),
})

/**
 * Every IPv4 and IPv6 address of `host`, as text; none if there is no such host. Throws `resolverUnavailable` if the
 * resolver does not answer, or answers that it could not find out.
 */
export async function addressesOf(env: Bindings, host: string): Promise<string[]> {
  const answers = await Promise.all([ask(env, host, 'A'), ask(env, host, 'AAAA')])
  return answers.flat()
}

async function ask(env: Bindings, host: string, type: keyof typeof TYPES): Promise<string[]> {
  const url = `${settings(env).DNS_URL}?${new URLSearchParams({ name: host, type }).toString()}`
  let answer: z.infer<typeof Answer>
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/dns-json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    if (!response.ok) throw new Error(`The resolver answered ${response.status}.`)
    const { bytes, isWhole } = await readUpTo(response.body, ANSWER_BYTES_MAX)
    // A part of the addresses is not good enough: the one that is missing might be the inside one.
    if (!isWhole) throw new Error('The resolver answered more than is read, or broke off.')
    answer = Answer.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (thrown) {
    throw new AppError('resolverUnavailable', { cause: thrown })
  }
  if (answer.Status === NO_SUCH_NAME) return []
  if (answer.Status !== NO_ERROR) throw new AppError('resolverUnavailable')
  // An alias (CNAME) stands before the addresses that it leads to; it is those that count.
  return (answer.Answer ?? []).filter((record) => record.type === TYPES[type]).map(({ data }) => data)
}
