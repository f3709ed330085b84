/**
 * A chain behind a door of its own, for tests: it is started by the first who asks it something, and the way to it can be cut.
 * Where the door is and what the chain will have at which address is known before.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Chain, describeChain, type SignerKeys, startChain } from './chain.ts'

export type ChainDoor = Omit<Chain, 'stop' | 'pid'> & {
  /**
   * Does what the path says, with `n` where it takes a number:
   *
   * - `/chain/mine?n=` makes blocks; `/chain/reorg?n=` forgets the latest blocks, and their transactions with them
   * - `/chain/automine?n=` 1: a block for each transaction, as at first; 0: only when told
   * - `/chain/down` refuses connections; `/chain/deaf` takes requests to the chain and answers none; `/chain/up` ends both
   * - `/chain/cut-after?n=` and `/chain/cut-before?n=` answer nothing to the nth request from now: the chain has seen it, or not;
   *   `/chain/cuts` tells how many requests that has happened to
   * - `/chain/reset` begins with a new chain
   */
  control(path: string, n: number): Promise<unknown>
  stop(): Promise<void>
}

/** Opens the door on a free port of 127.0.0.1. */
export async function openChainDoor(keys: SignerKeys, apiUrl: string): Promise<ChainDoor> {
  let mode: 'up' | 'down' | 'deaf' = 'up'
  let starting: Promise<Chain> | undefined
  let cut: { in: number; isSeen: boolean } | undefined
  let cuts = 0
  const chain = (): Promise<Chain> => (starting ??= startChain({ port: 0, keys, apiUrl }))

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    if (mode === 'down') {
      request.destroy()
      return
    }
    const isCut = cut !== undefined && --cut.in === 0
    if (isCut && cut?.isSeen === false) return void cuts++
    const told = await ask((await chain()).rpcUrl, body)
    if (isCut) return void cuts++
    // Read anew: the way may have been cut while the chain was at it.
    if ((mode as string) === 'up') response.writeHead(200, { 'content-type': 'application/json' }).end(told)
  }
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => request.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const tell = async (method: string, params: unknown[]): Promise<unknown> =>
    JSON.parse(await ask((await chain()).rpcUrl, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })))
  const setMode = (next: typeof mode): void => {
    mode = next
    server.closeAllConnections()
  }
  const end = async (): Promise<void> => {
    const started = starting
    starting = undefined
    await (await started)?.stop()
  }
  const actions: Record<string, (n: number) => unknown> = {
    '/chain/mine': (n) => tell('anvil_mine', [n]),
    '/chain/reorg': (n) => tell('anvil_reorg', [n, []]),
    '/chain/automine': (n) => tell('evm_setAutomine', [n !== 0]),
    '/chain/up': () => setMode('up'),
    '/chain/down': () => setMode('down'),
    '/chain/deaf': () => setMode('deaf'),
    '/chain/cut-after': (n) => void (cut = { in: n, isSeen: true }),
    '/chain/cut-before': (n) => void (cut = { in: n, isSeen: false }),
    '/chain/cuts': () => cuts,
    '/chain/reset': end,
  }
  return {
    ...describeChain(keys),
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    control: async (path, n) => actions[path]?.(n),
    async stop() {
      setMode('down')
      server.close()
      await end()
    },
  }
}

async function ask(rpcUrl: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(rpcUrl, { method: 'POST', headers, body })).text()
}
