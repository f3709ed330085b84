/**
 * `npm test`: every test, in the order and company that they bear. Those in workerd are two lanes beside each other, each with
 * doors of its own and mostly waiting; those in Node then have both cores; what is timed, or looks at a browser, runs with nothing
 * beside it. A lane that has others beside it is shown when it has ended. Ends with 1 if any lane failed, after all have run.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const VITEST = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'vitest', 'vitest.mjs')
/** Each a stage of lanes, each of those a list of vitest's projects. */
const STAGES = [[['workers'], ['workers-alone']], [['node']], [['timed']], [['browser']]]

let hasFailed = false
for (const lanes of STAGES) {
  const isShown = lanes.length === 1
  for (const hasPassed of await Promise.all(lanes.map((projects) => run(projects, isShown)))) hasFailed ||= !hasPassed
}
process.exitCode = hasFailed ? 1 : 0

async function run(projects: string[], isShown: boolean): Promise<boolean> {
  const args = [VITEST, 'run', ...projects.flatMap((project) => ['--project', project])]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
  })
  const parts: Buffer[] = []
  for (const output of [child.stdout, child.stderr]) output?.on('data', (part: Buffer) => void parts.push(part))
  const code = await new Promise((resolve) => void child.once('close', resolve))
  process.stdout.write(Buffer.concat(parts))
  return code === 0
}
