/**
 * A stand-in for DNS over HTTPS in its JSON form. A name says in its first label what it is to answer, so that tests and
 * people at a local stack need set nothing up:
 *
 * - `ip-10-0-0-1.…` has that address, `ip6-fd00--1.…` that one (`-` for `:`), `both-…` a public one besides
 * - `flip-….` has a public address at the first question for it and 10.0.0.1 at the next, and so on
 * - `alias-….` is an alias of an inside name, whose address comes along as from a resolver; `fifty.…` has one of 50 inside
 * - `nothing.…` does not exist, `away.…` is answered with 502, `servfail.…` with failure, `hang.…` not at all
 * - every other name has public addresses
 */
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export type Dns = { url: string; stop(): Promise<void> }

const PUBLIC = { A: '93.184.215.14', AAAA: '2606:2800:21f:cb07:6820:80da:af6b:8b2c' }
const INNER = '10.0.0.1'
const CODES = { A: 1, AAAA: 28, CNAME: 5 } as const

type Type = 'A' | 'AAAA'
type Answer = { type: number; data: string }[]

/** Opens the resolver on 127.0.0.1; port 0 is any free one. */
export async function startDns({ port }: { port: number }): Promise<Dns> {
  const asked = new Map<string, number>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://dns')
    const name = url.searchParams.get('name') ?? ''
    const type: Type = url.searchParams.get('type') === 'AAAA' ? 'AAAA' : 'A'
    const count = asked.get(name) ?? 0
    if (type === 'A') asked.set(name, count + 1)
    answer(response, name.split('.')[0] ?? '', type, count)
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dns-query`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer(response: ServerResponse, label: string, type: Type, count: number): void {
  if (label === 'hang') return
  if (label === 'away') {
    response.writeHead(502).end()
    return
  }
  const Status = label === 'nothing' ? 3 : label === 'servfail' ? 2 : 0
  const Answer = Status === 0 ? addresses(label, type, count) : []
  response.writeHead(200, { 'content-type': 'application/dns-json' })
  response.end(JSON.stringify({ Status, TC: false, RD: true, RA: true, Answer }))
}

function addresses(label: string, type: Type, count: number): Answer {
  const [, v4] = /^(?:both-)?ip-(\d+-\d+-\d+-\d+)$/.exec(label) ?? []
  const [, v6] = /^(?:both-)?ip6-([0-9a-f-]+)$/.exec(label) ?? []
  const named = [...(v4 === undefined ? [] : [{ type: CODES.A, data: v4.replaceAll('-', '.') }]), ...(v6 === undefined ? [] : [{ type: CODES.AAAA, data: v6.replaceAll('-', ':') }])].filter((one) => one.type === CODES[type]) // prettier-ignore
  const open = [{ type: CODES[type], data: PUBLIC[type] }]
  if (v4 !== undefined || v6 !== undefined) return label.startsWith('both-') ? [...open, ...named] : named
  if (type === 'AAAA') return open
  if (label.startsWith('flip')) return count % 2 === 0 ? open : [{ type: CODES.A, data: INNER }]
  if (label.startsWith('alias'))
    return [
      { type: CODES.CNAME, data: 'metadata.internal.' },
      { type: CODES.A, data: '169.254.169.254' },
    ]
  if (label === 'fifty')
    return Array.from({ length: 50 }, (_, i) => ({ type: CODES.A, data: i === 37 ? INNER : `93.184.215.${i}` }))
  return open
}
