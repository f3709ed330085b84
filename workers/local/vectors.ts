/**
 * The stand-in for Vectorize: a store (`vectors/store.ts`) behind a door that the local binding (`vectors/worker.ts`) asks.
 * Tests steer it under `/__control`: late visibility, answers that are not true, being away.
 */
import { createReadStream } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { type Answer, CUT, type HttpDoor, json, openHttpDoor } from './http-door.ts'
import { type Match, type Options, Refused, type Vector, VectorStore } from './vectors/store.ts'

/** A thousand vectors as JSON. */
const BODY_BYTES_MAX = 64 * 1024 * 1024

/** Opens the store on 127.0.0.1; port 0 is any free one. With `file` it is kept there from one start to the next. */
export async function startVectors(options: { port: number; file?: string }): Promise<HttpDoor> {
  const store = new VectorStore()
  if (options.file !== undefined) await read(store, options.file)
  const state = { isAway: false, queries: 0 }
  const answer = async (asked: { method: string; path: string; query: URLSearchParams; body: string }) => {
    if (asked.path.startsWith('/__control/')) return control(store, state, asked)
    if (state.isAway) return CUT
    try {
      const { vectors, ids, vector, options } = JSON.parse(asked.body) as {
        vectors: Vector[]
        ids: string[]
        vector: number[]
        options: Options
      }
      switch (asked.path) {
        case '/upsert':
          store.upsert(vectors)
          return json(200, { mutationId: crypto.randomUUID() })
        case '/deleteByIds':
          store.deleteByIds(ids)
          return json(200, { mutationId: crypto.randomUUID() })
        case '/getByIds':
          return json(200, store.getByIds(ids))
        case '/query': {
          state.queries++
          const matches = store.query(vector, options)
          return json(200, { count: matches.length, matches })
        }
        default:
          return json(404, 'There is no such method.')
      }
    } catch (thrown) {
      if (thrown instanceof Refused) return json(400, thrown.message)
      throw thrown
    }
  }
  const door = await openHttpDoor(options.port, answer, BODY_BYTES_MAX)
  return {
    url: door.url,
    stop: async () => {
      await door.stop()
      if (options.file !== undefined) await write(store, options.file)
    },
  }
}

type State = { isAway: boolean; queries: number }

function control(
  store: VectorStore,
  state: State,
  asked: { path: string; query: URLSearchParams; body: string },
): Answer {
  switch (asked.path.slice('/__control/'.length)) {
    case 'ids':
      return json(200, store.idsBeginningWith(asked.query.get('prefix') ?? ''))
    case 'queries':
      return json(200, state.queries)
    case 'late':
      store.isLate = asked.query.get('on') === 'true'
      if (!store.isLate) store.catchUp()
      return json(200, {})
    case 'away':
      state.isAway = asked.query.get('on') === 'true'
      return json(200, {})
    case 'lie':
      store.lie = asked.body === '' ? null : (JSON.parse(asked.body) as Match[])
      return json(200, {})
    default:
      return json(404, {})
  }
}

async function read(store: VectorStore, file: string): Promise<void> {
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) store.restore(line)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
  }
}

/** Written beside and moved into place, so that a half-written file is never read. */
async function write(store: VectorStore, file: string): Promise<void> {
  await writeFile(`${file}.new`, [...store.lines()].join(''))
  await rename(`${file}.new`, file)
}
