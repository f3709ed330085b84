/**
 * `npm run --silent resources -- staging|production`: the commands that make what wrangler.toml binds in an environment, one a line,
 * to be read and then handed to a shell. Making what is there fails and harms nothing.
 */
import { environment, type EnvironmentName, ENVIRONMENTS, wranglerConfig } from './environments.ts'

/** Of text-embedding-3-small; see EMBEDDING_MODEL in workers/env.ts. */
const DIMENSIONS = 1_536
/** The longest that Cloudflare keeps a message: a consumer may be away for so long. */
const RETENTION_SECONDS = 14 * 86_400
/** Indexed from the first vector on, since those that are there before an index are not in it. */
const METADATA = 'file_id'

/** The commands for an environment. Dead-letter queues come first, since their queues name them. */
export function commandsFor(name: EnvironmentName): string[] {
  const { queues, r2_buckets, vectorize } = wranglerConfig(name)
  const { pagesProject } = environment(name)
  const consumers = (queues.consumers ?? []).toSorted(
    (one, other) => Number(other.dead_letter_queue === undefined) - Number(one.dead_letter_queue === undefined),
  )
  return [
    ...consumers.map(
      ({ queue }) => `wrangler queues create ${queue} --message-retention-period-secs ${RETENTION_SECONDS}`,
    ),
    ...r2_buckets.map((one) => `wrangler r2 bucket create ${one.bucket_name}`),
    ...vectorize.flatMap(({ index_name: index }) => [
      `wrangler vectorize create ${index} --dimensions ${DIMENSIONS} --metric cosine`,
      `wrangler vectorize create-metadata-index ${index} --propertyName ${METADATA} --type string`,
    ]),
    `wrangler pages project create ${pagesProject} --production-branch main`,
  ]
}

if (import.meta.main) {
  const name = ENVIRONMENTS.find((one) => one === process.argv[2])
  if (name) console.log(commandsFor(name).join('\n'))
  else {
    console.error('Usage: npm run --silent resources -- staging|production')
    process.exitCode = 1
  }
}
