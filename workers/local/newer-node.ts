/** What workerd's JavaScript has and this Node not yet: for whoever runs the Worker's code in Node. */
type Base64Options = { alphabet?: 'base64' | 'base64url'; omitPadding?: boolean }

if (!('toHex' in Uint8Array.prototype))
  // oxlint-disable-next-line eslint/no-extend-native
  Object.defineProperty(Uint8Array.prototype, 'toHex', {
    value(this: Uint8Array) {
      return Buffer.from(this).toString('hex')
    },
  })
if (!('toBase64' in Uint8Array.prototype)) {
  // oxlint-disable-next-line eslint/no-extend-native
  Object.defineProperty(Uint8Array.prototype, 'toBase64', {
    value(this: Uint8Array, { alphabet = 'base64', omitPadding = false }: Base64Options = {}) {
      const text = Buffer.from(this).toString(alphabet)
      if (omitPadding) return text.replace(/=+$/, '')
      return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
    },
  })
  Object.defineProperty(Uint8Array, 'fromBase64', {
    value: (text: string, { alphabet = 'base64' }: Base64Options = {}) => new Uint8Array(Buffer.from(text, alphabet)),
  })
}
