/** What is wrong with an agent, what is missing before it can be published, and what its creator should know: all at once. */
import { AppError } from '../base/errors.ts'
import { amount, format } from '../money/amount.ts'
import { CATEGORIES } from './categories.ts'
import { findModel, INPUT_TOKENS, refusedParameters, worstCaseCost } from './models.ts'
import { holdsCredential, isBlank, isShownIn, measure } from './prompt.ts'
import type { Agent } from './agents.ts'
import type { OpenedConfig } from './vault.ts'

const DESCRIPTION_CHARS_MIN = 20

export type Remark = { field: string; problem: string }
type Details = Pick<Agent, 'name' | 'description' | 'category'>

/** What keeps a configuration from being saved. */
export function faultsOf(config: OpenedConfig): Remark[] {
  const model = findModel(config.provider, config.model)
  const faults: Remark[] = []
  if (!model)
    faults.push({
      field: 'config.model',
      problem: 'is no model of this provider that is offered; GET /api/v1/models lists them',
    })
  else if (config.max_tokens > model.outputTokensMax)
    faults.push({
      field: 'config.max_tokens',
      problem: `is more than the ${model.outputTokensMax} that the model can write`,
    })
  if (holdsCredential(config.prompt))
    faults.push({
      field: 'config.system_prompt',
      problem: 'holds what looks like a credential; take it out, and change it where it is used',
    })
  return faults
}

/** What keeps an agent from being published, besides its configuration's faults. */
export function missingIn({ name, description, category }: Details, config: OpenedConfig): Remark[] {
  const missing: Remark[] = []
  if (name.trim() === '') missing.push({ field: 'name', problem: 'is missing' })
  if ((description ?? '').trim().length < DESCRIPTION_CHARS_MIN)
    missing.push({ field: 'description', problem: `must have at least ${DESCRIPTION_CHARS_MIN} characters` })
  if (!CATEGORIES.some((known) => known === category))
    missing.push({ field: 'category', problem: `must be one of ${CATEGORIES.join(', ')}` })
  if (isBlank(config.prompt)) missing.push({ field: 'config.system_prompt', problem: 'is empty' })
  return missing
}

/** What a creator should know and may decide otherwise. */
export async function warningsOf(
  { name, description }: Omit<Details, 'category'>,
  config: OpenedConfig,
): Promise<Remark[]> {
  const warnings: Remark[] = []
  const model = findModel(config.provider, config.model)
  const { bytes: promptBytes } = await measure(config.prompt)
  const { knowledge_base: knowledge, max_tokens: maxTokens } = config
  const knowledgeChars = knowledge?.enabled ? knowledge.top_k * knowledge.chunk_size : 0
  const worst = model && worstCaseCost(model, { promptBytes, knowledgeChars, maxTokens })
  if (worst !== undefined && amount(config.price_per_call) < worst)
    warnings.push({
      field: 'config.price_per_call',
      problem:
        `is below the $${format(worst)} that a call may cost at list prices: ` +
        `the prompt and ${INPUT_TOKENS} tokens going in, ${maxTokens} coming out`,
    })
  const refused = refusedParameters(config.provider, config.model)
  for (const name of ['temperature', 'top_p'] as const)
    if (refused.includes(name) && config[name] !== 1)
      warnings.push({ field: `config.${name}`, problem: 'is left out: this model does not take it' })
  if (isShownIn(config.prompt, `${name}\n${description ?? ''}`))
    warnings.push({
      field: 'description',
      problem: 'repeats 50 or more characters of the prompt, which everybody can then read',
    })
  return warnings
}

/** Throws `validationFailed` naming every fault, if there is one. */
export function refuse(faults: Remark[], intent: string): void {
  if (faults.length === 0) return
  const names = faults.map(({ field }) => field).join(', ')
  throw new AppError('validationFailed', { message: `${intent}: ${names}`, details: { fields: faults } })
}
