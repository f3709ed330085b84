import { afterEach, describe, expect, test, vi } from 'vitest'
import { clock } from '../../base/clock.ts'
import type { FailureKind, ProviderName } from './provider.ts'
import { provider } from './providers.ts'

const NAMES: ProviderName[] = ['openai', 'anthropic', 'google']

function read(name: ProviderName, status: number, body: unknown = '', headers: Record<string, string> = {}) {
  return provider(name).readError(status, new Headers(headers), typeof body === 'string' ? body : JSON.stringify(body))
}

afterEach(() => vi.restoreAllMocks())

describe.each(NAMES)('an error of %s', (name) => {
  test.each<[number, FailureKind]>([
    [302, 'malformed'],
    [400, 'refused'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [408, 'timeout'],
    [413, 'context_length'],
    [429, 'rate_limited'],
    [500, 'server'],
    [502, 'server'],
    [503, 'overloaded'],
    [504, 'server'],
    [529, 'overloaded'],
  ])('with status %i is `%s`, whatever its body looks like', (status, kind) => {
    const bodies = [
      '',
      '<html>',
      'null',
      '7',
      '[]',
      '[null]',
      '{"error":null}',
      '{"error":"a"}',
      '{"error":{"code":{}}}',
    ]
    for (const body of [...bodies, 'x'.repeat(64 * 1024)]) expect(read(name, status, body).kind).toBe(kind)
  })

  test('keeps nothing of what the provider said', () => {
    const secret = 'Incorrect API key provided: sk-secret. You sent: PROMPT-secret'
    const failure = read(name, 401, { error: { message: secret, code: secret, type: secret } }, { 'x-a': secret })
    expect([failure.message, failure.stack, JSON.stringify(failure), String(failure.cause)].join()).not.toContain(
      'secret',
    )
  })

  test.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 21 Oct 2020 07:28:30 GMT' }, 0],
    [{ 'retry-after': '999999' }, 3_600_000],
    [{ 'retry-after': 'Wed, 21 Oct 2099 07:28:30 GMT' }, 3_600_000],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '1e9' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ])('with the headers %j is to be waited for: %s ms', (headers: Record<string, string>, ms) => {
    vi.spyOn(clock, 'now').mockReturnValue(Date.UTC(2026, 9, 21, 7, 28, 0))
    expect(read(name, 429, '', headers).retryAfterMs).toBe(ms)
  })
})

test.each<[ProviderName, number, unknown, FailureKind]>([
  ['openai', 400, { error: { code: 'context_length_exceeded', type: 'invalid_request_error' } }, 'context_length'],
  ['openai', 400, { error: { code: 'content_policy_violation' } }, 'content_filter'],
  ['openai', 400, { error: { code: 'invalid_prompt' } }, 'content_filter'],
  ['openai', 429, { error: { code: 'insufficient_quota' } }, 'rate_limited'],
  ['openai', 500, { error: { code: 'context_length_exceeded' } }, 'server'],
  ['anthropic', 400, { error: { message: 'prompt is too long: 207791 tokens > 200000 maximum' } }, 'context_length'],
  ['anthropic', 400, { error: { message: 'Output blocked by content filtering policy' } }, 'content_filter'],
  ['anthropic', 529, { error: { message: 'prompt is too long' } }, 'overloaded'],
  [
    'google',
    400,
    { error: { message: 'The input token count (9) exceeds the maximum number of …' } },
    'context_length',
  ],
  ['google', 400, [{ error: { message: 'The input token count (9) exceeds …' } }], 'context_length'],
  ['google', 400, { error: { details: [{ reason: 'API_KEY_INVALID' }] } }, 'refused'],
])('%s: %i %j is `%s`', (name, status, body, kind) => {
  expect(read(name, status, body).kind).toBe(kind)
})

test.each([
  ['34.4s', 34_400],
  ['0s', 0],
  ['99999s', 3_600_000],
  ['-3s', undefined],
  ['soon', undefined],
  [7, undefined],
])('the delay %j among the details of an error of Google is %s ms', (retryDelay, ms) => {
  const details = [null, { '@type': 'type.googleapis.com/google.rpc.QuotaFailure' }, { retryDelay }]
  expect(read('google', 429, { error: { code: 429, details } }).retryAfterMs).toBe(ms)
})
