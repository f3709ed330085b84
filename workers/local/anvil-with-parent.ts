/**
 * Runs anvil, which is named by the arguments, until it ends or the process that started this one is gone, however that went. It
 * is told and not killed: it writes its state to its file before it goes.
 */
import { spawn } from 'node:child_process'

const [program = '', ...args] = process.argv.slice(2)
const anvil = spawn(program, args, { stdio: 'inherit' })
const end = (): void => void anvil.kill('SIGTERM')
process.once('disconnect', end).on('SIGTERM', end).on('SIGINT', end)
anvil.once('error', () => process.exit(1))
anvil.once('exit', (code) => process.exit(code ?? 1))
