/**
 * The models that an agent may be built on, with their published limits in tokens, and the parameters that a model
 * answers with an error. A limit here bounds `max_tokens`; the provider has the last word.
 */
import type { ProviderName } from './provider.ts'

export type Model = {
  provider: ProviderName
  name: string
  /** What prompt, messages and answer may measure together. */
  contextTokens: number
  /** What an answer may measure, reasoning included. */
  outputTokensMax: number
}

export const MODELS: readonly Model[] = [
  { provider: 'openai', name: 'gpt-4.1', contextTokens: 1_047_576, outputTokensMax: 32_768 },
  { provider: 'openai', name: 'gpt-4.1-mini', contextTokens: 1_047_576, outputTokensMax: 32_768 },
  { provider: 'openai', name: 'gpt-4.1-nano', contextTokens: 1_047_576, outputTokensMax: 32_768 },
  { provider: 'openai', name: 'gpt-4o', contextTokens: 128_000, outputTokensMax: 16_384 },
  { provider: 'openai', name: 'gpt-4o-mini', contextTokens: 128_000, outputTokensMax: 16_384 },
  { provider: 'openai', name: 'gpt-5', contextTokens: 400_000, outputTokensMax: 128_000 },
  { provider: 'openai', name: 'gpt-5-mini', contextTokens: 400_000, outputTokensMax: 128_000 },
  { provider: 'openai', name: 'gpt-5-nano', contextTokens: 400_000, outputTokensMax: 128_000 },
  { provider: 'anthropic', name: 'claude-haiku-4-5', contextTokens: 200_000, outputTokensMax: 64_000 },
  { provider: 'anthropic', name: 'claude-sonnet-4-5', contextTokens: 200_000, outputTokensMax: 64_000 },
  { provider: 'anthropic', name: 'claude-sonnet-4-6', contextTokens: 1_000_000, outputTokensMax: 128_000 },
  { provider: 'anthropic', name: 'claude-opus-4-5', contextTokens: 200_000, outputTokensMax: 64_000 },
  { provider: 'anthropic', name: 'claude-opus-4-6', contextTokens: 1_000_000, outputTokensMax: 128_000 },
  { provider: 'anthropic', name: 'claude-sonnet-5-5', contextTokens: 1_000_000, outputTokensMax: 128_000 },
  { provider: 'anthropic', name: 'claude-opus-5-5', contextTokens: 1_000_000, outputTokensMax: 128_000 },
  { provider: 'google', name: 'gemini-2.5-flash-lite', contextTokens: 1_048_576, outputTokensMax: 65_536 },
  { provider: 'google', name: 'gemini-2.5-flash', contextTokens: 1_048_576, outputTokensMax: 65_536 },
  { provider: 'google', name: 'gemini-2.5-pro', contextTokens: 1_048_576, outputTokensMax: 65_536 },
  { provider: 'google', name: 'gemini-3-flash-preview', contextTokens: 1_048_576, outputTokensMax: 65_536 },
  { provider: 'google', name: 'gemini-3-pro-preview', contextTokens: 1_048_576, outputTokensMax: 65_536 },
]

/** The model of this name, or undefined. A dated snapshot (`gpt-4o-2024-08-06`) is not listed: an agent names the model. */
export function findModel(provider: ProviderName, name: string): Model | undefined {
  return MODELS.find((model) => model.provider === provider && model.name === name)
}

/** `tool_choice` here means forcing a tool: asking for one by name, or for any. */
export type Parameter = 'temperature' | 'top_p' | 'stop' | 'tool_choice'

const NONE: readonly Parameter[] = []
const REFUSED_BY_OPENAI_REASONING: readonly Parameter[] = ['temperature', 'top_p', 'stop']
const REFUSED_BY_LATER_CLAUDE: readonly Parameter[] = ['temperature', 'top_p', 'tool_choice']

/** OpenAI's o-series and everything from gpt-5 on. */
const OPENAI_REASONING = /^(o\d|gpt-([5-9]|\d\d))/
/** From Claude Opus 4.7 and Claude 5 on there is no sampling; from Claude 5 on most think first, and then no tool can be forced. */
const LATER_CLAUDE = /^claude-(opus-4-[7-9]|[a-z]+-([5-9]|\d\d)(-|$))/

/** Whether this is one of OpenAI's reasoning models, which count their answer in `max_completion_tokens`. */
export function isOpenAiReasoning(name: string): boolean {
  return OPENAI_REASONING.test(name)
}

/**
 * The parameters that make a model refuse the whole request. The adapters leave them out; a door that would rather tell
 * its caller can ask here.
 */
export function refusedParameters(provider: ProviderName, name: string): readonly Parameter[] {
  if (provider === 'openai' && isOpenAiReasoning(name)) return REFUSED_BY_OPENAI_REASONING
  if (provider === 'anthropic' && LATER_CLAUDE.test(name)) return REFUSED_BY_LATER_CLAUDE
  return NONE
}
