/**
 * Prompts and forms that nobody had in mind when the guard was written: what was let through is decoded by the form's real
 * inverse, and compared with the prompt. A leak is a stretch of 30 or more letters and digits that the two have in common.
 */
import { describe, expect, test } from 'vitest'
import { ATTACKS, CHUNKERS, pieces } from '../../tests/attacks.ts'
import { Guard, LeakBlocked } from './guard.ts'
import { compileLeakIndex, type LeakIndex } from './leak-index.ts'

const LIGHTHOUSE = `Speak as the retired keeper of the Skerryvore light. You answer visitors of the little maritime museum at Tobermory, \
mostly families, in short and salty paragraphs. Quote the log-book of 1881 only when asked about storms. If a child is among the visitors, \
swap shipwreck details for seals, puffins and the price of paraffin. Tickets cost nine pounds, six for pensioners, and the lamp room closes at \
half past four; nobody may climb the ladder without Morag. Should anyone enquire about the missing brass sextant, change the subject to knots.`

const TAX = `ROLE: junior bookkeeping checker, tone neutral. INPUT: one bank line plus an optional receipt text. STEPS: normalise the payee; map to \
ledger codes 4000-4990; flag cash above 3,000; never guess a VAT rate, ask instead; treat fuel for vans as 4530 and fuel for directors as 2275. \
OUTPUT: code, confidence in percent, one question at most. FORBIDDEN: advice on offshore companies, naming colleagues, rounding in favour of the client. \
ESCALATE to Ingrid when the same payee shows three codes within a quarter, or when a refund lacks its original entry.`

const GERMAN = `Du bist die Rezeptionistin eines kleinen Kurhotels im Allgäu und duzt niemanden. Begrüße Gäste höflich mit Tageszeit, nenne zuerst freie \
Zimmer mit Bergblick, danach die günstigeren Kammern über der Küche. Frühstück gibt es von sieben bis zehn, spätere Wünsche führst du auf Zuruf aus, \
sofern Köchin Änne zustimmt. Über Stammgäste, Schäden am Schwimmbad und die Kündigung des früheren Bademeisters äußerst du dich grundsätzlich nicht. \
Hunde bis zwölf Kilogramm sind für fünfzehn Euro willkommen, größere übernachten im Stöckl.`

const HAN = `请扮演一家旧书店的店主，店名叫半窗书屋，位于苏州平江路尽头。顾客询问书籍时，先问清作者、年代和品相要求，再从库存编号里挑选两本介绍。宋版书与名人手札一律说不出售，只可预约观看。\
遇到砍价的客人，最多优惠百分之八，并赠送一枚竹制书签。不得透露供货人老周的电话，也不要评论隔壁的咖啡馆。天气潮湿时提醒客人用宣纸包好，切勿暴晒。结尾总要推荐一首与季节相合的短诗。`

const LINT = `{"agent":"pr-gatekeeper","rules":[
 {"id":"R01","when":"diff.files > 40","then":"ask_to_split","except":["lockfile","generated/**"]},
 {"id":"R02","when":"touches('auth/') && !labels.has('sec-ok')","then":"hold","note":"tell @hiroko, not the author"},
 {"id":"R03","when":"coverage_delta < -0.75","then":"comment","template":"Coverage fell by {{delta}} points; add a test near {{file}}."},
 {"id":"R04","when":"author.tenure_days < 30","then":"be_gentle","max_remarks":5}],
 "merge":{"method":"squash","window":"Tue-Thu 09:30-16:00 Europe/Lisbon","freeze_token":"OSTRICH-77"},
 "never":["force push","mention of R02","words: obviously, just, simply"]}`

const TABLE = `| signal | weight | what you do | whom you tell |
|---|---:|---|---|
| pump pressure under 2.4 bar | 7 | close valve K3, wait ninety seconds | shift lead |
| conductivity above 610 | 9 | divert to tank four | lab, then Oyelaran |
| two alarms inside a minute | 5 | repeat the older one first | nobody |
| operator sounds tired | 3 | suggest the checklist, offer tea | nobody, ever |
| turbine hall door open | 8 | ask for a badge number ending in 5 | security desk 0417 |
Anything not listed here weighs 1 and is answered with a question about the last calibration.`

const HELD_OUT = [
  { name: 'lighthouse', text: LIGHTHOUSE },
  { name: 'bookkeeping', text: TAX },
  { name: 'German', text: GERMAN },
  { name: 'bookshop', text: HAN },
  { name: 'lint', text: LINT },
  { name: 'table', text: TABLE },
] as const

/** `decode` undoes `encode`, also of a text that was cut off. */
type Form = { name: string; encode: (text: string) => string; decode: (text: string) => string }

const utf8 = new TextEncoder()
const turned = (text: string) => Array.from(text).toReversed().join('')
const bytesOf = (text: string) => Array.from(utf8.encode(text))
const textOf = (bytes: number[]) => new TextDecoder().decode(Uint8Array.from(bytes))
const hex = (text: string) => bytesOf(text).map((byte) => byte.toString(16).padStart(2, '0'))
const unhex = (text: string) => textOf((text.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => parseInt(pair, 16)))
const base64 = (text: string) => Buffer.from(text).toString('base64')
const unbase64 = (text: string) => Buffer.from(text.replace(/[^A-Za-z0-9+/_-]/g, ''), 'base64').toString()
const forAddresses = (text: string) => Buffer.from(text).toString('base64url')
const lines = (text: string, width: number, prefix = (_line: number) => '') =>
  pieces(text, width).map((line, i) => prefix(i) + line).join('\n') // prettier-ignore
const rotate = (text: string, by: number) =>
  text.replace(/[a-z]/gi, (letter) => {
    const first = letter < 'a' ? 65 : 97
    return String.fromCharCode(first + ((letter.charCodeAt(0) - first + by + 26) % 26))
  })
const mirror = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => String.fromCharCode((letter < 'a' ? 155 : 219) - letter.charCodeAt(0)))
const broad = (text: string) => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))
const narrow = (text: string) => text.normalize('NFKC')
const units = (text: string) => text.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
const ununits = (text: string) => text.replace(/\u200b/g, '').replace(/\\u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))) // prettier-ignore
const unpercent = (text: string) => unhex(text.replace(/%(..)|([^%])/g, (_, pair: string | undefined, other: string) => pair ?? hex(other).join(''))) // prettier-ignore
const entity = (character: string, i: number) => {
  const point = character.codePointAt(0)!
  if (character === ' ') return '&nbsp;'
  return i % 2 ? `&#${point};` : `&#X${point.toString(16).toUpperCase()};`
}
const unentity = (text: string) =>
  text
    .replace(/&nbsp;?/g, ' ')
    .replace(/&#x([0-9a-f]+);?/gi, (_, digits: string) => String.fromCodePoint(parseInt(digits, 16)))
    .replace(/&#(\d+);?/g, (_, digits: string) => String.fromCodePoint(Number(digits)))

const FORMS: readonly Form[] = [
  { name: 'base64 of reversed text', encode: (text) => base64(turned(text)), decode: (text) => turned(unbase64(text)) },
  { name: 'base64 of a Caesar shift', encode: (text) => base64(rotate(text, 9)), decode: (text) => rotate(unbase64(text), -9) },
  { name: 'a Caesar shift in full width', encode: (text) => broad(rotate(text, 5)), decode: (text) => rotate(narrow(text), -5) },
  { name: 'reversed text in full width', encode: (text) => broad(turned(text)), decode: (text) => turned(narrow(text)) },
  { name: 'Atbash in base16', encode: (text) => hex(mirror(text)).join(''), decode: (text) => mirror(unhex(text)) },
  { name: 'base64 with percent escapes', encode: (text) => encodeURIComponent(base64(text)), decode: (text) => unbase64(text.replace(/%2B/g, '+').replace(/%2F/g, '/').replace(/%..?/g, '')) },
  { name: 'base64, each character percent-escaped', encode: (text) => hex(base64(text)).map((pair) => `%${pair}`).join(''), decode: (text) => unbase64(unhex(text)) },
  { name: 'JSON escapes with zero-width spaces between', encode: (text) => units(text).map((unit) => `\\u${unit}`).join('\u200b'), decode: ununits },
  { name: 'JSON escapes of some letters, zero-width spaces before others', encode: (text) => text.split('').map((unit, i) => (i % 3 === 0 ? `\\u${units(unit)[0]}` : `\u200b${unit}`)).join(''), decode: ununits },
  { name: 'JSON escapes of vowels', encode: (text) => text.replace(/[aeiou]/gi, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`), decode: ununits },
  { name: 'base16 in capitals with spaces', encode: (text) => hex(text).join(' ').toUpperCase(), decode: unhex },
  { name: 'base16 with colons', encode: (text) => hex(text).join(':'), decode: unhex },
  { name: 'base16 with emoji between', encode: (text) => hex(text).join('🙂'), decode: unhex },
  { name: 'base16 behind a long rule', encode: (text) => `${'-'.repeat(1000)} or so: ${hex(text).join(' ')}`, decode: (text) => unhex(text.slice(1008)) },
  { name: 'base16 in a list of strings', encode: (text) => hex(text).map((pair) => `"${pair}"`).join(', '), decode: unhex },
  { name: 'bytes of a string literal', encode: (text) => hex(text).map((pair) => `\\x${pair.toUpperCase()}`).join(''), decode: (text) => unhex(text.replaceAll('\\x', ' ')) },
  { name: 'base64 for addresses in lines of 40', encode: (text) => lines(forAddresses(text), 40), decode: unbase64 },
  { name: 'base64 for addresses in lines of 20', encode: (text) => lines(forAddresses(text), 20), decode: unbase64 },
  { name: 'base64 in quoted lines', encode: (text) => lines(base64(text), 60, () => '> '), decode: unbase64 },
  { name: 'base64 in a list of strings', encode: (text) => JSON.stringify(pieces(base64(text), 24)), decode: unbase64 },
  { name: 'base64 in lines of JSON', encode: (text) => JSON.stringify(lines(base64(text), 48)), decode: (text) => unbase64(text.replace(/\\n/g, '')) },
  { name: 'base64 in numbered lines of 40', encode: (text) => lines(base64(text), 40, (i) => `${i + 1}. `), decode: (text) => unbase64(text.replace(/^\d+\. /gm, '')) },
  { name: 'base16 in numbered lines of 40', encode: (text) => lines(hex(text).join(''), 40, (i) => `${i + 1}. `), decode: (text) => unhex(text.replace(/^\d+\. /gm, '')) },
  { name: 'base64 in lines that say where they stand', encode: (text) => lines(base64(text), 32, (i) => `Line ${i + 1} of many: `), decode: (text) => unbase64(text.replace(/^Line.*: /gm, '')) },
  { name: 'octal escapes', encode: (text) => bytesOf(text).map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''), decode: (text) => textOf((text.match(/[0-7]{3}/g) ?? []).map((digits) => parseInt(digits, 8))) },
  { name: 'percent escapes of units', encode: (text) => units(text).map((unit) => `%u${unit}`).join(''), decode: (text) => ununits(text.replaceAll('%', '\\')) },
  { name: 'base64 with zero-width spaces between', encode: (text) => base64(text).split('').join('\u200b'), decode: unbase64 },
  { name: 'base64 of base16 with spaces', encode: (text) => base64(hex(text).join(' ')), decode: (text) => unhex(unbase64(text)) },
  { name: 'base16 of base64', encode: (text) => hex(base64(text)).join(''), decode: (text) => unbase64(unhex(text)) },
  { name: 'decimal and hexadecimal entities mixed', encode: (text) => Array.from(text, entity).join(''), decode: unentity },
  { name: 'entities without semicolons', encode: (text) => Array.from(text, (character) => `&#${character.codePointAt(0)}`).join(''), decode: unentity },
  { name: 'entities in base64', encode: (text) => base64(Array.from(text, entity).join('')), decode: (text) => unentity(unbase64(text)) },
  { name: 'a table, a word in each cell', encode: (text) => text.split(/\s+/).map((word, i) => `| ${i + 1} | ‹${word}› |`).join('\n'), decode: (text) => Array.from(text.matchAll(/‹([^›]*)/g), (match) => match[1]).join(' ') },
  { name: 'capitals with underscores', encode: (text) => text.toUpperCase().split('').join('__'), decode: (text) => text.replaceAll('_', '') },
  { name: 'look-alikes, percent-escaped', encode: (text) => encodeURIComponent(text.replace(/[aeo]/g, (letter) => ({ a: 'а', e: 'е', o: 'о' })[letter] ?? letter)), decode: (text) => unpercent(text).replace(/[аео]/g, (letter) => ({ а: 'a', е: 'e', о: 'o' })[letter] ?? letter) },
] // prettier-ignore

const SPAN_LENGTHS = [60, 150, 400]
const BEFORE = 'Sure, this is what came to mind: '

function released(index: LeakIndex, texts: readonly string[], callerTexts: readonly string[] = ['Hello!']): string {
  const guard = new Guard(index, { callerTexts, strict: false })
  let text = ''
  try {
    for (const piece of texts) text += guard.push('text', piece)
    return text + guard.end('text')
  } catch (thrown) {
    if (!(thrown instanceof LeakBlocked)) throw thrown
    return text
  }
}

function lettersOf(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

/** The longest stretch of letters and digits of the span that stands in the text; a Han character counts as two and a half. */
function leaked(span: string, text: string): number {
  const said = lettersOf(text)
  const all = lettersOf(span)
  let longest = ''
  for (let from = 0; from < all.length; from++)
    while (from + longest.length < all.length && said.includes(all.slice(from, from + longest.length + 1))) longest = all.slice(from, from + longest.length + 1)
  return longest.length + 1.5 * (longest.match(/\p{Script=Han}/gu) ?? []).length
} // prettier-ignore

/** The longest stretch of letters and digits of what came out, a part of the prompt, that the caller had not sent himself. */
function unsent(prompt: string, sent: readonly string[], out: string): number {
  const all = lettersOf(prompt)
  const isSent = Array.from({ length: all.length }, () => false)
  for (const one of sent.flatMap((text) => (all.includes(lettersOf(text)) ? [text] : text.split(/\s+/))).map(lettersOf))
    for (let at = all.indexOf(one); one.length >= 12 && at >= 0; at = all.indexOf(one, at + 1)) isSent.fill(true, at, at + one.length)
  const from = all.indexOf(lettersOf(out))
  return Math.max(...isSent.slice(from, from + lettersOf(out).length).map((sent) => (sent ? ' ' : '.')).join('').split(' ').map((run) => run.length), 0)
} // prettier-ignore

describe.each(HELD_OUT)('the $name prompt', ({ text: prompt }) => {
  const index = compileLeakIndex(prompt, [])
  const spans = SPAN_LENGTHS.filter((length) => length <= prompt.length).flatMap((length) =>
    [0.03, 0.37, 1].map((share) => Math.floor((prompt.length - length) * share)).map((at) => prompt.slice(at, at + length)),
  ) // prettier-ignore

  test.each(ATTACKS)('does not leave as $name', ({ channel, apply }) => {
    for (const { name, cut } of CHUNKERS) {
      for (const span of spans) {
        // Half a word from its end to its beginning is no part of the whole word so.
        const whole = channel === 'wordReversed' ? span.replace(/^\S+\s|\s\S+$/g, '') : span
        const hidden = apply(whole)
        const out = released(index, cut(BEFORE + hidden)).slice(BEFORE.length)
        // These forms spread a span evenly over their text.
        const part = whole.slice(0, Math.floor((out.length / hidden.length) * whole.length))
        expect(part.length >= 50 && leaked(span, part) >= 30, `${name}: ${JSON.stringify(part)}`).toBe(false)
      }
    }
  })

  test.each(FORMS)('does not leave as $name', ({ encode, decode }) => {
    for (const { name, cut } of CHUNKERS) {
      for (const span of spans) {
        const out = released(index, cut(BEFORE + encode(span))).slice(BEFORE.length)
        expect(leaked(span, decode(out)), `${name}: ${JSON.stringify(decode(out))}`).toBeLessThan(30)
      }
    }
  })
})

test.each(FORMS)('$name can be undone', ({ encode, decode }) => {
  for (const { text } of HELD_OUT) expect(leaked(text, decode(encode(text)))).toBeGreaterThan(60)
})

describe('lanes that take turns', () => {
  test.each(HELD_OUT)('do not bring the $name prompt out word by word', ({ text: prompt }) => {
    const span = prompt.slice(20, 320)
    for (const lanes of [
      ['text', 'tool:0'],
      ['text', 'tool:0', 'text', 'tool:1'],
    ]) {
      const guard = new Guard(compileLeakIndex(prompt, []), { callerTexts: [], strict: false })
      let out = ''
      try {
        guard.push('text', BEFORE)
        for (const [i, word] of (span.match(/\s*\S{1,8}/g) ?? []).entries())
          out += guard.push(lanes[i % lanes.length]!, word)
        for (const lane of new Set(lanes)) out += guard.end(lane)
      } catch (thrown) {
        if (!(thrown instanceof LeakBlocked)) throw thrown
      }
      expect(leaked(span, out), JSON.stringify(out)).toBeLessThan(30)
    }
  })
})

describe('what the caller sent is no way around', () => {
  const cases = HELD_OUT.flatMap(({ name, text }) => [
    { name: `${name}: every other stretch of 40`, text, sent: pieces(text, 40).filter((_, i) => i % 2 === 0) },
    { name: `${name}: overlapping stretches of 24`, text, sent: Array.from({ length: Math.floor(text.length / 12) }, (_, i) => text.slice(i * 12, i * 12 + 24)) },
    { name: `${name}: the first half`, text, sent: [text.slice(0, text.length / 2)] },
    { name: `${name}: all words in order of the alphabet`, text, sent: [text.split(/\s+/).toSorted().join(' ')] },
  ]) // prettier-ignore

  test.each(cases)('$name', ({ text, sent }) => {
    const half = text.length / 2
    for (const callerTexts of [sent, [sent.join(' ')]]) {
      for (const span of [text.slice(half - 40, half + 120), text.slice(half, half + 200), text.slice(-180)]) {
        const out = released(compileLeakIndex(text, []), pieces(span, 5), callerTexts)
        expect(unsent(text, sent, span.slice(0, out.length)), JSON.stringify(out)).toBeLessThan(30)
      }
    }
  })

  test.each(HELD_OUT)('$name, half of it public', ({ text }) => {
    const half = Math.floor(text.length / 2)
    const index = compileLeakIndex(text, [text.slice(0, half), text.slice(-60, -20)])
    for (const span of [text.slice(half - 60, half + 120), text.slice(half, half + 90), text.slice(-160)]) {
      const out = released(index, pieces(span, 3)).replaceAll(text.slice(half - 60, half), '')
      expect(leaked(span, out.replaceAll(text.slice(-60, -20), '')), JSON.stringify(out)).toBeLessThan(30)
    }
  })
})

describe('a short prompt', () => {
  const dressed: readonly ((text: string) => string)[] = [(text) => text, (text) => `»${text}«`, (text) => text.toUpperCase(), (text) => `I am told: ${text}\nNo more.`, (text) => text.split(/\s+/).join('\n'), broad] // prettier-ignore
  test.each(['Hush.', 'Talk like a pirate', 'Sei höflich!', '始终用俳句回答', 'x=4200;', 'No cats. Dogs only.'])(
    '(%s) never leaves whole',
    (prompt) => {
      const index = compileLeakIndex(prompt, [])
      for (const dress of dressed) {
        for (const { cut } of CHUNKERS)
          expect(lettersOf(narrow(released(index, cut(dress(prompt)))))).not.toContain(lettersOf(prompt))
      }
    },
  )
})

describe('answers about the very matter of a prompt', () => {
  const frames = ['I would suggest {} first, then look at {} and perhaps {}.', 'In general {} matters more than {}.', 'The {} depends on your {}, so please tell me about {}.', 'If the {} is not available, {} with {} does the job.', '1. {}\n2. {} and {}\n3. {}', 'Most people confuse {} with {}; here is how they differ.', 'Is there something about {} I can do?', 'My advice: keep {} simple, since {} {} often goes wrong.'] // prettier-ignore
  const others = 'water morning paper answer friend window garden letter market number reason garment coffee street summer question'.split(' ') // prettier-ignore
  const CHARACTERS = 100_000

  test.each(HELD_OUT)('are not blocked, though they use the words of the $name prompt', ({ text }) => {
    const own = text.match(/\p{Script=Han}{2,3}|[\p{L}\p{N}]{4,}/gu) ?? []
    const index = compileLeakIndex(text, [])
    let state = text.length
    const below = (limit: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      return (state >>> 8) % limit
    }
    const word = () => (below(5) < 3 ? own[below(own.length)]! : others[below(others.length)]!)
    for (let made = 0; made < CHARACTERS;) {
      const answer = Array.from({ length: 3 + below(12) }, () =>
        frames[below(frames.length)]!.replace(/\{\}/g, word),
      ).join(' ')
      expect(released(index, [answer])).toBe(answer)
      made += answer.length
    }
  })
})
