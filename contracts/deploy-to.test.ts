import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createTestClient, getAddress, http, parseEther, publicActions, walletActions } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Chain, startChain } from '../workers/local/chain.ts'
import { agentTokenAbi } from './generated/agent-token.ts'
import { roleCall } from './roles.ts'

/** The first account of anvil, which has money. */
const PAYER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const ROLES = { ADMIN_ADDRESS: 1, MINTER_ADDRESS: 2, SETTLER_ADDRESS: 3, PAUSER_ADDRESS: 4 }

type Written = { agentToken: string; settlement: string }

let folder: string
let chain: Chain
/** The same chain, telling that it is a real one. */
let real: Server
let variables: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy-'))
  const keys = { mintKey: `0x${'11'.repeat(32)}`, settleKey: `0x${'22'.repeat(32)}` } as const
  chain = await startChain({ port: 0, keys, apiUrl: 'http://127.0.0.1:8787' })
  real = createServer((request, response) => {
    void text(request)
      .then((body) => fetch(chain.rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
      .then((answer) => answer.text())
      .then((answer) => response.end(answer.replace(/"anvil[^"]*"/, '"op-geth/v1"')))
  }).listen(0, '127.0.0.1')
  await once(real, 'listening')
})
afterAll(async () => {
  real.close()
  await chain.stop()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  const addresses = Object.entries(ROLES).map(([role, n]) => [role, getAddress(`0x${n.toString().padStart(40, 'a')}`)])
  variables = { DEPLOY_RPC_URL: chain.rpcUrl, DEPLOY_KEY: PAYER, ...Object.fromEntries(addresses) }
})

async function deploy(...args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'deploy-to.ts'), '--deployments', folder, ...args], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (words) => (said += words))
  const [code] = (await once(child, 'close')) as [number | null]
  expect(said).not.toContain(PAYER.slice(2))
  return { code, said }
}

test('what is missing, malformed or of another chain is named, and nothing is deployed', async () => {
  expect(await deploy()).toMatchObject({ code: 1, said: expect.stringContaining('base, base-sepolia, polygon') })
  expect(await deploy('polygon')).toEqual({ code: 1, said: 'The node is of chain 84532, and polygon is 137.\n' })
  delete variables['ADMIN_ADDRESS']
  variables['DAY_CAP'] = 'much'
  const { code, said } = await deploy('base-sepolia')
  expect(code).toBe(1)
  expect(said).toContain('missing or malformed: ADMIN_ADDRESS, DAY_CAP.')
})

test('the contracts are deployed once; where they are is written down for a real chain only', async () => {
  const first = await deploy('base-sepolia')
  expect(first).toMatchObject({ code: 0, said: expect.stringContaining('A multisig is meant.') })
  expect(await readdir(folder)).toEqual([])

  variables['DEPLOY_RPC_URL'] = `http://127.0.0.1:${(real.address() as AddressInfo).port}`
  const second = await deploy('base-sepolia')
  expect(second).toMatchObject({ code: 0, said: expect.stringContaining('All was there already.') })
  const written = JSON.parse(await readFile(join(folder, 'base-sepolia.json'), 'utf8')) as Written
  expect(first.said).toContain(`SETTLEMENT_ADDRESS=${written.settlement}`)
  expect(written).toMatchObject({ chainId: 84532, batchCap: '10000', dayCap: '50000', transactions: [] })

  variables['DAY_CAP'] = '60000'
  expect(await deploy('base-sepolia')).toMatchObject({ code: 0, said: expect.stringContaining('commit it') })
  const other = JSON.parse(await readFile(join(folder, 'base-sepolia.json'), 'utf8')) as Written
  // Another cap is another contract; the tokens are the same.
  expect(other).toMatchObject({
    agentToken: written.agentToken,
    transactions: [{ hash: expect.stringMatching(/^0x/), block: expect.any(Number) }],
  })
  expect(other.settlement).not.toBe(written.settlement)
  expect(await deploy('base-sepolia')).not.toMatchObject({ said: expect.stringContaining('commit it') })
})

describe('a signer’s key is changed by its contract’s admin', () => {
  const STRANGER = getAddress(`0x${'9'.repeat(40)}`)
  const [OLD, NEW] = [`0x${'11'.repeat(32)}`, `0x${'33'.repeat(32)}`].map((key) =>
    privateKeyToAddress(key as `0x${string}`),
  ) as [`0x${string}`, `0x${string}`]

  test('both may mint from the one transaction to the other, and only the new one after it', async () => {
    const client = createTestClient({ mode: 'anvil', transport: http(chain.rpcUrl) })
      .extend(publicActions)
      .extend(walletActions)
    const mayMint = async (account: `0x${string}`, agentId: string) =>
      client
        .simulateContract({
          abi: agentTokenAbi,
          address: chain.agentToken,
          functionName: 'mint',
          args: [STRANGER, agentId, 1, `0x${'1'.repeat(64)}`],
          account,
        })
        .then(
          () => true,
          (thrown: Error) => !thrown.message.includes('AccessControlUnauthorizedAccount') && Promise.reject(thrown),
        )
    // The admin of the local chain, for whom anvil signs.
    const admin = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
    await client.setBalance({ address: admin, value: parseEther('1') })
    const send = async (...args: string[]) => {
      const call = roleCall(args, { AGENT_TOKEN_ADDRESS: chain.agentToken })
      const hash = await client.sendTransaction({ account: admin, chain: null, ...call })
      expect((await client.waitForTransactionReceipt({ hash, pollingInterval: 10 })).status).toBe('success')
    }
    expect([await mayMint(OLD, 'a'), await mayMint(NEW, 'a')]).toEqual([true, false])
    await send('grant', 'mint', NEW)
    expect([await mayMint(OLD, 'a'), await mayMint(NEW, 'a')]).toEqual([true, true])
    await send('revoke', 'mint', OLD)
    expect([await mayMint(OLD, 'a'), await mayMint(NEW, 'a')]).toEqual([false, true])
  })

  test('what is missing or malformed is said, and no transaction is', () => {
    const variables = { AGENT_TOKEN_ADDRESS: STRANGER, SETTLEMENT_ADDRESS: NEW }
    expect(roleCall(['grant', 'settle', OLD], variables).to).toBe(NEW)
    for (const args of [[], ['give', 'mint', OLD], ['grant', 'pay', OLD], ['grant', 'mint', '0x12']])
      expect(() => roleCall(args, variables)).toThrow('Usage:')
    expect(() => roleCall(['grant', 'settle', OLD], {})).toThrow('SETTLEMENT_ADDRESS is missing')
  })
})
