import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AgentConfig, isPrice } from './config.ts'

const MINIMAL = {
  system_prompt: 'Answer in rhyme.',
  model: 'gpt-5-mini',
  provider: 'openai',
  temperature: 0.7,
  max_tokens: 500,
  top_p: 1,
  price_per_call: '0.01',
}

const micros = (value: number): string => `${Math.floor(value / 1e6)}.${String(value % 1e6).padStart(6, '0')}`

test('property 11: a price is accepted from 0.001 to 100 dollars and nowhere else', () => {
  fc.assert(fc.property(fc.integer({ min: 1_000, max: 100_000_000 }), (value) => isPrice(micros(value))))
  fc.assert(fc.property(fc.integer({ min: 0, max: 999 }), (value) => !isPrice(micros(value))))
  fc.assert(fc.property(fc.integer({ min: 100_000_001, max: 2 ** 50 }), (value) => !isPrice(micros(value))))
  fc.assert(fc.property(fc.integer({ min: 1_000, max: 100_000_000 }), (value) => !isPrice(`-${micros(value)}`)))
})

test('the ends of the range are prices, what lies a millionth outside is none', () => {
  for (const text of ['0.001', '0.001000', '100', '100.000000', '1', '12.5']) expect(isPrice(text), text).toBe(true)
  for (const text of ['0.000999', '100.000001', '0', '-1', '1000', '999999999999'])
    expect(isPrice(text), text).toBe(false)
})

test('what is written otherwise is no price', () => {
  for (const text of ['', ' 1', '1 ', '1.', '.5', '01', '1e1', '+1', '1,5', '0.0010001', '１', 'NaN', '0x1', '$1'])
    expect(isPrice(text), text).toBe(false)
})

test('callers may set everything unless the creator says otherwise', () => {
  const { allow } = AgentConfig.parse(MINIMAL)
  expect(Object.values(allow)).toEqual(Array(7).fill(true))
  expect(AgentConfig.parse({ ...MINIMAL, allow: { tools: false } }).allow).toEqual({ ...allow, tools: false })
})

test('a knowledge base has the standard sizes where none are given', () => {
  const { knowledge_base: knowledge } = AgentConfig.parse({
    ...MINIMAL,
    knowledge_base: { enabled: true, file_ids: [] },
  })
  expect(knowledge).toEqual({
    enabled: true,
    file_ids: [],
    chunk_size: 1000,
    chunk_overlap: 200,
    top_k: 5,
    similarity_threshold: 0.2,
    citations: false,
    allow_quoting: false,
  })
})

test('figures outside their range, unknown providers and empty prompts are refused by the name of the field', () => {
  const wrong = {
    system_prompt: '',
    model: '',
    provider: 'acme',
    temperature: 2.01,
    max_tokens: 0,
    top_p: 1.1,
    price_per_call: '200',
  }
  for (const [field, value] of Object.entries(wrong)) {
    const result = AgentConfig.safeParse({ ...MINIMAL, [field]: value })
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([field])
  }
})
