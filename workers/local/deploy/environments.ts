/** The environments that are deployed, as wrangler.toml describes them. */
import { join } from 'node:path'
import { unstable_readConfig as readConfig, type Unstable_Config as Config } from 'wrangler'

export const ENVIRONMENTS = ['staging', 'production'] as const
export type EnvironmentName = (typeof ENVIRONMENTS)[number]

const CONFIG = join(import.meta.dirname, '..', '..', '..', 'wrangler.toml')

export type Environment = {
  name: EnvironmentName
  worker: string
  apiUrl: string
  siteUrl: string
  /** The project of Pages that serves the site. */
  pagesProject: string
}

/** wrangler.toml as wrangler reads it, for one environment or for a machine of one's own. */
export function wranglerConfig(name: EnvironmentName | ''): Config {
  return readConfig({ config: CONFIG, env: name }, { hideWarnings: true })
}

/** Where an environment is. Throws if wrangler.toml does not say so. */
export function environment(name: EnvironmentName): Environment {
  const { name: worker, routes = [], vars } = wranglerConfig(name)
  const [route] = routes
  const host = typeof route === 'string' ? route : route?.pattern
  const siteUrl = vars['SITE_URL']
  if (worker === undefined || host === undefined || typeof siteUrl !== 'string')
    throw new Error(`wrangler.toml does not say where ${name} is.`)
  return { name, worker, apiUrl: `https://${host}`, siteUrl, pagesProject: `agentlink-site-${name}` }
}
