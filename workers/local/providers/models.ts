/** The models the stand-ins answer for. */
import type { ProviderName } from './wire.ts'

const FAMILIES: Record<ProviderName, RegExp> = {
  openai: /^(?:gpt-|chatgpt-|o\d|text-embedding-)/,
  anthropic: /^claude-/,
  google: /^gemini-/,
}

/** Whether a model belongs to a family of its provider; a name from elsewhere is refused as the provider would. */
export function isKnownModel(provider: ProviderName, model: string): boolean {
  return FAMILIES[provider].test(model)
}

const OPENAI = ['gpt-4.1-mini', 'gpt-4o', 'gpt-4o-mini', 'gpt-5.4', 'gpt-5.4-mini', 'text-embedding-3-small']
const ANTHROPIC = ['claude-haiku-4-5', 'claude-opus-5', 'claude-sonnet-5']
const GOOGLE = ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite']

/** The body of each provider's list of models. */
export const MODELS: Record<ProviderName, object> = {
  openai: {
    object: 'list',
    data: OPENAI.map((id) => ({ id, object: 'model', created: 1_715_367_049, owned_by: 'system' })),
  },
  anthropic: {
    data: ANTHROPIC.map((id) => ({ type: 'model', id, display_name: id, created_at: '2025-09-29T00:00:00Z' })),
    has_more: false,
    first_id: ANTHROPIC[0],
    last_id: ANTHROPIC.at(-1),
  },
  google: {
    models: GOOGLE.map((id) => ({
      name: `models/${id}`,
      version: '001',
      displayName: id,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ['generateContent'],
    })),
  },
}
