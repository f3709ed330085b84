/**
 * `npm start`: the whole platform on this machine, without an account anywhere.
 * `npm start -- --fresh` begins with an empty one; `--port`, `--site-port` and `--dir` say where. Ctrl-C stops everything.
 */
import { parseArgs, styleText } from 'node:util'
import { join } from 'node:path'
import { describeStack, type Stack, startStack } from './stack.ts'

const startedAt = performance.now()
process.chdir(join(import.meta.dirname, '..', '..'))

const { values: flags } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    port: { type: 'string', default: '8787' },
    'site-port': { type: 'string', default: '4321' },
    dir: { type: 'string', default: '.local' },
  },
})

let stack: Stack | undefined
let ending: Promise<void> | undefined

/** Stops what is up and ends this process; a second call changes nothing. */
function end(code: number, problem?: string): Promise<void> {
  ending ??= (async () => {
    if (problem !== undefined) console.error(`\n${styleText('red', problem)}`)
    await stack?.stop()
    process.exit(code)
  })()
  return ending
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
process.on('uncaughtException', (thrown) => void end(1, `A stand-in failed: ${thrown.stack}`))

console.log(`\n${styleText('bold', 'AgentLink')}  prompt as asset, API as service\n`)
try {
  stack = await startStack({
    dir: flags.dir,
    fresh: flags.fresh,
    port: port(flags.port, '--port'),
    sitePort: port(flags['site-port'], '--site-port'),
    env: process.env,
    onUp: (part, where) => console.log(`  ${styleText('green', '●')} ${part.padEnd(10)} ${styleText('dim', where)}`),
    onCrash: (problem) => void end(1, problem),
  })
  await describeStack(join(flags.dir, 'stack.json'), stack)
  console.log(welcome(stack))
} catch (thrown) {
  await end(1, thrown instanceof Error ? thrown.message : String(thrown))
}

function port(text: string, flag: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_500) return Number(text)
  throw new Error(`${flag} takes a port number up to 65500.`)
}

function welcome({ api, seeded }: Stack): string {
  const { developer, agents } = seeded
  const [first] = agents
  const second = agents.find((agent) => agent.provider !== first?.provider) ?? first
  const asked = (model: object, question: string): string =>
    `-d '${JSON.stringify({ ...model, messages: [{ role: 'user', content: question }] })}'`
  return `
  ${styleText('bold', `Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`)} Your key: ${styleText('cyan', developer.apiKey)}

  Ask an agent, as with any OpenAI client:

curl -s ${api}/v1/chat/completions -H 'Authorization: Bearer ${developer.apiKey}' -H 'Content-Type: application/json' ${asked({ model: first?.slug }, 'Where should I begin?')}

  Or watch another answer arrive:

curl -sN ${api}/proxy/v1/agents/${second?.slug}/chat -H 'X-AgentLink-Key: ${developer.apiKey}' -H 'Content-Type: application/json' ${asked({ stream: true }, 'What do people get wrong most often?')}

  Everything else is in ${flags.dir}/stack.json, the logs are in ${flags.dir}/logs. ${styleText('dim', 'Ctrl-C stops everything.')}
`
}
