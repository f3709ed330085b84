#!/usr/bin/env node
/**
 * The compiler as forge wants it: an executable that tells its version and turns standard JSON into standard JSON. npm's `solc`
 * has the compiler as WebAssembly, but its own command refuses forge's `--allow-paths` and talks before it answers.
 */
const { readFileSync, writeSync } = require('node:fs')
const solc = require('solc')

/** All of it: a pipe takes what it has room for. */
function write(text) {
  const bytes = Buffer.from(text)
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done)
    } catch (thrown) {
      if (thrown.code !== 'EAGAIN') throw thrown
    }
  }
}

if (process.argv.includes('--version'))
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
else write(solc.compile(readFileSync(0, 'utf8')))
