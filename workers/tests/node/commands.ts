/** Whether a command that somebody is told to run can be run: by the docs, and by the workflows. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { experimental_getWranglerCommands } from 'wrangler'

export const ROOT = join(import.meta.dirname, '..', '..', '..')

/** What of npm is no script of ours. */
const NPM = new Set(['ci', 'cit', 'start', 'test', 'install'])
/** What a shell has by itself, or every machine that is developed on. */
const TOOLS = new Set(['cd', 'curl', 'echo', 'export', 'git', 'mkdir', 'open', 'rm', 'sed', 'sh'])

/** The commands of a line of shell, in words, without what they are given: `a | b && c` is three. */
export function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]]
  for (const [word] of line
    .replace(/(^|\s)#.*/, '')
    .matchAll(/'[^']*'|"[^"]*"|<<?\s*\S+|>>?\s*\S+|\|\|?|&&|;|[^\s'"|&;<>]+(?:"[^"]*"|'[^']*')?/g)) {
    if (/^(\|\|?|&&|;)$/.test(word)) commands.push([])
    else if (!/^[<>]/.test(word)) commands.at(-1)?.push(word)
  }
  return commands.filter(([first]) => first !== undefined)
}

/** Why a command cannot be run, or null. `scripts` are those of package.json. */
export function problemOf(words: string[], scripts: Record<string, string>): string | null {
  const [program = '', ...rest] = words.filter((word, at) => at > 0 || !/^[A-Z_]+=/.test(word))
  const [first = '', second = ''] = rest.filter((word) => !word.startsWith('-'))
  if (program === 'npm') {
    if (first === 'run') return second in scripts ? null : `There is no script ${second}.`
    return NPM.has(first) ? null : `npm has no ${first}.`
  }
  if (program === 'node') return isThere(first) ? null : `There is no file ${first}.`
  if (program === 'npx') return isThere(join('node_modules', '.bin', first)) ? null : `There is no ${first}.`
  return program === 'wrangler' || TOOLS.has(program) ? null : `Nobody has ${program}.`
}

type Option = { alias?: string | readonly string[] }
type Known = {
  definition?: { type?: string; args?: Record<string, Option> }
  subtree: Map<string, Known>
}

/** Why a command of wrangler cannot be run, or null: it has no such subcommand, or that has no such option. Also null for another program. */
export function wranglerProblemOf(words: string[]): string | null {
  const at = words.indexOf('wrangler')
  if (at === -1 || at > 1) return null
  const { registry, globalFlags } = experimental_getWranglerCommands() as unknown as {
    registry: Known
    globalFlags: Record<string, Option>
  }
  let known = registry
  let place = at + 1
  for (let next = known.subtree.get(words[place] ?? ''); next; next = known.subtree.get(words[place] ?? '')) {
    known = next
    place++
  }
  if (known === registry || known.definition?.type === 'namespace')
    return `wrangler has no ${words.slice(at + 1, at + 3).join(' ')}.`
  const options = Object.entries({ ...known.definition?.args, ...globalFlags })
  const names = new Set(options.flatMap(([name, { alias = [] }]) => [name, ...[alias].flat()]))
  const unknown = words
    .slice(place)
    .find((word) => word.startsWith('-') && !names.has(word.replace(/^--?/, '').replace(/=.*$/, '')))
  return unknown === undefined ? null : `wrangler ${words.slice(at + 1, place).join(' ')} has no ${unknown}.`
}

function isThere(path: string): boolean {
  return path !== '' && existsSync(join(ROOT, path))
}
