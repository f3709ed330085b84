/** Whether a command that somebody is told to run can be run: by the docs, and by the workflows. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

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
  const args = rest.filter((word) => !word.startsWith('-'))
  if (program === 'npm') {
    const [action = '', script = ''] = args
    if (action === 'run') return script in scripts ? null : `There is no script ${script}.`
    return NPM.has(action) && (action !== 'start' || 'start' in scripts) ? null : `npm has no ${action}.`
  }
  if (program === 'node') return isThere(args[0]) ? null : `There is no file ${args[0]}.`
  if (program === 'npx') return isThere(join('node_modules', '.bin', args[0] ?? '')) ? null : `There is no ${args[0]}.`
  return TOOLS.has(program) ? null : `Nobody has ${program}.`
}

/** What is run by wrangler: its subcommand, in the words that come before any name or option. */
export function wranglerWords(words: string[]): string[] | null {
  const at = words.indexOf('wrangler')
  if (at === -1 || at > 1) return null
  const end = words.findIndex((word, place) => place > at && !/^[a-z][a-z0-9-]*$/.test(word))
  return words.slice(at + 1, end === -1 ? undefined : end)
}

function isThere(path: string | undefined): boolean {
  return path !== undefined && existsSync(join(ROOT, path))
}
