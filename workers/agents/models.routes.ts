/** The models that an agent may be built on, for whoever wants to choose one. */
import { Hono } from 'hono'
import * as z from 'zod'
import { anyone, routesOf } from '../base/route.ts'
import { format } from '../money/amount.ts'
import { COSTS_AS_OF, costOf, INPUT_TOKENS, MODELS, refusedParameters, worstCaseCost } from './models.ts'
import type { AppContext } from '../env.ts'

const PROMPT_CHARS_MAX = 32_000

export const modelRoutes = new Hono<AppContext>()
const route = routesOf(modelRoutes, 'Agents')

const ModelsQuery = z.object({
  max_tokens: z.coerce.number().int().min(1).max(200_000).default(1_000).describe('The longest answer to reckon with.'),
  prompt_chars: z.coerce
    .number()
    .int()
    .min(0)
    .max(PROMPT_CHARS_MAX)
    .default(4_000)
    .describe('The length of the prompt.'),
})

const Model = z.object({
  provider: z.string(),
  model: z.string(),
  context_tokens: z.int(),
  output_tokens_max: z.int(),
  refused_parameters: z.array(z.string()),
  input_usd_per_million_tokens: z.string(),
  output_usd_per_million_tokens: z.string(),
  worst_case_usd: z.string(),
})

route(
  'GET /api/v1/models',
  {
    summary: 'The models that an agent may be built on, with their limits and what they cost',
    description:
      'Costs are list prices of the providers, on the day in `costs_as_of`. `worst_case_usd` is what one call may cost: ' +
      `the prompt and ${INPUT_TOKENS} tokens going in, \`max_tokens\` coming out. A price below it earns less than it may cost.`,
    who: anyone,
    query: ModelsQuery,
    limit: { name: 'models', perMinute: 120 },
    cache: 'public',
    answer: z.object({ costs_as_of: z.iso.date(), input_tokens: z.int(), models: z.array(Model) }),
  },
  async ({ query: { max_tokens: maxTokens, prompt_chars: promptBytes } }) => ({
    costs_as_of: COSTS_AS_OF,
    input_tokens: INPUT_TOKENS,
    models: MODELS.map((model) => {
      const { input, output } = costOf(model)
      return {
        provider: model.provider,
        model: model.name,
        context_tokens: model.contextTokens,
        output_tokens_max: model.outputTokensMax,
        refused_parameters: [...refusedParameters(model.provider, model.name)],
        input_usd_per_million_tokens: format(input),
        output_usd_per_million_tokens: format(output),
        worst_case_usd: format(worstCaseCost(model, { promptBytes, knowledgeChars: 0, maxTokens })),
      }
    }),
  }),
)
