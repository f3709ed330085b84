/** What workerd's JavaScript has and this Node not yet: for whoever runs the Worker's code in Node. */
type Base64Options = { alphabet?: 'base64' | 'base64url'; omitPadding?: boolean }

const MISSING = {
  toHex(this: Uint8Array): string {
    return Buffer.from(this).toString('hex')
  },
  toBase64(this: Uint8Array, { alphabet = 'base64', omitPadding = false }: Base64Options = {}): string {
    const text = Buffer.from(this).toString('base64')
    const spelled = alphabet === 'base64url' ? text.replaceAll('+', '-').replaceAll('/', '_') : text
    return omitPadding ? spelled.replace(/=+$/, '') : spelled
  },
}

for (const [name, value] of Object.entries(MISSING))
  if (!(name in Uint8Array.prototype))
    // oxlint-disable-next-line eslint/no-extend-native
    Object.defineProperty(Uint8Array.prototype, name, { value })
if (!('fromBase64' in Uint8Array))
  Object.defineProperty(Uint8Array, 'fromBase64', {
    value: (text: string, { alphabet = 'base64' }: Base64Options = {}) => new Uint8Array(Buffer.from(text, alphabet)),
  })
if (!('fromHex' in Uint8Array))
  Object.defineProperty(Uint8Array, 'fromHex', { value: (text: string) => new Uint8Array(Buffer.from(text, 'hex')) })
