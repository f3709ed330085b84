/**
 * Puts both contracts on a chain, through the CREATE2 deployer that every chain has: the same arguments give the same addresses
 * everywhere, and what is there already is left alone. `npm run deploy:contracts` does it for an operator, see contracts/deploy-to.ts.
 */
import {
  type Account,
  type Address,
  type Client,
  concat,
  encodeDeployData,
  getContractAddress,
  type Hash,
  type Hex,
  keccak256,
  stringToHex,
} from 'viem'
import { getCode, readContract, sendTransaction, waitForTransactionReceipt } from 'viem/actions'
import { agentTokenAbi, agentTokenBytecode } from './generated/agent-token.ts'
import { settlementAbi, settlementBytecode } from './generated/settlement.ts'

/** https://github.com/Arachnid/deterministic-deployment-proxy */
const CREATE2_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C'
const SALT = keccak256(stringToHex('agentlink.v1'))

export type Deployment = {
  usdc: Address
  /** Four different accounts. The admin is handed over in two steps, `adminDelaySeconds` apart. */
  roles: { admin: Address; minter: Address; settler: Address; pauser: Address }
  adminDelaySeconds: number
  /** In USDC's smallest unit, a millionth. */
  batchCap: bigint
  dayCap: bigint
  /** Where the tokens' JSON is, with `{id}`, and that of the collection. */
  template: string
  collection: string
}

export type DeployTransaction = { hash: Hash; block: number }

export type Deployed = { agentToken: Address; settlement: Address }

/** The addresses that a deployment has on every chain, whether or not it is there. */
export function addressesOf(deployment: Deployment): Deployed {
  const { agentToken, settlement } = initCodes(deployment)
  return { agentToken: addressOf(agentToken), settlement: addressOf(settlement) }
}

/**
 * Deploys what is not there yet and waits until it is mined; gives the transactions this took, none if all was there. Rejects if
 * the chain has no CREATE2 deployer, or something else than this deployment stands at its addresses.
 */
export async function deployContracts(
  client: Client,
  account: Account | Address,
  deployment: Deployment,
): Promise<Deployed & { transactions: DeployTransaction[] }> {
  if (!(await hasCode(client, CREATE2_DEPLOYER))) throw new Error(`No CREATE2 deployer at ${CREATE2_DEPLOYER}.`)
  if (!(await hasCode(client, deployment.usdc))) throw new Error(`No USDC at ${deployment.usdc}.`)
  const transactions: DeployTransaction[] = []
  for (const initCode of Object.values(initCodes(deployment))) {
    if (await hasCode(client, addressOf(initCode))) continue
    const hash = await sendTransaction(client, {
      account,
      chain: null,
      to: CREATE2_DEPLOYER,
      data: concat([SALT, initCode]),
    })
    const { status, blockNumber } = await waitForTransactionReceipt(client, { hash, pollingInterval: 50 })
    if (status !== 'success') throw new Error(`Deploying reverted in ${hash}.`)
    transactions.push({ hash, block: Number(blockNumber) })
  }
  const deployed = addressesOf(deployment)
  await assertDeployed(client, deployed, deployment)
  return { ...deployed, transactions }
}

/** The address binds code and arguments; this shows that the chain agrees. Roles may have been handed on since. */
async function assertDeployed(client: Client, deployed: Deployed, { usdc }: Deployment): Promise<void> {
  const token = await readContract(client, { abi: settlementAbi, address: deployed.settlement, functionName: 'TOKEN' })
  const isErc1155 = await readContract(client, {
    abi: agentTokenAbi,
    address: deployed.agentToken,
    functionName: 'supportsInterface',
    args: ['0xd9b67a26'],
  })
  if (token !== usdc || !isErc1155)
    throw new Error(`The contracts at ${Object.values(deployed).join(', ')} are others.`)
}

function initCodes({ usdc, roles, adminDelaySeconds, ...rest }: Deployment): { agentToken: Hex; settlement: Hex } {
  return {
    agentToken: encodeDeployData({
      abi: agentTokenAbi,
      bytecode: agentTokenBytecode,
      args: [rest.template, rest.collection, roles.admin, roles.minter, adminDelaySeconds],
    }),
    settlement: encodeDeployData({
      abi: settlementAbi,
      bytecode: settlementBytecode,
      args: [
        usdc,
        roles.admin,
        roles.settler,
        roles.pauser,
        Number(rest.batchCap),
        Number(rest.dayCap),
        adminDelaySeconds,
      ],
    }),
  }
}

function addressOf(initCode: Hex): Address {
  return getContractAddress({ opcode: 'CREATE2', from: CREATE2_DEPLOYER, salt: SALT, bytecode: initCode })
}

async function hasCode(client: Client, address: Address): Promise<boolean> {
  return (await getCode(client, { address })) !== undefined
}
