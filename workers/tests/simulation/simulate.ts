/**
 * Runs histories of money through the platform's own code and everything that can go wrong, and says which seed broke what:
 * `node workers/tests/simulation/simulate.ts --histories 10000`. With a seed the same happens again.
 */
import { parseArgs } from 'node:util'
import { loadWorkers } from './hooks.ts'
import { MUTANTS } from './mutants.ts'

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    /** Histories that happen among each other. */
    together: { type: 'string', default: '40' },
    /** A mistake to plant, by its name. */
    mutant: { type: 'string' },
    /** A database with all tables, to be used in place of one of its own. */
    database: { type: 'string' },
  },
})
const { mutant: planted } = values
const mutant = MUTANTS.find(({ name }) => name === planted)
if (planted !== undefined && !mutant) throw new Error(`There is no mutant "${planted}".`)
loadWorkers(mutant)

const { runHistories } = await import('./run.ts')
const [histories, seed, together] = [values.histories, values.seed, values.together].map(Number)
const run = await runHistories({ histories, seed, together, databaseUrl: values.database })
console.log(JSON.stringify(run, null, 2))
process.exit(run.broken === null ? 0 : 1)
