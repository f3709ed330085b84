/**
 * What a stand-in remembers: things by kind and id, in memory, and in a file if there is to be one. Every change is a line at
 * the file's end before it is answered for; the last line about an id says what it is now.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

type Line = [kind: string, id: string, thing: unknown]

export type Shelf<T> = {
  get(id: string): T | undefined
  put(id: string, thing: T): T
  remove(id: string): void
  /** In the order in which they were first put there, as `keys`. */
  all(): T[]
  keys(): string[]
}

export class Shelves {
  readonly #kinds = new Map<string, Map<string, unknown>>()
  readonly #file: string | undefined
  /** What is to be written together; null while every change is written by itself. */
  #pending: Line[] | null = null

  /** With what the file holds; a last line that a crash has cut short never happened. */
  constructor(file?: string) {
    this.#file = file
    if (file === undefined) return
    mkdirSync(dirname(file), { recursive: true })
    for (const line of readLines(file)) this.#set(line)
    const lines = [...this.#kinds].flatMap(([kind, things]) =>
      [...things].map(([id, thing]) => written([kind, id, thing])),
    )
    writeFileSync(`${file}.new`, lines.join(''))
    renameSync(`${file}.new`, file)
  }

  /** The shelf of a kind. The caller answers for all that is put there being of one type. */
  of<T>(kind: string): Shelf<T> {
    const things = this.#things(kind) as Map<string, T>
    return {
      get: (id) => things.get(id),
      put: (id, thing) => {
        this.#change([kind, id, thing])
        return thing
      },
      remove: (id) => this.#change([kind, id, null]),
      all: () => [...things.values()],
      keys: () => [...things.keys()],
    }
  }

  /** The changes that this makes are written at once: whoever is killed has done all of them or none. */
  together<T>(act: () => T): T {
    this.#pending = []
    try {
      return act()
    } finally {
      const lines = this.#pending.map(written).join('')
      this.#pending = null
      if (this.#file !== undefined && lines !== '') appendFileSync(this.#file, lines)
    }
  }

  #change(line: Line): void {
    this.#set(line)
    if (this.#pending) this.#pending.push(line)
    else if (this.#file !== undefined) appendFileSync(this.#file, written(line))
  }

  #set([kind, id, thing]: Line): void {
    if (thing === null) this.#things(kind).delete(id)
    else this.#things(kind).set(id, thing)
  }

  #things(kind: string): Map<string, unknown> {
    const known = this.#kinds.get(kind)
    if (known) return known
    const made = new Map<string, unknown>()
    this.#kinds.set(kind, made)
    return made
  }
}

function readLines(file: string): Line[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

function written(line: Line): string {
  return `${JSON.stringify(line)}\n`
}
