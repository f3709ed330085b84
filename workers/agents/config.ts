/**
 * What a creator decides about an agent. On disk all of it is one ciphertext; the fields named here are also its wire
 * form. A value of this type holds the prompt in the open: only the vault and the routes that save an agent touch one.
 */
import * as z from 'zod'
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

/** What callers may set for themselves. Whatever is not allowed is refused by name, never silently ignored. */
const Allowed = z.object({
  temperature: z.boolean().default(true),
  top_p: z.boolean().default(true),
  /** Callers can only ask for fewer tokens than the agent's own `max_tokens`, never for more. */
  max_tokens: z.boolean().default(true),
  stop: z.boolean().default(true),
  tools: z.boolean().default(true),
  response_format: z.boolean().default(true),
  images: z.boolean().default(true),
})

const KnowledgeBase = z.object({
  enabled: z.boolean(),
  file_ids: z.array(z.uuid()).max(KNOWLEDGE_FILES_MAX),
  /** In characters. */
  chunk_size: z.number().int().min(100).max(4_000).default(1_000),
  chunk_overlap: z.number().int().min(0).max(1_000).default(200),
  /** How many chunks are given to the model. */
  top_k: z.number().int().min(1).max(20).default(5),
})

export const AgentConfig = z.object({
  system_prompt: z.string().min(1).max(PROMPT_CHARS_MAX),
  model: z.string().min(1).max(MODEL_CHARS_MAX),
  provider: z.enum(['openai', 'anthropic', 'google']),
  temperature: z.number().min(0).max(2),
  max_tokens: z.number().int().min(1).max(OUTPUT_TOKENS_MAX),
  top_p: z.number().min(0).max(1),
  price_per_call: z.string().refine(isPrice, 'A price is 0.001 to 100 dollars with at most 6 decimals.'),
  knowledge_base: KnowledgeBase.optional(),
  allow: Allowed.prefault({}),
})

export type AgentConfig = z.infer<typeof AgentConfig>
/** A configuration as it is handed in: what has a default may be left out. */
export type AgentConfigInput = z.input<typeof AgentConfig>
