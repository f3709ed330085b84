/** The providers there are, by name. */
import { anthropic } from './anthropic.ts'
import { google } from './google.ts'
import { openai } from './openai.ts'
import type { Provider, ProviderName } from './provider.ts'

const PROVIDERS: Record<ProviderName, Provider> = { openai, anthropic, google }

/** The adapter of a provider. */
export function provider(name: ProviderName): Provider {
  return PROVIDERS[name]
}
