/**
 * Loads the Worker's code into Node: `cloudflare:workers` is what a simulation says it is, and a mistake can be planted in
 * a file as it is loaded, to see whether the simulation finds it. To be imported before anything of the Worker.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants.ts'

const WORKERS_MODULE = new URL('workers-module.ts', import.meta.url).href
const ROOT = new URL('../../', import.meta.url).href

/** The source of a file with a mistake in it. Throws if the place where it belongs is not there exactly once. */
export function mutated({ file, find, replace }: Mutant, source: string): string {
  const parts = source.split(find)
  if (parts.length !== 2) throw new Error(`"${find}" stands ${parts.length - 1} times in ${file}, not once.`)
  return parts.join(replace)
}

/** Makes the Worker's code loadable, with `mutant` in it if one is given. */
export function loadWorkers(mutant: Mutant | undefined): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'cloudflare:workers'
        ? { url: WORKERS_MODULE, format: 'module-typescript', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) => {
      if (mutant === undefined || url !== ROOT + mutant.file) return next(url, context)
      const source = mutated(mutant, readFileSync(fileURLToPath(url), 'utf8'))
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}
