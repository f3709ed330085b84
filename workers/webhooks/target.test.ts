/** In workerd, because its URL parser is the one that decides what a URL means. */
import { describe, expect, test } from 'vitest'
import { isPublic, readTarget } from './target.ts'

const REFUSED = [
  // Not https, or not a URL.
  'http://hooks.example.com/',
  'HTTP://hooks.example.com/',
  'ftp://hooks.example.com/',
  'file:///etc/passwd',
  'gopher://hooks.example.com/',
  'data:text/plain,hello',
  'javascript:alert(1)',
  'hooks.example.com/path',
  '//hooks.example.com/',
  'https:hooks.example.com',
  'https:/hooks.example.com',
  'https://',
  'https:///hooks.example.com',
  '',
  `https://hooks.example.com/${'a'.repeat(500)}`,
  `https://hooks.example.com/${'ä'.repeat(200)}`,
  // With a user, a port, or characters that a reader does not see.
  'https://me@hooks.example.com/',
  'https://me:secret@hooks.example.com/',
  'https://:secret@hooks.example.com/',
  'https://hooks.example.com@127.0.0.1/',
  'https://hooks.example.com:8443/',
  'https://hooks.example.com:80/',
  'https://hooks.example.com:22/',
  'https://hooks.example.com:0/',
  'https://hooks.example.com:99999/',
  'https://hooks.exa\tmple.com/',
  'https://hooks.example.com/\r\nhost: localhost',
  ' https://hooks.example.com/',
  'https://hooks.example.com\\@localhost/',
  'https:\\\\localhost\\',
  'https://hooks.example\u200b.com/',
  'https://hooks.exam\u00adple.com/',
  'https://\u202ehooks.example.com/',
  // IPv4 in every notation.
  'https://127.0.0.1/',
  'https://93.184.215.14/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.0.0.1/',
  'https://017700000001/',
  'https://0177.0.0.1/',
  'https://127.1/',
  'https://127.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://127.0.0.1./',
  'https://127。0。0。1/',
  'https://127%2e0%2e0%2e1/',
  'https://①②⑦.⓪.⓪.①/',
  'https://169.254.169.254/latest/meta-data/',
  'https://10.0.0.1.1/',
  'https://256.256.256.256/',
  'https://1.2.3.4.5/',
  // IPv6 in every notation.
  'https://[::1]/',
  'https://[::]/',
  'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[0:0:0:0:0:ffff:169.254.169.254]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[fe80::1%25eth0]/',
  'https://[fd00::1]/',
  'https://::1/',
  // Names without a public meaning, and ours.
  'https://localhost/',
  'https://LOCALHOST/',
  'https://ⓛocalhost/',
  'https://localhost./',
  'https://app.localhost/',
  'https://redis/',
  'https://printer.local/',
  'https://api.internal/',
  'https://metadata.google.internal/',
  'https://metadata.google。internal/',
  'https://router.home.arpa/',
  'https://1.0.0.127.in-addr.arpa/',
  'https://hooks.test/',
  'https://hooks.invalid/',
  'https://hooks.onion/',
  'https://nas.lan/',
  'https://hooks.example.com./',
  'https://hooks..example.com/',
  'https://.example.com/',
  'https://-hooks.example.com/',
  'https://*.example.com/',
  `https://${'a'.repeat(64)}.example.com/`,
  `https://${'a.'.repeat(130)}com/`,
  'https://agentlink.io/',
  'https://api.agentlink.io/api/v1/keys',
  'https://api.AgentLink.IO/',
  'https://api%2eagentlink%2eio/',
]

const TAKEN: [string, string][] = [
  ['https://hooks.example.com', 'https://hooks.example.com/'],
  ['https://hooks.example.com:443/a?b=c', 'https://hooks.example.com/a?b=c'],
  ['https://hooks.example.com/a#part', 'https://hooks.example.com/a'],
  ['HTTPS://Hooks.Example.COM/A', 'https://hooks.example.com/A'],
  ['https://hooks.example。com/', 'https://hooks.example.com/'],
  ['https://bücher.example.com/', 'https://xn--bcher-kva.example.com/'],
  ['https://xn--bcher-kva.example.com/', 'https://xn--bcher-kva.example.com/'],
  ['https://127.0.0.1.example.com/', 'https://127.0.0.1.example.com/'],
  ['https://notagentlink.io/', 'https://notagentlink.io/'],
  ['https://a_b.example.com/../x', 'https://a_b.example.com/x'],
]

test.each(REFUSED)('%j is no target', (text) => {
  expect(readTarget(text)).toEqual({ problem: expect.stringMatching(/^must /) })
})

test.each(TAKEN)('%j is a target', (text, url) => {
  expect(readTarget(text)).toEqual({ url, host: new URL(url).hostname })
})

test('the table is as long as it was promised to be', () => {
  expect(REFUSED.length).toBeGreaterThanOrEqual(60)
})

describe('addresses', () => {
  const INNER =
    '0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:93.184.215.14 64:ff9b::7f00:1 64:ff9b::5db8:d70e 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2620:4f:8000::1 3fff::1 4000::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 FD00::1'
  const NONE = ['', '1', '127.1', '0x7f.0.0.1', '010.0.0.1', '256.1.1.1', '1.2.3', '1.2.3.4.5', ' 93.184.215.14', 'example.com', 'fe80::1%eth0', '2606::1::2', '2606:2800:21f:cb07:6820:80da:af6b:8b2c:1', '::ffff:1.2.3', '[2606::1]'] // prettier-ignore
  const OUTER =
    '1.1.1.1 9.255.255.255 11.0.0.0 93.184.215.14 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2606:2800:21f:cb07:6820:80da:af6b:8b2c 2a00:1450::1 3ffe::1'

  test.each([...INNER.split(' '), ...NONE])('%j is not public', (address) => {
    expect(isPublic(address)).toBe(false)
  })

  test.each(OUTER.split(' '))('%s is public', (address) => {
    expect(isPublic(address)).toBe(true)
  })
})
