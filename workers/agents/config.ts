/**
 * What a creator decides about an agent. On disk all of it is one ciphertext; the fields named here are also its wire
 * form. A value of this type holds the prompt in the open: only the vault and the routes that save an agent touch one.
 */
import * as z from 'zod'
import { validate } from '../base/validate.ts'
import { amount } from '../money/amount.ts'

const PROMPT_CHARS_MAX = 32_000
const MODEL_CHARS_MAX = 100
const OUTPUT_TOKENS_MAX = 200_000
const KNOWLEDGE_FILES_MAX = 100

const PRICE = /^(0|[1-9]\d{0,2})(\.\d{1,6})?$/
const PRICE_MIN = amount('0.001')
const PRICE_MAX = amount('100')

/** Whether `text` is a price an agent may have: dollars as a decimal string, 0.001 to 100, at most 6 decimals. */
export function isPrice(text: string): boolean {
  if (!PRICE.test(text)) return false
  const price = amount(text)
  return price >= PRICE_MIN && price <= PRICE_MAX
}

const allowed = z.boolean().default(true)
/** What callers may set for themselves. Whatever is not allowed is refused by name, never silently ignored. */
const Allowed = z.object({
  temperature: allowed,
  top_p: allowed,
  /** Callers can only ask for fewer tokens than the agent's own `max_tokens`, never for more. */
  max_tokens: allowed,
  stop: allowed,
  tools: allowed,
  response_format: allowed,
  images: allowed,
})

const KNOWLEDGE = {
  enabled: z.boolean(),
  file_ids: z.array(z.uuid()).max(KNOWLEDGE_FILES_MAX),
  /** In characters. */
  chunk_size: z.number().int().min(100).max(4_000),
  chunk_overlap: z.number().int().min(0).max(1_000),
  /** How many chunks are given to the model. */
  top_k: z.number().int().min(1).max(20),
  /** The cosine that a chunk and the question must have at least. */
  similarity_threshold: z.number().min(0).max(1),
  /** Whether answers name the files and pages that they rest on. */
  citations: z.boolean(),
  /** Whether answers may repeat the documents word for word. Otherwise their text is guarded as the prompt is. */
  allow_quoting: z.boolean(),
}
const KnowledgeBase = z
  .object({
    ...KNOWLEDGE,
    /** Of the agent's files those that it answers from; empty: all. */
    file_ids: KNOWLEDGE.file_ids.default([]),
    chunk_size: KNOWLEDGE.chunk_size.default(1_000),
    chunk_overlap: KNOWLEDGE.chunk_overlap.default(200),
    top_k: KNOWLEDGE.top_k.default(5),
    similarity_threshold: KNOWLEDGE.similarity_threshold.default(0.2),
    citations: KNOWLEDGE.citations.default(false),
    allow_quoting: KNOWLEDGE.allow_quoting.default(false),
  })
  .refine(({ chunk_size, chunk_overlap }) => chunk_overlap <= chunk_size / 2, {
    path: ['chunk_overlap'],
    message: 'must be at most half of chunk_size',
  })

export type KnowledgeBase = z.infer<typeof KnowledgeBase>

const FIELDS = {
  system_prompt: z.string().min(1).max(PROMPT_CHARS_MAX),
  model: z.string().min(1).max(MODEL_CHARS_MAX),
  provider: z.enum(['openai', 'anthropic', 'google']),
  temperature: z.number().min(0).max(2),
  max_tokens: z.number().int().min(1).max(OUTPUT_TOKENS_MAX),
  top_p: z.number().min(0).max(1),
  price_per_call: z.string().refine(isPrice, 'A price is 0.001 to 100 dollars with at most 6 decimals.'),
}

export const AgentConfig = z.object({
  ...FIELDS,
  knowledge_base: KnowledgeBase.optional(),
  allow: Allowed.prefault({}),
})

export type AgentConfig = z.infer<typeof AgentConfig>
/** A configuration as it is handed in: what has a default may be left out. */
export type AgentConfigInput = z.input<typeof AgentConfig>

/** What is to change in a configuration; what is left out stays as it is. `knowledge_base: null` takes it away. */
export const ConfigChange = z.object({
  ...z.object(FIELDS).partial().shape,
  knowledge_base: z.object(KNOWLEDGE).partial().nullable().optional(),
  allow: z.partialRecord(Allowed.keyof(), z.boolean().optional()).optional(),
})

export type ConfigChange = z.infer<typeof ConfigChange>

/** A configuration as others than its owner may see it: without the prompt. */
export const ShownConfig = AgentConfig.omit({ system_prompt: true })
export type ShownConfig = z.infer<typeof ShownConfig>

/** `before` with a change, whose prompt is left out. Throws `validationFailed` if together they are no configuration. */
export function withChange(before: ShownConfig, { system_prompt: _, ...change }: ConfigChange): ShownConfig {
  const { knowledge_base: knowledge, ...rest } = { ...before, ...change }
  const merged = {
    ...rest,
    allow: { ...before.allow, ...change.allow },
    ...(knowledge ? { knowledge_base: { ...before.knowledge_base, ...knowledge } } : {}),
  }
  return validate(z.object({ config: ShownConfig }), { config: merged }).config
}
