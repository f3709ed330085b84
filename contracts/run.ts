/**
 * Everything that is done with the contracts, without a network:
 *
 * - `build` compiles and writes ABI and bytecode as TypeScript to contracts/generated, which is committed
 * - `check` fails unless formatting, lint, tests, gas figures, coverage and contracts/generated are as they should be;
 *   `--heavy` fuzzes for longer
 * - `measure` writes the gas figures anew, which are committed
 * - `format` formats
 *
 * forge is run as the program that the platform's package brings: the wrapper of npm's `@foundry-rs/forge` ends with 0 also
 * when a test has failed (foundry-rs/foundry#14781).
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { foundryBinary } from './foundry.ts'

const ROOT = join(import.meta.dirname, '..')
const SOURCES = ['contracts/src', 'contracts/mocks']
/** Folder of the source, contract, and its name in the files we write. */
const CONTRACTS = [
  { folder: 'src', contract: 'AgentToken', file: 'agent-token', name: 'agentToken' },
  { folder: 'src', contract: 'Settlement', file: 'settlement', name: 'settlement' },
  { folder: 'mocks', contract: 'MockUSDC', file: 'mock-usdc', name: 'mockUsdc' },
]
/** Percent of what stands in contracts/src. */
const COVERAGE_MIN = 100

type Artifact = { abi: object[]; bytecode: { object: string } }

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    heavy: { type: 'boolean', default: false },
    /** Where the tests and what was generated are; tests of this program give others. */
    tests: { type: 'string', default: 'contracts/test' },
    generated: { type: 'string', default: 'contracts/generated' },
  },
})
const commands: Record<string, () => void> = {
  build,
  check,
  measure,
  format: () => forge('fmt', ...SOURCES, flags.tests),
}
const command = commands[positionals.join(' ')]
if (command === undefined) fail(`Say what to do: ${Object.keys(commands).join(', ')}.`)
command()

function build(): void {
  forge('build', ...SOURCES)
  for (const one of CONTRACTS) writeFileSync(generatedPath(one.file), generated(one))
}

function check(): void {
  forge('fmt', '--check', ...SOURCES, flags.tests)
  forge('build', ...SOURCES)
  const drifted = CONTRACTS.filter((one) => readFileSync(generatedPath(one.file), 'utf8') !== generated(one))
  if (drifted.length > 0) {
    fail(
      `Not what the sources give: ${drifted.map(({ file }) => generatedPath(file)).join(', ')}. Run: npm run contracts`,
    )
  }
  forge('lint', ...SOURCES)
  test({ FORGE_SNAPSHOT_CHECK: 'true' })
  cover()
}

function measure(): void {
  test({ FORGE_SNAPSHOT_EMIT: 'true' })
}

function test(env: Record<string, string>): void {
  run(['test'], { ...env, ...(flags.heavy ? { FOUNDRY_PROFILE: 'heavy' } : {}) })
}

/** Runs the tests once more and counts which lines and branches they reach. */
function cover(): void {
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'))
  const report = join(folder, 'lcov.info')
  try {
    // Counted without the optimizer, where gas is not what it is. Each line is to be reached by a test that says so.
    run(['coverage', '--report', 'lcov', '--report-file', report, '--no-match-contract', 'Gas|Invariants'], {
      FOUNDRY_FUZZ_RUNS: '16',
    })
    const missing = uncovered(readFileSync(report, 'utf8'))
    if (missing.length > 0) fail(`Not covered by tests: ${missing.join(', ')}.`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Of each source of ours, what of an LCOV report is below the floor. */
function uncovered(lcov: string): string[] {
  const records = lcov.split('end_of_record').filter((record) => record.includes('SF:contracts/src/'))
  if (records.length !== CONTRACTS.filter(({ folder }) => folder === 'src').length) fail('A source has no coverage.')
  return records.flatMap((record) => {
    const count = (tag: string): number => Number(new RegExp(`^${tag}:(\\d+)$`, 'm').exec(record)?.[1] ?? 0)
    return (['L', 'F', 'BR'] as const)
      .filter((kind) => count(`${kind}H`) * 100 < count(`${kind}F`) * COVERAGE_MIN)
      .map((kind) => `${/SF:(.*)/.exec(record)?.[1]} ${kind} ${count(`${kind}H`)}/${count(`${kind}F`)}`)
  })
}

function generated({ folder, contract, name }: (typeof CONTRACTS)[number]): string {
  const path = join(ROOT, 'contracts', 'out', `${contract}.sol`, `${contract}.json`)
  const { abi, bytecode } = JSON.parse(readFileSync(path, 'utf8')) as Artifact
  return [
    `/** Made from contracts/${folder}/${contract}.sol by \`npm run contracts\`. */`,
    `export const ${name}Abi = [`,
    ...abi.map((entry) => `  ${JSON.stringify(entry)},`),
    '] as const',
    '',
    `export const ${name}Bytecode =`,
    `  '${bytecode.object}'`,
    '',
  ].join('\n')
}

function generatedPath(file: string): string {
  return resolve(ROOT, flags.generated, `${file}.ts`)
}

function forge(...args: string[]): void {
  run(args)
}

/** Runs forge in the project's folder; ends this process as forge ended, if that was not well. */
function run(args: string[], env: Record<string, string> = {}): void {
  const { status, signal, error } = spawnSync(foundryBinary('forge'), [...args, '--root', ROOT], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      FOUNDRY_CONFIG: join(ROOT, 'contracts', 'foundry.toml'),
      FOUNDRY_TEST: flags.tests,
      // The compiler is a script for the Node that runs this one.
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      ...env,
    },
  })
  if (error) fail(`forge could not be run: ${error.message}`)
  if (status !== 0) fail(`forge ${args[0]} failed${signal ? `: ${signal}` : ''}.`, status ?? 1)
}

function fail(why: string, code = 1): never {
  console.error(why)
  process.exit(code)
}
