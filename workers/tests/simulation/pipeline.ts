/**
 * The statements of one request of the Worker, sent to PostgreSQL at once and answered at once: without a Sync in between they are one
 * transaction. Each text is parsed and described once a connection, which is most of what a short statement costs.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Client, Connection, DatabaseError, Submittable } from 'pg'
import type { Query } from '../../local/postgres-http.ts'

type Value = string | null
/** A result as Neon's HTTP protocol tells it, with every value as text. */
export type Result = { command: string; rowCount: number; fields: object[]; rowAsArray: true; rows: Value[][] }
/** A text as the connection knows it. */
type Statement = { text: string; name: string; fields: object[]; isParsed: boolean }
type Wire = Connection & Record<'parse' | 'bind' | 'describe' | 'execute', (message: object) => void> & { sync(): void }

/** A connection that answers requests, one after the other. */
export class Pipeline {
  readonly #client: Client
  readonly #parsed = new Map<string, Statement>()
  #names = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(client: Client) {
    this.#client = client
  }

  /** All of the statements or none. Rejects with the database's error. */
  run(queries: Query[]): Promise<Result[]> {
    const answer = this.#last.then(() => this.#send(queries))
    this.#last = answer.catch(() => {})
    return answer
  }

  /** Comes when nothing is asked, and nothing that was answered asks further. */
  async rest(): Promise<void> {
    for (let last: unknown = null; last !== this.#last; await nextTurn()) {
      last = this.#last
      await last
    }
  }

  async #send(queries: Query[]): Promise<Result[]> {
    const statements = queries.map(({ query }) => this.#parsed.get(query) ?? this.#statement(query))
    const results = await new Promise<Result[]>((done, failed) => {
      this.#client.query(new Request(queries, statements, done, failed))
    })
    for (const statement of statements) this.#parsed.set(statement.text, { ...statement, isParsed: true })
    return results
  }

  #statement(text: string): Statement {
    return { text, name: `s${this.#names++}`, fields: [], isParsed: false }
  }
}

/** What `pg` sends for us, and tells what the server says to it. */
class Request implements Submittable {
  readonly #queries: Query[]
  readonly #statements: Statement[]
  readonly #done: (results: Result[]) => void
  readonly #results: Result[] = []
  readonly handleError: (error: DatabaseError) => void
  #rows: Value[][] = []

  constructor(
    queries: Query[],
    statements: Statement[],
    done: (results: Result[]) => void,
    failed: (error: DatabaseError) => void,
  ) {
    this.#queries = queries
    this.#statements = statements
    this.#done = done
    this.handleError = failed
  }

  submit(connection: Connection): void {
    const wire = connection as Wire
    wire.stream.cork()
    this.#statements.forEach(({ text, name, isParsed }, at) => {
      const params = this.#queries[at]?.params ?? []
      if (!isParsed) wire.parse({ name, text })
      if (!isParsed) wire.describe({ type: 'S', name })
      wire.bind({ statement: name, values: params.map((value) => (value === null ? null : String(value))) })
      wire.execute({})
    })
    wire.sync()
    wire.stream.uncork()
  }

  handleRowDescription({ fields }: { fields: object[] }): void {
    const statement = this.#statements[this.#results.length]
    if (statement) statement.fields = fields
  }

  handleDataRow({ fields }: { fields: Value[] }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const [command = '', ...numbers] = text.split(' ')
    const fields = this.#statements[this.#results.length]?.fields ?? []
    this.#results.push({ command, rowCount: Number(numbers.at(-1) ?? 0), fields, rowAsArray: true, rows: this.#rows })
    this.#rows = []
  }

  handleReadyForQuery(): void {
    this.#done(this.#results)
  }
}
