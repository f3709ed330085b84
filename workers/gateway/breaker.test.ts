import { env } from 'cloudflare:workers'
import { evictDurableObject } from 'cloudflare:test'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { clock } from '../base/clock.ts'
import {
  at,
  CLOSED,
  OPEN_MS,
  PROBES,
  report,
  reportProbe,
  retryAfterMs,
  takeProbe,
  VOLUME_MIN,
  WINDOW_MS,
  type BreakerState,
} from './breaker.ts'
import { passBreaker } from './breaker-copy.ts'

const realNow = clock.now
afterEach(() => {
  clock.now = realNow
})

const fail = { successes: 0, failures: 1 }
const succeed = { successes: 1, failures: 0 }

describe('the state machine', () => {
  test('property 26: it opens exactly when half of at least ten calls within the window have failed', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ failed: fc.boolean(), gapMs: fc.nat(3_000) }), { maxLength: 60 }), (calls) => {
        let breaker: BreakerState = CLOSED
        let now = 1_000_000
        const seen: { failed: boolean; bucket: number }[] = []
        for (const { failed, gapMs } of calls) {
          now += gapMs
          breaker = report(breaker, failed ? fail : succeed, now)
          seen.push({ failed, bucket: Math.floor(now / 1_000) * 1_000 })
          const recent = seen.filter(({ bucket }) => bucket + WINDOW_MS > now)
          const failures = recent.filter((call) => call.failed).length
          const shouldOpen = recent.length >= VOLUME_MIN && failures / recent.length >= 0.5
          expect(breaker.state).toBe(shouldOpen ? 'open' : 'closed')
          if (shouldOpen) return
        }
      }),
    )
  })

  test('it stays open for 30 s, then lets five probes through however many wait, and closes when all went well', () => {
    let breaker: BreakerState = { state: 'open', until: 30_000 }
    expect(at(breaker, 29_999).state).toBe('open')
    expect(retryAfterMs(breaker, 29_000)).toBe(1_000)
    breaker = at(breaker, 30_000)
    let allowed = 0
    for (let i = 0; i < 500; i++) {
      const probe = takeProbe(breaker)
      if (probe.isAllowed) allowed++
      breaker = probe.breaker
    }
    expect(allowed).toBe(PROBES)
    for (let i = 0; i < PROBES - 1; i++) breaker = reportProbe(breaker, 'success', 30_001)
    expect(breaker.state).toBe('half-open')
    expect(reportProbe(breaker, 'success', 30_001).state).toBe('closed')
    expect(reportProbe(breaker, 'failure', 30_001)).toEqual({ state: 'open', until: 30_001 + OPEN_MS })
  })

  test('a probe that says nothing gives its place to the next', () => {
    let breaker: BreakerState = { state: 'half-open', probesGiven: PROBES, probesWell: 0, since: 0 }
    expect(takeProbe(breaker).isAllowed).toBe(false)
    breaker = reportProbe(breaker, 'none', 1)
    expect(takeProbe(breaker).isAllowed).toBe(true)
  })
})

describe('the object and its copies', () => {
  test('ten failures open it for everybody, it says how long, and it survives eviction', async () => {
    const model = 'openai/fails'
    for (let i = 0; i < 10; i++) await (await passBreaker(env, model)).over('failure')
    await expect(passBreaker(env, model)).rejects.toMatchObject({ code: '50301', headers: { 'retry-after': '30' } })
    const breaker = env.BREAKER.get(env.BREAKER.idFromName(model))
    await evictDurableObject(breaker)
    expect(await breaker.report(succeed)).toMatchObject({ state: 'open' })
    clock.now = () => realNow() + 30_001
    const probes = await Promise.allSettled(Array.from({ length: 50 }, () => passBreaker(env, model)))
    const passes = probes.filter((probe) => probe.status === 'fulfilled').map((probe) => probe.value)
    expect(passes.length).toBe(PROBES)
    for (const pass of passes) await pass.over('success')
    await expect(passBreaker(env, model)).resolves.toBeDefined()
  })

  test('outcomes that say nothing of the provider never open it', async () => {
    for (let i = 0; i < 30; i++) await (await passBreaker(env, 'openai/callers')).over('none')
    await expect(passBreaker(env, 'openai/callers')).resolves.toBeDefined()
  })

  test('while it is closed a call asks the object at most once a second', async () => {
    const model = 'openai/quiet'
    await (await passBreaker(env, model)).over('success')
    let asked = 0
    const counting = {
      ...env,
      BREAKER: {
        idFromName: () => ({}),
        get: () => {
          asked++
          throw new Error('away')
        },
      },
    }
    for (let i = 0; i < 100; i++) await (await passBreaker(counting as never, model)).over('success')
    expect(asked).toBe(0)
  })
})
