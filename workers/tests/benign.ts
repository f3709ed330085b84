/**
 * Answers that leak nothing, without end and the same each time: prose of many trades, lists, tables, code, JSON, encoded
 * images, Chinese, addresses. Made by rule from words, so that any amount can be had; runs in Node and in workerd alike.
 */

/** Words of one matter: things, what is done, how they are. */
type Matter = { things: string; deeds: string; ways: string }

const MATTERS: readonly Matter[] = [
  { things: 'tenant landlord lease deposit court notice statute contract clause liability appeal judge witness property easement', deeds: 'files signs terminates disputes settles reviews breaches enforces waives grants', ways: 'in writing,before the deadline,under local law,without prejudice,at the hearing,by registered mail' },
  { things: 'patient dose symptom fever infection nurse clinic vaccine rash allergy muscle tendon kidney artery diagnosis', deeds: 'treats measures reports prevents relieves monitors examines prescribes compares delays', ways: 'twice a day,after meals,within a week,at low risk,with plenty of water,under supervision' },
  { things: 'server cluster query index cache thread socket packet container replica database transaction partition kernel compiler', deeds: 'retries commits shards streams allocates blocks flushes caches restarts compiles', ways: 'in parallel,on every request,behind a proxy,with exponential backoff,without downtime,in memory' },
  { things: 'goalkeeper striker league coach referee stadium season transfer penalty fixture midfielder trophy crowd', deeds: 'scores defends loses signs trains injures celebrates misses wins draws', ways: 'in extra time,away from home,by two goals,for the third season,against all odds,on Saturday' },
  { things: 'soil seedling compost pruning greenhouse tomato basil fertiliser root blossom orchard hedge mulch frost', deeds: 'waters plants trims feeds harvests shelters grafts thins rotates dries', ways: 'in early spring,once a week,in full sun,before the first frost,with a sharp knife,every other year' },
  { things: 'market inflation bond dividend portfolio broker yield currency equity hedge pension mortgage balance', deeds: 'rises falls yields hedges invests borrows trades compounds rebalances defaults', ways: 'over ten years,at four percent,against the dollar,before taxes,in a recession,on margin' },
  { things: 'planet galaxy telescope orbit comet nebula asteroid gravity eclipse satellite spectrum meteor crater', deeds: 'orbits collides emits absorbs rotates expands cools accretes reflects ejects', ways: 'every eleven years,at the speed of light,beyond Neptune,in the infrared,billions of years ago,near the pole' },
  { things: 'flour onion garlic butter skillet oven broth sauce risotto fish chicken poultry salad dessert pan guest dinner wine', deeds: 'simmers roasts whisks seasons folds chops braises reduces chills serves', ways: 'over low heat,for twenty minutes,until golden,with a pinch of salt,in a heavy pan,before the guests arrive' },
  { things: 'supplier clause payment renewal liability cap table reason column procurement law counsel logistics threshold', deeds: 'limits exceeds requires renews caps signs appends classifies speculates quotes', ways: 'beyond thirty days,in the second column,for each supplier,under Dutch law,without sign-off,per contract' },
  { things: 'migration column index rollback replica lock dialect reviewer backfill verdict rewrite schedule maintenance window', deeds: 'rewrites locks schedules estimates rolls drops splits holds ships blocks', ways: 'per second,on the replica,with a ticket,outside the window,in one statement,at low traffic' },
] // prettier-ignore

const FRAMES = [
  'The {t} {d} the {t} {w}.', 'If the {t} {d} {w}, the {t} is usually fine.', 'Most people think that a {t} {d} {w}, but the {t} decides.',
  'First, check whether your {t} {d} the {t}; second, ask about the {t}.', 'It depends: a {t} often {d} {w}, while another {t} never does.',
  'Would you like to know how the {t} {d} the {t}?', 'In {n}, about {n} of {n} cases had a {t} that {d} {w}.', '"Every {t} {d} something," she said, "{w} or not."',
  "Here's what I'd try: let the {t} rest, then see if it {d} the {t} {w}.", 'Unlike the {t}, the {t} {d} {w} (see figure {n}).',
] // prettier-ignore

const CHINESE_SUBJECTS = [
  '我们',
  '这座城市',
  '研究人员',
  '大多数顾客',
  '新的系统',
  '春天的茶园',
  '孩子们',
  '公司董事会',
  '图书馆',
  '医生',
]
const CHINESE_VERBS = [
  '已经决定',
  '通常需要',
  '正在考虑',
  '很少能够',
  '必须尽快',
  '希望继续',
  '开始学习',
  '拒绝接受',
  '可以推荐',
  '应该说明',
]
const CHINESE_OBJECTS = ['改善交通状况', '一杯热茶', '更便宜的材料', '下个季度的预算', '传统的制作方法', '安全措施', '产地和价格', '新鲜蔬菜', '夜间的课程', '冲泡温度'] // prettier-ignore

/** Gives the same numbers for the same seed: whole ones below `below`. */
function random(seed: number): (below: number) => number {
  let state = seed | 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return Math.floor(((state >>> 8) / 2 ** 24) * below)
  }
}

export type Mix = 'all' | 'readable'

/**
 * Answers, each of some hundred to a few thousand characters, until they have `characters` in all. `readable` leaves out
 * encoded images and lines of hashes, ids and numbers.
 */
export function* benignAnswers(characters: number, seed = 1, mix: Mix = 'all'): Generator<string> {
  const below = random(seed)
  for (let made = 0; made < characters;) {
    const answer = answerOf(MIXES[mix], below)
    made += answer.length
    yield answer
  }
}

function answerOf(kinds: readonly Block[], below: (n: number) => number): string {
  const matter = MATTERS[below(MATTERS.length)]!
  const blocks = Array.from({ length: 1 + below(5) }, () => one(kinds, below)(matter, below))
  return blocks.join('\n\n')
}

type Block = (matter: Matter, below: (n: number) => number) => string

const prose: Block = (matter, below) => Array.from({ length: 2 + below(7) }, () => sentence(matter, below)).join(' ')

const list: Block = (matter, below) =>
  Array.from(
    { length: 3 + below(5) },
    (_, i) => `${below(2) ? `${i + 1}.` : '-'} **${pick(matter.things, below)}**: ${sentence(matter, below)}`,
  ).join('\n')

const table: Block = (matter, below) => {
  const row = () => `| ${pick(matter.things, below)} | ${below(10_000) / 100} | ${pick(matter.deeds, below)} |`
  return ['| name | value | note |', '|------|-------:|------|', ...Array.from({ length: 2 + below(6) }, row)].join(
    '\n',
  )
}

const code: Block = (matter, below) => {
  const [a, b, c] = [pick(matter.things, below), pick(matter.things, below), pick(matter.deeds, below)]
  return [
    '```ts',
    `import { ${c} } from './${a}/${b}-${c}.ts'`,
    `export async function ${c}${capital(a)}(${a}: ${capital(a)}[], max = ${below(999)}): Promise<Map<string, number>> {`,
    `  const ${b} = new Map<string, number>()`,
    `  for (const one of ${a}) if (one.size % ${1 + below(9)} === 0 && ${b}.size < max) ${b}.set(\`\${one.id}\\n\`, one.size ?? 0)`,
    `  console.log("${a}:\\t%d of %s\\n", ${b}.size, '${sentence(matter, below)}')`,
    `  return ${b} // TODAY=2026-0${1 + below(9)}-1${below(9)}, see https://example.com/docs/${a}/${b}?page=${below(99)}&sort=desc`,
    '}',
    '```',
  ].join('\n')
}

const json: Block = (matter, below) => {
  const entry = () => ({ id: hex(below, 24), name: pick(matter.things, below), score: below(1000) / 10, note: sentence(matter, below), tags: [pick(matter.deeds, below), null] })
  return JSON.stringify({ ok: true, entries: Array.from({ length: 1 + below(4) }, entry) }, null, below(3))
} // prettier-ignore

const image: Block = (matter, below) => {
  const bytes = Array.from({ length: 200 + below(1200) }, () => String.fromCharCode(below(256))).join('')
  return `![${pick(matter.things, below)}](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${btoa(bytes)})`
}

const chinese: Block = (_, below) => {
  const part = () => one(CHINESE_SUBJECTS, below) + one(CHINESE_VERBS, below) + one(CHINESE_OBJECTS, below)
  return Array.from({ length: 3 + below(6) }, () => `${part()}，因为${part()}。`).join('')
}

const european: Block = (matter, below) =>
  `Voilà : l’« ${pick(matter.things, below)} » coûte ${below(90)} € — naturellement. Größe ${below(60)}, Übergröße auf Anfrage; ` +
  `¿cuántos años? ${below(50)}. Цена договора — ${below(900)} рублей, срок поставки уточняется. 🙂👍 ${sentence(matter, below)}`

const data: Block = (matter, below) =>
  [
    `sha256:${hex(below, 64)}  ${pick(matter.things, below)}.tar.gz`,
    `uuid ${hex(below, 8)}-${hex(below, 4)}-4${hex(below, 3)}-a${hex(below, 3)}-${hex(below, 12)}`,
    `mail: ${pick(matter.things, below)}.${pick(matter.deeds, below)}@example.org, tel +31 ${below(99)} ${below(9999)} ${below(9999)}`,
    `https://example.com/${pick(matter.things, below)}/%E2%9C%93/${hex(below, 10)}?q=${pick(matter.deeds, below)}%20${below(99)}&amp;x=1`,
    Array.from({ length: 12 }, () => String(below(100_000) / 100)).join('; '),
    `C:\\temp\\new\\${pick(matter.things, below)}.txt and AT&T, R&D, 5% of 100%`,
    `\\frac{${below(9)}}{x} \\leq \\nabla \\theta, HTTP/1.1 XML SQL TTL`,
  ].join('\n')

const READABLE: readonly Block[] = [prose, prose, prose, prose, prose, prose, prose, prose, list, list, list, table, code, code, json, json, chinese, european] // prettier-ignore
const MIXES: Record<Mix, readonly Block[]> = { readable: READABLE, all: [...READABLE, image, data] }

function sentence(matter: Matter, below: (n: number) => number): string {
  return FRAMES[below(FRAMES.length)]!.replace(/\{(\w)\}/g, (_, kind: string) => {
    if (kind === 't') return pick(matter.things, below)
    if (kind === 'd') return pick(matter.deeds, below)
    if (kind === 'w') return one(matter.ways.split(','), below)
    return String(2 + below(2030))
  })
}

function pick(words: string, below: (n: number) => number): string {
  return one(words.split(' '), below)
}

function one<T>(from: readonly T[], below: (n: number) => number): T {
  return from[below(from.length)]!
}

function hex(below: (n: number) => number, digits: number): string {
  return Array.from({ length: digits }, () => below(16).toString(16)).join('')
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
