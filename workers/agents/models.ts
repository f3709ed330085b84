/**
 * The models that an agent may be built on, with their published limits in tokens, what they cost, and the parameters that
 * a model answers with an error. A limit here bounds `max_tokens`; the provider has the last word.
 */
import { fromUnits, toUnits, amount, type Amount } from '../money/amount.ts'
import type { AgentConfig } from './config.ts'

type ProviderName = AgentConfig['provider']

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

export const COSTS_AS_OF = '2026-11-24'

/** List prices in dollars per million tokens, as published on `COSTS_AS_OF`, for requests of ordinary length. */
const COSTS: Record<string, readonly [input: string, output: string]> = {
  'gpt-4.1': ['2', '8'],
  'gpt-4.1-mini': ['0.4', '1.6'],
  'gpt-4.1-nano': ['0.1', '0.4'],
  'gpt-4o': ['2.5', '10'],
  'gpt-4o-mini': ['0.15', '0.6'],
  'gpt-5': ['1.25', '10'],
  'gpt-5-mini': ['0.25', '2'],
  'gpt-5-nano': ['0.05', '0.4'],
  'claude-haiku-4-5': ['1', '5'],
  'claude-sonnet-4-5': ['3', '15'],
  'claude-sonnet-4-6': ['3', '15'],
  'claude-opus-4-5': ['5', '25'],
  'claude-opus-4-6': ['5', '25'],
  'claude-sonnet-5-5': ['2', '10'],
  'claude-opus-5-5': ['4', '20'],
  'gemini-2.5-flash-lite': ['0.1', '0.4'],
  'gemini-2.5-flash': ['0.3', '2.5'],
  'gemini-2.5-pro': ['1.25', '10'],
  'gemini-3-flash-preview': ['0.5', '3'],
  'gemini-3-pro-preview': ['2', '12'],
}

/** What a million tokens cost at list prices. */
export function costOf({ name }: Model): { input: Amount; output: Amount } {
  const [input, output] = COSTS[name] ?? []
  if (input === undefined || output === undefined) throw new Error(`The model ${name} has no price.`)
  return { input: amount(input), output: amount(output) }
}

/** The model of this name, or undefined. A dated snapshot (`gpt-4o-2024-08-06`) is not listed: an agent names the model. */
export function findModel(provider: ProviderName, name: string): Model | undefined {
  return MODELS.find((model) => model.provider === provider && model.name === name)
}

/** What the platform assumes a caller to send, in tokens: messages of some thirty paragraphs. */
export const INPUT_TOKENS = 4_000
/** Most texts have four bytes a token; three is on the safe side, and right for Chinese. */
const BYTES_A_TOKEN = 3

/** What of a configuration decides what a call of it may cost the platform. */
export type Measures = { promptBytes: number; knowledgeChars: number; maxTokens: number }

/** What one call may cost at list prices: the prompt, its knowledge and `INPUT_TOKENS` going in, `maxTokens` coming out. */
export function worstCaseCost(model: Model, { promptBytes, knowledgeChars, maxTokens }: Measures): Amount {
  const input = INPUT_TOKENS + Math.ceil((promptBytes + knowledgeChars) / BYTES_A_TOKEN)
  const output = Math.min(maxTokens, model.outputTokensMax)
  const cost = costOf(model)
  const units = input * toUnits(cost.input) + output * toUnits(cost.output)
  return fromUnits(Math.ceil(units / 1_000_000))
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
