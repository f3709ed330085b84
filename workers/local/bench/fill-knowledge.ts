/** What agents know: every hundredth has some documents, agent 0 two hundred. Only few of them are found by what is asked. */
import { ago, all, creatorOf, DAYS, type Size } from './numbers.ts'
import { into, type Step } from './steps.ts'

/** Documents of agent 0, and of each other that has any; chunks of each. */
const [MANY, FEW, CHUNKS] = [200, 5, 40]

const documents = (size: Size): string =>
  `${all(size.agents)}, LATERAL generate_series(1, CASE n WHEN 0 THEN ${MANY} ELSE ${FEW} END) AS k WHERE n % 100 = 0`

export function knowledgeSteps(size: Size): [string, Step][] {
  const file = `bench_id('file ' || k || ' of ', n)`
  return [
    [
      'documents',
      into(
        'knowledge_files',
        {
          id: file,
          agent_id: `bench_id('agent', n)`,
          creator_id: `bench_id('creator', ${creatorOf(size, 'n')})`,
          filename: `'handbook-' || k || '.md'`,
          file_type: `'markdown'`,
          file_size: '30000',
          s3_key: `'bench/' || n || '/' || k`,
          chunk_count: String(CHUNKS),
          embedded: String(CHUNKS),
          status: `'ready'`,
          sha256: `md5(n || ' ' || k)`,
          ready_generation: '1',
          created_at: ago(`${DAYS} * (bench_hash(n * 13 + k) % 1000) / 1000.0`),
        },
        documents(size),
      ),
    ],
    [
      'chunks',
      into(
        'knowledge_chunks',
        {
          file_id: file,
          generation: '1',
          place: 'p - 1',
          agent_id: `bench_id('agent', n)`,
          content: `'Section ' || p || ' of handbook ' || k`,
          search: `to_tsvector('simple', 'section ' || p || ' handbook ' || k)`,
        },
        documents(size).replace(' WHERE ', `, LATERAL generate_series(1, ${CHUNKS}) AS p WHERE `),
      ),
    ],
  ]
}
