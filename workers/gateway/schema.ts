/** The bodies of the two chat routes, field by field, with their limits. What is not listed here is refused by name. */
import * as z from 'zod'

const MESSAGES_MAX = 512
const PARTS_MAX = 64
const TOOLS_MAX = 128
const STOPS_MAX = 4
const STOP_MAX_CHARACTERS = 128

const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
const toolCallId = z.string().min(1).max(256)

const TextPart = z.strictObject({ type: z.literal('text'), text: z.string() })
const ImagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({
    url: z
      .string()
      .regex(/^(https:\/\/|data:image\/(png|jpeg|gif|webp);base64,)/, 'must be an https: address or a data: image'),
    detail: z.enum(['auto', 'low', 'high']).optional(),
  }),
})
const TextContent = z.union([z.string(), z.array(TextPart).max(PARTS_MAX)])
const UserContent = z.union([
  z.string(),
  z
    .array(z.discriminatedUnion('type', [TextPart, ImagePart]))
    .min(1)
    .max(PARTS_MAX),
])
const ToolCallMade = z.strictObject({
  id: toolCallId,
  type: z.literal('function').default('function'),
  function: z.strictObject({ name, arguments: z.string() }),
})

const UserMessage = z.strictObject({
  role: z.literal('user'),
  content: UserContent,
  name: z.string().max(64).optional(),
})
const AssistantMessage = z.strictObject({
  role: z.literal('assistant'),
  content: TextContent.nullish(),
  tool_calls: z.array(ToolCallMade).max(TOOLS_MAX).nullish(),
  refusal: z.string().nullish(),
  name: z.string().max(64).optional(),
  annotations: z.array(z.unknown()).max(0).nullish(),
  audio: z.null().optional(),
  function_call: z.null().optional(),
})
const ToolMessage = z.strictObject({ role: z.literal('tool'), tool_call_id: toolCallId, content: TextContent })
const InstructionMessage = (role: 'system' | 'developer') =>
  z.strictObject({ role: z.literal(role), content: TextContent, name: z.string().max(64).optional() })

/** The name under which one of the adapters asks for JSON; a caller's tool of that name would be mistaken for it. */
const RESERVED_TOOL = 'json_answer'

const ToolDeclared = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: name.refine((tool) => tool !== RESERVED_TOOL, `must not be ${RESERVED_TOOL}, which is reserved`),
    description: z.string().max(4096).optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
})

const Shared = {
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  stop: z
    .union([z.string().max(STOP_MAX_CHARACTERS), z.array(z.string().min(1).max(STOP_MAX_CHARACTERS)).max(STOPS_MAX)])
    .nullish(),
  tools: z.array(ToolDeclared).max(TOOLS_MAX).nullish(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'required']),
      z.strictObject({ type: z.literal('function'), function: z.strictObject({ name }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name,
          description: z.string().max(4096).optional(),
          schema: z.record(z.string(), z.unknown()).default({}),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .nullish(),
}

/** The body of `POST /proxy/v1/agents/:agentId/chat`. */
export const ProxyBody = z.strictObject({
  messages: z
    .array(z.discriminatedUnion('role', [UserMessage, AssistantMessage, ToolMessage]))
    .min(1)
    .max(MESSAGES_MAX),
  ...Shared,
})

/**
 * The body of `POST /v1/chat/completions`. OpenAI's parameters that have no meaning here are accepted at the values at which
 * they do nothing, so that common clients work unchanged.
 */
export const OpenAiBody = z.strictObject({
  model: z.string().min(1).max(128),
  messages: z
    .array(
      z.discriminatedUnion('role', [
        UserMessage,
        AssistantMessage,
        ToolMessage,
        InstructionMessage('system'),
        InstructionMessage('developer'),
      ]),
    )
    .min(1)
    .max(MESSAGES_MAX),
  ...Shared,
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.literal(1).nullish(),
  frequency_penalty: z.literal(0).nullish(),
  presence_penalty: z.literal(0).nullish(),
  logit_bias: z.strictObject({}).nullish(),
  logprobs: z.literal(false).nullish(),
  top_logprobs: z.literal(0).nullish(),
  modalities: z.tuple([z.literal('text')]).nullish(),
  service_tier: z.enum(['auto', 'default']).nullish(),
  store: z.literal(false).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  seed: z.int().nullish(),
  user: z.string().max(256).nullish(),
  safety_identifier: z.string().max(256).nullish(),
  prompt_cache_key: z.string().max(256).nullish(),
  reasoning_effort: z.null().optional(),
  verbosity: z.null().optional(),
  prediction: z.null().optional(),
  audio: z.null().optional(),
  web_search_options: z.null().optional(),
})

/** Either body, read with the fields of both. */
export type ChatBody = Omit<z.infer<typeof ProxyBody>, 'messages'> &
  Partial<z.infer<typeof OpenAiBody>> & { messages: OpenAiMessage[] }

/** A message of either route. */
export type OpenAiMessage = z.infer<typeof OpenAiBody>['messages'][number]
