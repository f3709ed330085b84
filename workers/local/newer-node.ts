/** What workerd's JavaScript has and this Node not yet: for whoever runs the Worker's code in Node. */
if (!('toHex' in Uint8Array.prototype))
  // oxlint-disable-next-line eslint/no-extend-native
  Object.defineProperty(Uint8Array.prototype, 'toHex', {
    value(this: Uint8Array) {
      return Buffer.from(this).toString('hex')
    },
  })
