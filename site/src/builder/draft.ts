/** An agent as it stands in the form: what is typed, as text, until it is sent. */
import type { Answer, Body } from '../api/client.ts'
import { agents } from '../words/agents.ts'
import { fill, said } from '../words/words.ts'
import type { Problems } from '../consoles/form.tsx'

export type Agent = Answer<'GET /api/v1/agents/{id}'>
export type Models = Answer<'GET /api/v1/models'>
type NewAgent = Body<'POST /api/v1/agents'>
type Config = NewAgent['config']
export type Category = NonNullable<NewAgent['category']>
export type Allow = Agent['config']['allow']
type FullConfig = Config & { allow: Allow }

export type Draft = {
  name: string
  description: string
  category: string
  prompt: string
  /** `provider model`, since two providers may call a model the same. */
  model: string
  temperature: string
  topP: string
  maxTokens: string
  price: string
  allow: Allow
  knowledge: Knowledge
}

/** Whether answers rest on the documents, may repeat them word for word, and say which they rest on. */
export type Knowledge = { enabled: boolean; allow_quoting: boolean; citations: boolean }

export const CATEGORIES: readonly Category[] = [
  'writing',
  'code',
  'data',
  'research',
  'education',
  'support',
  'legal',
  'finance',
  'marketing',
  'design',
  'translation',
  'other',
]
export const ALLOWS: readonly (keyof Allow)[] = [
  'temperature',
  'top_p',
  'max_tokens',
  'stop',
  'tools',
  'response_format',
  'images',
]
export const PROMPT_CHARS_MAX = 32_000
/** What one call of quota pays of a price at most, in dollars. */
export const UNIT_MAX = 0.005
export const SHARE = 0.8
const PRICE = /^(?:0|[1-9]\d{0,2})(?:\.\d{1,6})?$/
const TOKENS_MAX = 200_000

export const EMPTY: Draft = {
  name: '',
  description: '',
  category: '',
  prompt: '',
  model: 'openai gpt-4.1-mini',
  temperature: '0.7',
  topP: '1',
  maxTokens: '1024',
  price: '0.01',
  allow: {
    temperature: true,
    top_p: true,
    max_tokens: true,
    stop: true,
    tools: true,
    response_format: true,
    images: true,
  },
  knowledge: { enabled: false, allow_quoting: false, citations: false },
}

export function draftOf({ name, description, category, config }: Agent, prompt: string): Draft {
  return {
    name,
    description: description ?? '',
    category: category ?? '',
    prompt,
    model: `${config.provider} ${config.model}`,
    temperature: String(config.temperature),
    topP: String(config.top_p),
    maxTokens: String(config.max_tokens),
    price: config.price_per_call,
    allow: config.allow,
    knowledge: {
      enabled: config.knowledge_base?.enabled === true,
      allow_quoting: config.knowledge_base?.allow_quoting === true,
      citations: config.knowledge_base?.citations === true,
    },
  }
}

/** What is wrong with what is typed, in words. */
export function problemsOf(draft: Draft, outputTokensMax = TOKENS_MAX): Problems<Draft> {
  const w = said(agents).edit
  const within = (text: string, min: number, max: number) =>
    text.trim() !== '' && Number(text) >= min && Number(text) <= max
  const tokens = { min: 1, max: outputTokensMax }
  return {
    name: draft.name.trim() === '' ? w.nameMissing : undefined,
    prompt:
      draft.prompt.trim() === ''
        ? w.promptMissing
        : draft.prompt.length > PROMPT_CHARS_MAX
          ? fill(w.chars, { n: draft.prompt.length })
          : undefined,
    temperature: within(draft.temperature, 0, 2) ? undefined : fill(w.numberRange, { min: 0, max: 2 }),
    topP: within(draft.topP, 0, 1) ? undefined : fill(w.numberRange, { min: 0, max: 1 }),
    maxTokens:
      within(draft.maxTokens, tokens.min, tokens.max) && Number.isInteger(Number(draft.maxTokens))
        ? undefined
        : fill(w.wholeRange, tokens),
    price: isPrice(draft.price.trim()) ? undefined : w.priceShape,
  }
}

export function isPrice(text: string): boolean {
  return PRICE.test(text) && Number(text) >= 0.001 && Number(text) <= 100
}

/** Everything that is typed, as the API takes it. */
export function bodyOf(draft: Draft): Omit<NewAgent, 'slug' | 'config'> & { config: FullConfig } {
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    category: (draft.category || null) as Category | null,
    config: configOf(draft),
  }
}

export function configOf(draft: Draft): FullConfig {
  const [provider = '', model = ''] = draft.model.split(' ')
  return {
    system_prompt: draft.prompt,
    provider: provider as Config['provider'],
    model,
    temperature: Number(draft.temperature),
    top_p: Number(draft.topP),
    max_tokens: Number(draft.maxTokens),
    price_per_call: draft.price.trim(),
    allow: draft.allow,
  }
}

/** What is otherwise than it was saved; what was not touched is not sent, so that nothing new is made of it. */
export function changesOf(before: Draft, draft: Draft): Body<'PUT /api/v1/agents/{id}'> {
  const [old, next] = [bodyOf(before), bodyOf(draft)]
  const config = differing(old.config, next.config)
  const knowledge = differing(before.knowledge, draft.knowledge)
  const { config: _, ...details } = differing(old, next)
  const all = { ...config, ...(Object.keys(knowledge).length > 0 ? { knowledge_base: knowledge } : {}) }
  return { ...details, ...(Object.keys(all).length > 0 ? { config: all } : {}) }
}

function differing<T extends object>(old: T, next: T): Partial<T> {
  const entries = Object.entries(next).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name as keyof T]),
  )
  return Object.fromEntries(entries) as Partial<T>
}
