/**
 * `npm start`: the whole platform on this machine, without an account anywhere.
 * `npm start -- --fresh` begins with an empty one; `--port`, `--site-port` and `--dir` say where. Ctrl-C stops everything.
 */
import { parseArgs, styleText } from 'node:util'
import { join } from 'node:path'
import { Running, type Stack, startStack } from './stack.ts'

/** How often we look whether whoever started us is still there. */
const PARENT_MS = 250
const STOP_MS_MAX = 10_000
const startedAt = performance.now()
process.chdir(join(import.meta.dirname, '..', '..'))

const running = new Running()
let ending: Promise<void> | undefined

/** Stops what is up and ends this process; a second call changes nothing. */
function end(code: number, problem?: string): Promise<void> {
  ending ??= (async () => {
    if (problem !== undefined) console.error(`\n${styleText('red', problem)}`)
    setTimeout(() => process.exit(code || 1), STOP_MS_MAX)
    await running.stop()
    process.exit(code)
  })()
  return ending
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// npm hands a signal to its shell, which may end without telling us: then nobody is left who could stop us.
const parent = process.ppid
if (process.env['npm_lifecycle_event'] !== undefined) {
  setInterval(() => process.ppid !== parent && void end(0), PARENT_MS).unref()
}
process.on('uncaughtException', (thrown) => void end(1, `A stand-in failed: ${thrown.stack}`))

console.log(`\n${styleText('bold', 'AgentLink')}  prompt as asset, API as service\n`)
try {
  const flags = readFlags()
  const stack = await startStack(
    {
      ...flags,
      env: process.env,
      onUp: (part, where) => console.log(`  ${styleText('green', '●')} ${part.padEnd(10)} ${styleText('dim', where)}`),
      onCrash: (problem) => void end(1, problem),
    },
    running,
  )
  console.log(welcome(stack, flags.dir))
} catch (thrown) {
  await end(1, thrown instanceof Error ? thrown.message : String(thrown))
}

function readFlags(): { dir: string; fresh: boolean; port: number; sitePort: number } {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string', default: '.local' },
      fresh: { type: 'boolean', default: false },
      port: { type: 'string', default: '8787' },
      'site-port': { type: 'string', default: '4321' },
    },
  })
  const { dir, fresh } = values
  return { dir, fresh, port: port(values.port, '--port'), sitePort: port(values['site-port'], '--site-port') }
}

function port(text: string, flag: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_500) return Number(text)
  throw new Error(`${flag} takes a port number up to 65500.`)
}

function welcome({ api, seeded }: Stack, dir: string): string {
  const { developer, agents } = seeded
  const [first] = agents
  const second = agents.find((agent) => agent.provider !== first?.provider) ?? first
  const asked = (model: object, question: string): string =>
    `-d '${JSON.stringify({ ...model, messages: [{ role: 'user', content: question }] })}'`
  return `
  ${styleText('bold', `Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`)} Your key: ${styleText('cyan', developer.apiKey)}

  Ask an agent, as with any OpenAI client:

curl -s ${api}/v1/chat/completions -H 'Authorization: Bearer ${developer.apiKey}' -H 'Content-Type: application/json' ${asked({ model: first?.slug }, 'What should I send you so that you can help?')}

  Or watch another answer arrive:

curl -sN ${api}/proxy/v1/agents/${second?.slug}/chat -H 'X-AgentLink-Key: ${developer.apiKey}' -H 'Content-Type: application/json' ${asked({ stream: true }, 'What do people get wrong most often?')}

  Everything else is in ${dir}/stack.json, the logs are in ${dir}/logs. ${styleText('dim', 'Ctrl-C stops everything.')}
`
}
