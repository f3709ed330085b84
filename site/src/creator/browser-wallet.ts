/** The wallet that an extension puts into the browser (EIP-1193). */

type Provider = { request: (asked: { method: string; params?: unknown[] }) => Promise<unknown> }
/** EIP-1193: whoever was asked said no. */
const REFUSED = 4001

export type BrowserWallet = {
  /** Asks for an address. Throws what the wallet says. */
  address: () => Promise<string>
  /** Asks for the signature of a text (EIP-191). */
  sign: (message: string, address: string) => Promise<string>
  /** Whether somebody said no, which is no error. */
  isRefusal: (thrown: unknown) => boolean
}

/** The wallet of this browser, if it has one. */
export function browserWallet(): BrowserWallet | undefined {
  const { ethereum: provider } = window as { ethereum?: Provider }
  if (typeof provider?.request !== 'function') return undefined
  return {
    address: async () => {
      const accounts = await provider.request({ method: 'eth_requestAccounts' })
      const [first]: unknown[] = Array.isArray(accounts) ? accounts : []
      return text(first)
    },
    sign: async (message, address) =>
      text(await provider.request({ method: 'personal_sign', params: [hexOf(message), address] })),
    isRefusal: (thrown) => typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === REFUSED,
  }
}

/** Wallets differ in how they read text, and agree on hexadecimal digits. */
function hexOf(message: string): string {
  return `0x${[...new TextEncoder().encode(message)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('The wallet answered with no text.')
  return value
}
