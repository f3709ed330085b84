/** The contracts are checked here as by hand; first, that a check which finds something does not end well. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const CHECK_MS_MAX = 400_000

let folder: string

beforeAll(async () => {
  // forge reads nothing from outside of the project.
  const parent = join(ROOT, 'contracts', 'cache')
  await mkdir(parent, { recursive: true })
  folder = await mkdtemp(join(parent, 'run-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function check(...flags: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'contracts', 'run.ts'), 'check', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

test(
  'the check fails when a test fails',
  async () => {
    const source = [
      '// SPDX-License-Identifier: UNLICENSED',
      'pragma solidity 0.8.35;',
      '',
      'contract FailingTest {',
      '    function test_fails() public pure {',
      '        assert(1 > 2);',
      '    }',
      '}',
      '',
    ]
    await writeFile(join(folder, 'Failing.t.sol'), source.join('\n'))
    const { code, said } = await check('--tests', relative(ROOT, folder))
    expect(said).toContain('[FAIL')
    expect(code).toBe(1)
  },
  CHECK_MS_MAX,
)

test(
  'the check fails when the committed ABI is not that of the sources',
  async () => {
    const generated = join(folder, 'generated')
    await cp(join(ROOT, 'contracts', 'generated'), generated, { recursive: true })
    const path = join(generated, 'settlement.ts')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"name":"dayCap"', '"name":"weekCap"'))
    const { code, said } = await check('--generated', generated)
    expect(said).toContain('settlement.ts. Run: npm run contracts')
    expect(code).toBe(1)
  },
  CHECK_MS_MAX,
)

test(
  'the contracts are formatted, pass their tests, cost what was said and are covered',
  async () => {
    const { code, said } = await check()
    expect(code, said).toBe(0)
  },
  CHECK_MS_MAX,
)
