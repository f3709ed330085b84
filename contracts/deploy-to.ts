/**
 * `npm run deploy:contracts -- <chain>` puts the contracts on a real chain, or says that they are there, and writes down where
 * in contracts/deployments, which is committed. The account that pays for it gets no role, and the same variables give the same
 * addresses whoever pays. The variables are listed below; caps are in whole USDC.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createClient, formatEther, formatUnits, type Hex, http, isAddress, parseUnits } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { getBalance, getChainId, getCode } from 'viem/actions'
import { base, baseSepolia, polygon } from 'viem/chains'
import * as z from 'zod'
import { deployContracts, type Deployed, type Deployment, type DeployTransaction } from './deploy.ts'

/** USDC as Circle lists it: https://developers.circle.com/stablecoins/usdc-contract-addresses */
const CHAINS = {
  base: { chain: base, usdc: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913' },
  'base-sepolia': { chain: baseSepolia, usdc: '0x036CbD53842c5426634e7929541eC2318f3dCF7e' },
  polygon: { chain: polygon, usdc: '0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359' },
} as const

type Written = Deployed & { chainId: number; transactions: DeployTransaction[] } & Omit<
    Deployment,
    'batchCap' | 'dayCap'
  > & {
    batchCap: string
    dayCap: string
  }

const address = z.custom<`0x${string}`>((value) => isAddress(String(value)), 'is no address')
const cap = (standard: string) =>
  z
    .string()
    .regex(/^\d{1,8}$/)
    .default(standard)
    .transform((text) => parseUnits(text, 6))

const Variables = z.object({
  /** A node of the chain. */
  DEPLOY_RPC_URL: z.url(),
  /** Pays the gas. */
  DEPLOY_KEY: z.custom<Hex>((value) => /^0x[0-9a-f]{64}$/i.test(String(value)), 'is no private key'),
  /** A multisig: holds the float's other end and gives the roles. */
  ADMIN_ADDRESS: address,
  /** That of MINT_SIGNER_KEY. */
  MINTER_ADDRESS: address,
  /** That of SETTLE_SIGNER_KEY. */
  SETTLER_ADDRESS: address,
  PAUSER_ADDRESS: address,
  /** Where the API is, for the address of the tokens' JSON. */
  API_URL: z
    .url()
    .default('https://agentlink.io')
    .transform((url) => url.replace(/\/$/, '')),
  BATCH_CAP: cap('10000'),
  DAY_CAP: cap('50000'),
  ADMIN_DELAY_SECONDS: z.coerce.number().int().nonnegative().default(86_400),
})

try {
  await main()
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown))
  process.exit(1)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { deployments: { type: 'string', default: join(import.meta.dirname, 'deployments') } },
  })
  const [name = ''] = positionals
  if (!(name in CHAINS)) throw new Error(`Name one chain: ${Object.keys(CHAINS).join(', ')}.`)
  const { chain, usdc } = CHAINS[name as keyof typeof CHAINS]
  const { DEPLOY_RPC_URL: rpcUrl, DEPLOY_KEY: key, ...variables } = read(process.env)

  const client = createClient({ chain, transport: http(rpcUrl) })
  const chainId = await getChainId(client)
  if (chainId !== chain.id) throw new Error(`The node is of chain ${chainId}, and ${name} is ${chain.id}.`)
  const account = privateKeyToAccount(key)
  const deployment = deploymentOf(variables, usdc)
  console.log(`Paid by ${account.address}, who has ${formatEther(await getBalance(client, account))}.`)
  if ((await getCode(client, { address: deployment.roles.admin })) === undefined) {
    console.log('Mind: the admin is no contract here. A multisig is meant.')
  }
  const { agentToken, settlement, transactions } = await deployContracts(client, account, deployment)
  console.log(
    `AGENT_TOKEN_ADDRESS=${agentToken}\nSETTLEMENT_ADDRESS=${settlement}\nUSDC_ADDRESS=${usdc}\nCHAIN_ID=${chainId}`,
  )
  if (transactions.length === 0) console.log('All was there already.')
  else console.log(`First block: ${transactions[0]?.block}`)

  const version = await client.request({ method: 'web3_clientVersion' })
  if (/anvil|hardhat/i.test(version)) return
  const { batchCap, dayCap, ...rest } = deployment
  const caps = { batchCap: formatUnits(batchCap, 6), dayCap: formatUnits(dayCap, 6) }
  await record(join(values.deployments, `${name}.json`), {
    chainId,
    agentToken,
    settlement,
    ...rest,
    ...caps,
    transactions,
  })
}

function read(env: NodeJS.ProcessEnv): z.output<typeof Variables> {
  const result = Variables.safeParse(env)
  if (result.success) return result.data
  const names = [...new Set(result.error.issues.map(({ path }) => path.join('.')))].join(', ')
  throw new Error(`These variables are missing or malformed: ${names}. See the list in contracts/deploy-to.ts.`)
}

function deploymentOf(
  variables: Omit<z.output<typeof Variables>, 'DEPLOY_RPC_URL' | 'DEPLOY_KEY'>,
  usdc: Deployment['usdc'],
): Deployment {
  return {
    usdc,
    roles: {
      admin: variables.ADMIN_ADDRESS,
      minter: variables.MINTER_ADDRESS,
      settler: variables.SETTLER_ADDRESS,
      pauser: variables.PAUSER_ADDRESS,
    },
    adminDelaySeconds: variables.ADMIN_DELAY_SECONDS,
    batchCap: variables.BATCH_CAP,
    dayCap: variables.DAY_CAP,
    template: `${variables.API_URL}/api/v1/chain/tokens/{id}.json`,
    collection: `${variables.API_URL}/api/v1/chain/collection.json`,
  }
}

/** Keeps what is written of the same contracts, and the transactions of the one that stays when only the other is new. */
async function record(path: string, deployed: Written): Promise<void> {
  const before = JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as Partial<Written>
  const isSameToken = before.agentToken === deployed.agentToken
  const isSameSettlement = before.settlement === deployed.settlement
  if (isSameToken && isSameSettlement) return
  const earlier = isSameToken || isSameSettlement ? (before.transactions ?? []) : []
  await mkdir(join(path, '..'), { recursive: true })
  const written = { ...deployed, transactions: [...earlier, ...deployed.transactions] }
  await writeFile(path, `${JSON.stringify(written, null, 2)}\n`)
  console.log(`Written to ${path}: commit it.`)
}
