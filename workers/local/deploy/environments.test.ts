import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { queueName } from '../../base/queue-name.ts'
import { commandsFor } from './resources.ts'
import { environment, ENVIRONMENTS, type EnvironmentName, wranglerConfig } from './environments.ts'

const INDEX = readFileSync(join(import.meta.dirname, '..', '..', 'index.ts'), 'utf8')
/** What an environment has for itself; the last three are wrangler's own. */
const OWN = new Set(['vars', 'routes', 'targetEnvironment', 'definedEnvironments', 'topLevelName'])

/** An environment's configuration with its own name taken off every resource. */
function unnamed(name: EnvironmentName | ''): unknown {
  const text = JSON.stringify(wranglerConfig(name), (key, value: unknown) => (OWN.has(key) ? undefined : value))
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
    const consumed = new Set(consumers.map(({ queue }) => queue))
    expect(new Set([...consumed].map((queue) => queueName(queue)))).toEqual(new Set(known))
    const sentTo = [
      ...producers.flatMap((one) => one.queue ?? []),
      ...consumers.flatMap((one) => one.dead_letter_queue ?? []),
    ]
    expect(sentTo.filter((queue) => !consumed.has(queue))).toEqual([])
  })

  test('everything that it is bound to is made by a command, a queue after the one for its dead letters', () => {
    const { queues, r2_buckets, vectorize } = wranglerConfig(name)
    const made = commandsFor(name).map((line) => line.replace(/^wrangler /, ''))
    const bound = [
      ...(queues.consumers ?? []).map(({ queue }) => `queues create ${queue} --message-retention-period-secs 1209600`),
      ...r2_buckets.map((one) => `r2 bucket create ${one.bucket_name}`),
      ...vectorize.flatMap(({ index_name: index }) => [
        `vectorize create ${index} --dimensions 1536 --metric cosine`,
        `vectorize create-metadata-index ${index} --propertyName file_id --type string`,
      ]),
      `pages project create agentlink-site-${name} --production-branch main`,
    ]
    expect(made.toSorted()).toEqual(bound.toSorted())
    for (const { queue, dead_letter_queue: dead } of queues.consumers ?? [])
      if (dead !== undefined)
        expect(made.findIndex((line) => line.includes(` ${dead} `))).toBeLessThan(
          made.findIndex((line) => line.includes(` ${queue} `)),
        )
  })

  test('its site may call its API, and nobody else’s may', () => {
    const { apiUrl, siteUrl } = environment(name)
    const allowed = (wranglerConfig(name).vars['ALLOWED_ORIGINS'] as string).split(',')
    expect(allowed).toContain(siteUrl)
    expect(allowed.some((origin) => /127\.0\.0\.1|localhost/.test(origin))).toBe(false)
    // The refresh cookie goes only to what counts as the same site.
    expect(new URL(apiUrl).host.replace(/^api\./, '')).toBe(new URL(siteUrl).host.replace(/^app\./, ''))
  })
})
