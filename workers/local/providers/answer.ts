/**
 * What a stand-in answers: made from the question alone, the same for the same question, 40 to 120 words.
 * It never quotes the hidden prompt, unless a fault tells it to.
 */
import { example } from './example.ts'
import { type Fault, withoutDirectives } from './faults.ts'
import { cut, cutArguments, cutByEvents, cutWords } from './pieces.ts'
import { passageFor, withoutReference } from './reference.ts'
import { subjectOf } from './subjects.ts'
import { type Answer, newWireId, type Question, type Tool, type ToolCall, tokens, type Usage } from './wire.ts'

const QUOTED_MAX = 90
const PHRASE_MAX = 40
const QUOTED_RESULT_MAX = 400

/** The answer to what is asked, bent by `fault`; `body` is the request as it came, for a model that repeats it. */
export function answer(asking: Question, fault: Fault, body: string, idPrefix: string): Answer {
  const { turns, material } = withoutReference(asking.userTurns)
  const question = { ...asking, userTurns: turns }
  const asked = withoutDirectives(turns.at(-1) ?? '')
  const toolCalls = callTools(question, fault, asked)
  const speech =
    toolCalls.length > 0 || fault.refuse !== undefined ? SILENT : speak(question, fault, body, { asked, material })
  const thoughts = fault.think ?? (question.wantsThoughts ? think(asked) : '')
  const outputChars = speech.text.length + lengthOf(toolCalls) + (fault.refuse?.length ?? 0)
  const input = tokens(question.inputChars)
  return {
    id: newWireId(idPrefix),
    createdAt: Math.floor(Date.now() / 1000),
    model: question.model,
    leak: fault.leakFields ? question.system : undefined,
    thoughts,
    pieces: fault.events === undefined ? cut(speech.text, fault) : cutByEvents(speech.text, fault.events),
    secondPieces: fault.secondChoice === undefined ? [] : cut(fault.secondChoice, fault),
    refusalPieces: cut(fault.refuse ?? '', fault),
    toolCalls,
    end: fault.refuse === undefined ? (toolCalls.length > 0 ? 'tool' : speech.end) : 'refusal',
    stopSequence: speech.stopSequence,
    usages: usages(fault.usage, {
      input,
      output: Math.min(tokens(outputChars), question.maxTokens),
      thoughts: tokens(thoughts.length),
    }),
  }
}

type Speech = { text: string; end: 'stop' | 'stop-sequence' | 'length'; stopSequence: string | null }
const SILENT: Speech = { text: '', end: 'stop', stopSequence: null }

type Heard = { asked: string; material: string | undefined }

function speak(question: Question, fault: Fault, body: string, { asked, material }: Heard): Speech {
  const told = fault.say ?? (fault.echoRequest ? body : fault.echoSystem ? question.system : undefined)
  // What a fault dictates is said to the end: a model in an attacker's hand does not count its words.
  if (told !== undefined) return { ...SILENT, text: told.repeat(fault.repeat ?? 1) }
  const text = question.jsonSchema === undefined ? compose(question, asked, material) : inJson(question, asked)
  return atMaxTokens(atStop({ ...SILENT, text }, question.stop), question.maxTokens)
}

function atStop(speech: Speech, stop: string[]): Speech {
  let found: { at: number; word: string } | undefined
  for (const word of stop) {
    const at = word === '' ? -1 : speech.text.indexOf(word)
    if (at >= 0 && (!found || at < found.at)) found = { at, word }
  }
  if (!found) return speech
  return { text: speech.text.slice(0, found.at), end: 'stop-sequence', stopSequence: found.word }
}

function atMaxTokens(speech: Speech, maxTokens: number): Speech {
  // A word has at least one character before it or in it, so a short text cannot have too many.
  if (speech.text.length <= maxTokens) return speech
  const words = cutWords(speech.text)
  if (words.length <= maxTokens) return speech
  return { text: words.slice(0, maxTokens).join(''), end: 'length', stopSequence: null }
}

function compose(question: Question, asked: string, material?: string): string {
  const quoted = firstSentence(asked)
  if (question.toolResult) return fromToolResult(question.toolResult, quoted)
  if (material !== undefined) return `According to the documents: ${passageFor(material, asked)}`
  const topic = topicOf(asked)
  const { sentences } = subjectOf(question.system)
  const seed = hash(asked + question.model)
  const middle = [0, 1, 2].map((step) => fill(sentences[(seed + step) % sentences.length], topic))
  const opening = OPENINGS[seed % OPENINGS.length]?.replace('$question', () => quoted)
  const earlier = question.userTurns.length > 1 ? topicOf(withoutDirectives(question.userTurns[0] ?? '')) : undefined
  const link = earlier ? ` This follows on from what you said about ${earlier.phrase}.` : ''
  return `${opening}${link} ${middle.join(' ')} ${fill(CLOSINGS[(seed >>> 3) % CLOSINGS.length], topic)}`
}

const OPENINGS = [
  'You asked: “$question”.',
  'On “$question”:',
  'A good question: “$question”.',
  'To “$question” I would say this.',
]
const CLOSINGS = [
  'Tell me more about $word and I can go into detail.',
  'If you share what you have tried with $word, the next step will be clearer.',
  'That should carry you a good way; ask again when $word raises something new.',
]

function fill(sentence = '', { phrase, word }: Topic): string {
  return sentence.replace('$topic', () => phrase).replace('$word', () => word)
}

function fromToolResult(result: { name: string; text: string }, topic: string): string {
  const told = result.text
    .slice(0, QUOTED_RESULT_MAX)
    .replaceAll(/["{}[\]]/g, '')
    .replaceAll(/\s*([,:])\s*/g, '$1 ')
  return `Here is what ${result.name} found for “${topic}”: ${told.trim()}. That answers the question directly; ask me to compare it with another value, to explain what it means in practice, or to look up something related.`
}

function inJson(question: Question, asked: string): string {
  const schema = question.jsonSchema
  const isOpen = typeof schema !== 'object' || schema === null || Object.keys(schema).length === 0
  return JSON.stringify(
    isOpen ? { topic: firstSentence(asked), answer: compose(question, asked) } : example(schema, asked),
  )
}

function think(asked: string): string {
  return `The question is about ${topicOf(asked).phrase}. I will restate it, name what matters most, and end with a next step.`
}

function callTools(question: Question, fault: Fault, asked: string): ToolCall[] {
  if (fault.sayTool !== undefined) {
    const name = fault.toolName ?? question.tools[0]?.name ?? 'lookup'
    return [{ id: newWireId('call_'), name, arguments: fault.sayTool, pieces: cutArguments(fault.sayTool, fault) }]
  }
  if (fault.say !== undefined || fault.echoRequest || fault.echoSystem) return []
  return chooseTools(question, asked).map((tool) => {
    const made = JSON.stringify(example(tool.schema ?? { type: 'object' }, asked))
    return { id: newWireId('call_'), name: tool.name, arguments: made, pieces: cutArguments(made, fault) }
  })
}

function chooseTools(question: Question, asked: string): Tool[] {
  const { tools, toolChoice } = question
  if (tools.length === 0 || toolChoice === 'none') return []
  if (typeof toolChoice === 'object') return tools.filter((tool) => tool.name === toolChoice.name)
  const lower = asked.toLowerCase()
  const named = question.toolResult ? [] : tools.filter((tool) => speaksOf(lower, tool.name))
  const wanted = named.length === 0 && toolChoice === 'required' ? tools.slice(0, 1) : named
  return question.parallelTools ? wanted : wanted.slice(0, 1)
}

/** Whether a text names a tool: by its name, or by every word of it that is not a mere verb. */
function speaksOf(lower: string, name: string): boolean {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_.-]+/)
  const telling = words.filter((word) => !/^(?:get|set|find|search|fetch|list|look|up|create|run|do|the|a)$/.test(word))
  return lower.includes(name.toLowerCase()) || (telling.length > 0 && telling.every((word) => lower.includes(word)))
}

function lengthOf(calls: ToolCall[]): number {
  return calls.reduce((sum, call) => sum + call.name.length + call.arguments.length, 0)
}

function usages(nonsense: Fault['usage'], honest: Usage): Usage[] {
  if (nonsense === undefined) return [honest]
  if (nonsense === 'none') return []
  if (nonsense === 'negative') return [{ ...honest, input: -5, output: -7 }]
  if (nonsense === 'nan') return [{ ...honest, input: 'NaN', output: 'NaN' }]
  if (nonsense === 'huge') return [{ ...honest, input: 1e12, output: 1e12 }]
  return [{ ...honest, output: 1 }, honest]
}

/** The first sentence of the question, as one would quote it. */
function firstSentence(asked: string): string {
  const first = (/[^.?!\n。？！]+/.exec(asked)?.[0] ?? '').trim()
  return (first.length > QUOTED_MAX ? `${first.slice(0, QUOTED_MAX).replace(/\s\S*$/, '')} …` : first) || 'your message'
}

type Topic = { phrase: string; word: string }

const COMMON = new Set(
  'about after again all also and any are ask because been before being best better both but can could did does doing down each every few for from get give good great had has have help her here him his how into its just know let like make many may me more most much need new not now off one only other our out over please really same say see should show some such tell than that the their them then there these they this those through too two under use very want was way ways well were what when where which while who why will with without would write yes yet you your yours'.split(
    ' ',
  ),
)
const LETTERS = /[\p{L}\p{N}][\p{L}\p{N}'’-]{2,30}/gu

/** What the question is about: its last telling word, and the phrase that leads up to it. */
function topicOf(asked: string): Topic {
  const sentence = firstSentence(asked)
  const telling = [...sentence.matchAll(LETTERS)].filter(([word]) => !COMMON.has(word.toLowerCase()))
  const last = telling.at(-1)
  if (!last) return { phrase: 'this', word: 'it' }
  const start = (telling.at(-2) ?? last).index
  const phrase = sentence.slice(start, last.index + last[0].length)
  return { phrase: `“${phrase.length > PHRASE_MAX ? last[0] : phrase}”`, word: last[0] }
}

/** FNV-1a over the first thousand characters: spreads questions over the phrases. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < Math.min(text.length, 1_000); at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}
