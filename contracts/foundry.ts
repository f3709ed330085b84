/** The programs of Foundry, as the npm packages for each platform bring them. */
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Where `forge` or `anvil` is for this platform. Throws with the package's name when it is not installed. */
export function foundryBinary(name: 'forge' | 'anvil'): string {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const program = process.platform === 'win32' ? `${name}.exe` : name
  // The package of the platform is a dependency of the one that has no platform.
  const { resolve } = createRequire(createRequire(import.meta.url).resolve(`@foundry-rs/${name}/package.json`))
  return resolve(join(`@foundry-rs/${name}-${platform}`, 'bin', program))
}
