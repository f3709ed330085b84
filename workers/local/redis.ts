/**
 * A stand-in for Upstash: its REST door (https://upstash.com/docs/redis/features/restapi) over a Redis that lives in this
 * process, or over any Redis whose address is given. It speaks single commands (as a body or as a path), `/pipeline` and
 * `/multi-exec`, and encodes answers in base64 when asked, as the client does by default.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import RedisMock from 'ioredis-mock'
import * as z from 'zod'

const BODY_BYTES_MAX = 4 * 1024 * 1024
const COMMANDS_PER_PIPELINE_MAX = 1_000
const SCRIPTS_MAX = 100

/** What passes: commands that neither block nor change how a connection behaves. */
const PASSES = new Set(
  `append bitcount copy dbsize decr decrby del echo eval evalsha exists expire expireat flushall flushdb get getdel getex
  getrange getset hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hscan hset hsetnx hvals incr incrby
  incrbyfloat info keys lindex linsert llen lpop lpos lpush lpushx lrange lrem lset ltrim mget mset msetnx persist pexpire
  pexpireat ping psetex pttl publish rename renamenx rpop rpoplpush rpush rpushx sadd scan scard script sdiff set setex
  setnx setrange sinter sismember smembers smismember smove spop srandmember srem sscan strlen sunion time ttl type unlink
  xadd xlen xrange xrevrange zadd zcard zcount zincrby zmscore zpopmax zpopmin zrange zrangebyscore zrank zrem
  zremrangebyrank zremrangebyscore zrevrange zrevrangebyscore zrevrank zscan zscore`.split(/\s+/),
)
const SET_OPTIONS = /^(ex|px|exat|pxat|nx|xx|get|keepttl)$/i

const Command = z
  .array(z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .min(1)
  .max(100_000)
type Command = string[]
const Commands = z.array(Command).max(COMMANDS_PER_PIPELINE_MAX)

export type RedisDoor = {
  url: string
  token: string
  /** Lets go of everything; open requests are cut. */
  stop(): Promise<void>
  /** From here on requests are taken and not answered, as by a Redis that hangs. */
  pause(): void
  /** Answers again, also what has been waiting. */
  resume(): void
}

export type RedisOptions = {
  /** 0: any free one. */
  port: number
  token: string
  /** A real Redis to stand in front of, such as `redis://127.0.0.1:6379`. */
  redisUrl?: string
}

/** Opens the door on 127.0.0.1. Rejects if the port is taken. */
export async function startRedis({ port, token, redisUrl }: RedisOptions): Promise<RedisDoor> {
  // The in-process Redis is shared by all that name the same host and port; a host of its own keeps two doors apart.
  const client = redisUrl ? new Redis(redisUrl) : new RedisMock({ host: crypto.randomUUID() })
  const run = runner(client)
  let waiting: Promise<void> | undefined
  let answerAgain = (): void => {}

  const server = createServer((request, response) => {
    void (async () => {
      await waiting
      if (!response.destroyed) await answer(request, response, { run, token })
    })()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    async stop() {
      answerAgain()
      server.closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
      client.disconnect()
    },
    pause() {
      waiting ??= new Promise((resolve) => (answerAgain = resolve))
    },
    resume() {
      answerAgain()
      waiting = undefined
    },
  }
}

type Runner = { one(command: Command): Promise<unknown>; transaction(commands: Command[]): Promise<unknown[]> }
type Reply = { result: unknown } | { error: string }

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  door: { run: Runner; token: string },
): Promise<void> {
  const encode = request.headers['upstash-encoding'] === 'base64' ? inBase64 : (value: unknown) => value
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  try {
    const url = new URL(request.url ?? '/', 'http://door')
    if (!isAllowed(request, url, door.token)) return send(401, { error: 'WRONGPASS invalid or missing auth token' })
    const body = await readBody(request)
    if (url.pathname === '/pipeline') {
      const replies: Reply[] = []
      for (const command of Commands.parse(JSON.parse(body))) replies.push(await reply(door.run, command, encode))
      return send(200, replies)
    }
    if (url.pathname === '/multi-exec') {
      const results = await door.run.transaction(Commands.parse(JSON.parse(body)))
      return send(
        200,
        results.map((result): Reply =>
          result instanceof Error ? { error: result.message } : { result: encode(result) },
        ),
      )
    }
    const command = url.pathname === '/' ? Command.parse(JSON.parse(body)) : fromPath(url, body)
    const one = await reply(door.run, command, encode)
    return send('error' in one ? 400 : 200, one)
  } catch (thrown) {
    return send(400, { error: thrown instanceof RedisError ? thrown.message : 'ERR failed to parse the command' })
  }
}

class RedisError extends Error {}

async function reply(run: Runner, command: Command, encode: (value: unknown) => unknown): Promise<Reply> {
  try {
    return { result: encode(await run.one(command)) }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { error: /^[A-Z]+ /.test(message) ? message : `ERR ${message}` }
  }
}

/** Runs commands on either Redis. Scripts are remembered here, since the in-process one forgets them. */
function runner(client: Redis): Runner {
  const scripts = new Map<string, string>()

  const remember = (script: string): string => {
    const sha = createHash('sha1').update(script).digest('hex')
    if (scripts.size < SCRIPTS_MAX) scripts.set(sha, script)
    return sha
  }

  const prepare = ([name = '', ...args]: Command): [string, ...string[]] => {
    const lower = name.toLowerCase()
    if (!PASSES.has(lower)) throw new RedisError(`ERR unknown command '${name.slice(0, 64)}'`)
    const [first = '', ...rest] = args
    switch (lower) {
      case 'set':
        // The in-process Redis reads options in capitals only.
        return [
          'set',
          ...args.slice(0, 2),
          ...args.slice(2).map((arg) => (SET_OPTIONS.test(arg) ? arg.toUpperCase() : arg)),
        ]
      case 'eval':
        remember(first)
        return ['eval', withoutShebang(first), ...rest]
      case 'evalsha': {
        const script = scripts.get(first.toLowerCase())
        if (script === undefined) throw new RedisError('NOSCRIPT No matching script. Please use EVAL.')
        return ['eval', withoutShebang(script), ...rest]
      }
      default:
        return [lower, ...args]
    }
  }

  const one = async (command: Command): Promise<unknown> => {
    if (command[0]?.toLowerCase() === 'script') return script(command)
    const [name, ...args] = prepare(command)
    const method = Reflect.get(client, name) as ((...args: string[]) => Promise<unknown>) | undefined
    if (!method) throw new RedisError(`ERR unknown command '${name}'`)
    return plain(await method.apply(client, args))
  }

  const script = ([, action = '', ...args]: Command): unknown => {
    switch (action.toLowerCase()) {
      case 'load':
        return remember(args[0] ?? '')
      case 'exists':
        return args.map((sha) => (scripts.has(sha.toLowerCase()) ? 1 : 0))
      case 'flush':
        scripts.clear()
        return 'OK'
      default:
        throw new RedisError('ERR unknown subcommand of SCRIPT')
    }
  }

  const transaction = async (commands: Command[]): Promise<unknown[]> => {
    const replies = (await client.multi(commands.map(prepare)).exec()) ?? []
    return replies.map(([error, result]) => error ?? plain(result))
  }

  return { one, transaction }
}

/** `#!lua flags=…` is a line for Redis 7; the Lua in this process takes it for a mistake. */
function withoutShebang(script: string): string {
  return script.startsWith('#!') ? script.slice(script.indexOf('\n') + 1) : script
}

/** A reply as it stands on Redis's wire: a hash is a flat list, Lua's false is null. */
function plain(value: unknown): unknown {
  if (value === false || value === undefined || value === null) return null
  if (value === true) return 1
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object') return Object.entries(value).flat()
  return value
}

/** Strings in base64, at any depth. The bare status `OK` stays as it is; the client expects that. */
function inBase64(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inBase64)
  return typeof value === 'string' && value !== 'OK' ? Buffer.from(value).toString('base64') : value
}

/** `/set/foo/bar?EX=100`: the path, then the body if there is one, then the query. */
function fromPath(url: URL, body: string): Command {
  const path = url.pathname.slice(1).split('/').map(decodeURIComponent)
  const query = [...url.searchParams].filter(([name]) => name !== '_token').flat()
  return [...path, ...(body === '' ? [] : [body]), ...query.filter((part) => part !== '')]
}

function isAllowed(request: IncomingMessage, url: URL, token: string): boolean {
  const given = request.headers.authorization?.replace(/^Bearer /i, '') ?? url.searchParams.get('_token') ?? ''
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_BYTES_MAX) throw new RedisError('ERR max request size exceeded')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
