/**
 * `npm run roles -- grant|revoke mint|settle <address of a signer>`: what the admin of the contracts, a multisig, has to send so that a
 * signer's key can be changed. Nothing is sent here. AGENT_TOKEN_ADDRESS or SETTLEMENT_ADDRESS says which contract.
 */
import { type Address, encodeFunctionData, type Hex, isAddress, keccak256, stringToHex } from 'viem'
import { agentTokenAbi } from './generated/agent-token.ts'

const ROLES = {
  mint: { name: 'MINTER_ROLE', variable: 'AGENT_TOKEN_ADDRESS' },
  settle: { name: 'SETTLER_ROLE', variable: 'SETTLEMENT_ADDRESS' },
} as const
const ACTIONS = { grant: 'grantRole', revoke: 'revokeRole' } as const
const USAGE = 'Usage: npm run roles -- grant|revoke mint|settle <address of a signer>'

/** The transaction: to whom, and its data. Throws saying what is missing or malformed. */
export function roleCall(
  [action = '', signer = '', address = '']: string[],
  variables: Record<string, string | undefined>,
): { to: Address; data: Hex } {
  if (!(action in ACTIONS) || !(signer in ROLES) || !isAddress(address)) throw new Error(USAGE)
  const { name, variable } = ROLES[signer as keyof typeof ROLES]
  const to = variables[variable] ?? ''
  if (!isAddress(to)) throw new Error(`${variable} is missing or no address.`)
  // Both contracts have their roles from the same code.
  const data = encodeFunctionData({
    abi: agentTokenAbi,
    functionName: ACTIONS[action as keyof typeof ACTIONS],
    args: [keccak256(stringToHex(name)), address],
  })
  return { to, data }
}

if (import.meta.main)
  try {
    const { to, data } = roleCall(process.argv.slice(2), process.env)
    console.log(`to:   ${to}\ndata: ${data}`)
  } catch (thrown) {
    console.error((thrown as Error).message)
    process.exitCode = 1
  }
