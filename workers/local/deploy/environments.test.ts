import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { queueName } from '../../base/queue-name.ts'
import { environment, ENVIRONMENTS, type EnvironmentName, wranglerConfig } from './environments.ts'

const INDEX = readFileSync(join(import.meta.dirname, '..', '..', 'index.ts'), 'utf8')
/** What an environment has for itself; the last three are wrangler's own. */
const OWN = ['vars', 'routes', 'targetEnvironment', 'definedEnvironments', 'topLevelName']

/** An environment's configuration with its own name taken off every resource. */
function unnamed(name: EnvironmentName | ''): unknown {
  const text = JSON.stringify(wranglerConfig(name), (key, value: unknown) => (OWN.includes(key) ? undefined : value))
  return JSON.parse(name === '' ? text : text.replaceAll(`-${name}"`, '"'))
}

describe.each(ENVIRONMENTS)('%s', (name) => {
  test('differs from what runs on a machine of one’s own in the names of its resources, its routes and its variables only', () => {
    expect(unnamed(name)).toEqual(unnamed(''))
  })

  test('shares no resource with what is deployed beside it', () => {
    const [ours, others] = [name, ...ENVIRONMENTS.filter((other) => other !== name)].map((one) => {
      const { name: worker, queues, r2_buckets, vectorize } = wranglerConfig(one)
      const queued = (queues.consumers ?? []).map(({ queue }) => queue)
      return [
        worker,
        ...queued,
        ...r2_buckets.map((bucket) => bucket.bucket_name),
        ...vectorize.map((v) => v.index_name),
      ]
    })
    expect(ours).toHaveLength(1 + 22 + 2 + 1)
    expect(ours?.filter((resource) => others?.includes(resource))).toEqual([])
  })

  test('every queue has a consumer in the code, and everything it sends to is consumed', () => {
    const { producers = [], consumers = [] } = wranglerConfig(name).queues
    const known = [...INDEX.matchAll(/^ {2}'?([\w-]+)'?: \w+Queue,/gm)].map((match) => match[1])
    expect(consumers.map(({ queue = '' }) => queueName(queue)).toSorted()).toEqual(known.toSorted())
    const consumed = new Set(consumers.map(({ queue }) => queue))
    const sentTo = [
      ...producers.flatMap((one) => one.queue ?? []),
      ...consumers.flatMap((one) => one.dead_letter_queue ?? []),
    ]
    expect(sentTo.filter((queue) => !consumed.has(queue))).toEqual([])
  })

  test('its site may call its API, and nobody else’s may', () => {
    const { apiUrl, siteUrl } = environment(name)
    const allowed = String(wranglerConfig(name).vars['ALLOWED_ORIGINS']).split(',')
    expect(allowed).toContain(siteUrl)
    expect(allowed.some((origin) => /127\.0\.0\.1|localhost/.test(origin))).toBe(false)
    // The refresh cookie goes only to what counts as the same site.
    expect(new URL(apiUrl).host.replace(/^api\./, '')).toBe(new URL(siteUrl).host.replace(/^app\./, ''))
  })
})
