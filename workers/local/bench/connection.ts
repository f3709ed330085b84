/**
 * One kept-alive HTTP/1.1 connection with one request at a time: just enough of a client to load a server from the same
 * two cores that serve it. A request is bytes made beforehand; of the answer it reads the status and finds the end.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_MAX_BYTES = 64 * 1024
const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const NOTHING = Buffer.alloc(0)

type Pending = {
  resolve(status: number): void
  reject(error: Error): void
  onBody: ((piece: Buffer) => void) | undefined
}

export class Connection {
  readonly #socket: Socket
  #pending: Pending | undefined
  /** What has arrived and cannot be read before more has. */
  #rest: Buffer = NOTHING
  #state: 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' = 'head'
  /** Bytes to come of the body, or of the chunk. */
  #left = 0
  #status = 0

  /** Rejects if nobody listens there. */
  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new Connection(socket)
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', () => {})
    socket.on('close', () => this.#fail(new Error('The connection was closed in the middle of an answer.')))
  }

  /** Sends a request; resolves at the end of a 200, rejects on every other. `onBody` sees the body as it arrives. */
  async request(bytes: Buffer, onBody?: (piece: Buffer) => void): Promise<void> {
    const status = await this.ask(bytes, onBody)
    if (status !== 200) throw new Error(`The server answered ${status}.`)
  }

  /** Sends a request; resolves at the end of its answer with the status. Rejects if the connection ends before. */
  ask(bytes: Buffer, onBody?: (piece: Buffer) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject, onBody }
      this.#socket.write(bytes)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(arrived: Buffer): void {
    let bytes = this.#rest.length === 0 ? arrived : Buffer.concat([this.#rest, arrived])
    this.#rest = NOTHING
    while (bytes.length > 0) {
      const used = this.#step(bytes)
      if (used === 0) break
      bytes = bytes.subarray(used)
    }
    if (bytes.length > HEAD_MAX_BYTES) this.#socket.destroy()
    this.#rest = bytes
  }

  /** Reads what it can of one part of an answer and says how many bytes that was. */
  #step(bytes: Buffer): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes)
      case 'chunk-size': {
        const end = bytes.indexOf(LINE_END)
        if (end < 0) return 0
        this.#left = Number.parseInt(bytes.toString('latin1', 0, end), 16)
        // The last chunk is empty and, without trailers, followed by one more line end.
        this.#state = this.#left === 0 ? 'chunk-end' : 'chunk'
        return end + 2
      }
      case 'chunk-end':
        if (bytes.length < 2) return 0
        if (this.#left === 0) this.#finish()
        else this.#state = 'chunk-size'
        return 2
      case 'length':
      case 'chunk': {
        const piece = bytes.length <= this.#left ? bytes : bytes.subarray(0, this.#left)
        this.#pending?.onBody?.(piece)
        const isWhole = piece.length === this.#left
        if (this.#state === 'length') {
          this.#left -= piece.length
          if (isWhole) this.#finish()
        } else if (isWhole) this.#state = 'chunk-end'
        else this.#left -= piece.length
        return piece.length
      }
    }
  }

  #readHead(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return 0
    const head = bytes.toString('latin1', 0, end).toLowerCase()
    this.#status = Number(head.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1]
    this.#left = Number(length ?? 0)
    this.#state = length === undefined ? 'chunk-size' : 'length'
    if (length === '0') this.#finish()
    return end + HEAD_END.length
  }

  #finish(): void {
    const pending = this.#pending
    this.#pending = undefined
    this.#state = 'head'
    pending?.resolve(this.#status)
  }

  #fail(error: Error): void {
    this.#pending?.reject(error)
    this.#pending = undefined
  }
}
