/**
 * What Vectorize keeps, in memory: vectors under ids, each in a namespace, found by their cosine. It refuses what Vectorize
 * refuses (https://developers.cloudflare.com/vectorize/platform/limits/), so that code that passes here passes there.
 */
export const LIMITS = {
  dimensions: 1_536,
  /** Vectors in one upsert from a Worker, ids in one deletion. */
  batch: 1_000,
  /** Ids in one `getByIds`. */
  ids: 20,
  topK: 100,
  /** The same where values or all metadata are asked for. */
  topKWithValues: 50,
  idBytes: 64,
  namespaceBytes: 64,
  metadataBytes: 10_240,
  filterBytes: 2_048,
}

type Metadata = Record<string, unknown>
export type Vector = { id: string; values: number[]; namespace?: string; metadata?: Metadata }
export type Options = {
  topK?: number
  namespace?: string
  returnValues?: boolean
  returnMetadata?: boolean | 'all' | 'indexed' | 'none'
  filter?: Metadata
}
export type Match = { id: string; score: number; namespace?: string; values?: number[]; metadata?: Metadata }

/** Something that Vectorize would not take. */
export class Refused extends Error {}

type Kept = { values: Float32Array; namespace: string; metadata: Metadata }

export class VectorStore {
  readonly #vectors = new Map<string, Kept>()
  /** Changes that are accepted and not visible yet, while visibility is late. */
  readonly #pending: (() => void)[] = []
  /** True while what is written shows only after `catchUp`, as it is for some seconds at Cloudflare. */
  isLate = false
  /** Given in place of what a query finds, for tests of what is done about a store that is wrong. */
  lie: Match[] | null = null

  get size(): number {
    return this.#vectors.size
  }

  /** The ids that begin so, for tests that look for what was left behind. */
  idsBeginningWith(prefix: string): string[] {
    return [...this.#vectors.keys()].filter((id) => id.startsWith(prefix)).sort()
  }

  upsert(vectors: Vector[]): void {
    if (vectors.length > LIMITS.batch) throw new Refused(`too many vectors: ${vectors.length} > ${LIMITS.batch}`)
    for (const { id, values, namespace = '', metadata = {} } of vectors) {
      if (id === '' || Buffer.byteLength(id) > LIMITS.idBytes) throw new Refused(`id too long or empty`)
      if (values.length !== LIMITS.dimensions) throw new Refused(`expected ${LIMITS.dimensions} dimensions`)
      if (!values.every((value) => Number.isFinite(value))) throw new Refused('values must be numbers')
      if (Buffer.byteLength(namespace) > LIMITS.namespaceBytes) throw new Refused('namespace too long')
      if (Buffer.byteLength(JSON.stringify(metadata)) > LIMITS.metadataBytes) throw new Refused('metadata too large')
    }
    this.#change(() => {
      for (const { id, values, namespace = '', metadata = {} } of vectors)
        this.#vectors.set(id, { values: unit(values), namespace, metadata })
    })
  }

  deleteByIds(ids: string[]): void {
    if (ids.length > LIMITS.batch) throw new Refused(`too many ids: ${ids.length} > ${LIMITS.batch}`)
    this.#change(() => {
      for (const id of ids) this.#vectors.delete(id)
    })
  }

  getByIds(ids: string[]): Vector[] {
    if (ids.length > LIMITS.ids) throw new Refused(`too many ids: ${ids.length} > ${LIMITS.ids}`)
    return ids.flatMap((id) => {
      const kept = this.#vectors.get(id)
      return kept ? [{ id, values: [...kept.values], namespace: kept.namespace, metadata: kept.metadata }] : []
    })
  }

  /** The nearest vectors of a namespace, nearest first. */
  query(vector: number[], options: Options): Match[] {
    const { topK = 5, namespace, returnValues = false, returnMetadata = 'none', filter } = options
    const isHeavy = returnValues || returnMetadata === true || returnMetadata === 'all'
    const most = isHeavy ? LIMITS.topKWithValues : LIMITS.topK
    if (vector.length !== LIMITS.dimensions) throw new Refused(`expected ${LIMITS.dimensions} dimensions`)
    if (topK < 1 || topK > most) throw new Refused(`topK must be 1 to ${most}`)
    if (filter && Buffer.byteLength(JSON.stringify(filter)) > LIMITS.filterBytes) throw new Refused('filter too large')
    if (this.lie) return this.lie
    const asked = unit(vector)
    return [...this.#vectors]
      .filter(([, kept]) => (namespace === undefined || kept.namespace === namespace) && fits(kept.metadata, filter))
      .map(([id, kept]) => ({ id, kept, score: dot(asked, kept.values) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, topK)
      .map(({ id, kept, score }) => ({
        id,
        score,
        namespace: kept.namespace,
        ...(returnValues ? { values: [...kept.values] } : {}),
        ...(returnMetadata === false || returnMetadata === 'none' ? {} : { metadata: kept.metadata }),
      }))
  }

  /** Makes everything visible that was written. */
  catchUp(): void {
    for (const change of this.#pending.splice(0)) change()
  }

  /** All of it as lines of text, and back. */
  *lines(): Iterable<string> {
    for (const [id, { values, namespace, metadata }] of this.#vectors)
      yield `${JSON.stringify({ id, namespace, metadata, values: base64(values) })}\n`
  }

  restore(line: string): void {
    const { id, values, ...rest } = JSON.parse(line) as { id: string; values: string } & Omit<Kept, 'values'>
    const bytes = new Uint8Array(Buffer.from(values, 'base64'))
    this.#vectors.set(id, { ...rest, values: new Float32Array(bytes.buffer) })
  }

  #change(change: () => void): void {
    if (this.isLate) this.#pending.push(change)
    else change()
  }
}

function fits(metadata: Metadata, filter: Metadata | undefined): boolean {
  return Object.entries(filter ?? {}).every(([field, wanted]) => {
    const value = metadata[field]
    if (typeof wanted !== 'object' || wanted === null) return value === wanted
    return Object.entries(wanted).every(([operator, operand]) => compare(operator, value, operand))
  })
}

function compare(operator: string, value: unknown, operand: unknown): boolean {
  switch (operator) {
    case '$eq':
      return value === operand
    case '$ne':
      return value !== operand
    case '$in':
      return Array.isArray(operand) && operand.includes(value)
    case '$nin':
      return Array.isArray(operand) && !operand.includes(value)
    case '$lt':
      return (value as number) < (operand as number)
    case '$lte':
      return (value as number) <= (operand as number)
    case '$gt':
      return (value as number) > (operand as number)
    case '$gte':
      return (value as number) >= (operand as number)
    default:
      throw new Refused(`there is no operator ${operator}`)
  }
}

function unit(values: number[]): Float32Array {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, (value) => value / length)
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0)
  return sum
}

function base64(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
}
