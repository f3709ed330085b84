/** The figures of a run in words: one table with the ratios beside their targets, one with the cost. */
import type { CostSheet } from './cost.ts'
import type { Latency, Throughput } from './json.ts'
import type { Operations } from './operations.ts'
import type { Spread, StreamMemory } from './streams.ts'

/** Figures in the order: direct to the provider, bare Worker, AgentLink. */
type Three<T> = [direct: T, bare: T, agentLink: T]

export type Figures = {
  /** ISO 8601. */
  at: string
  oneConnection: Three<Latency>
  manyConnections: Three<Throughput>
  firstEvent: Three<Spread>
  gaps: Three<Spread>
  memory: { bare: StreamMemory; agentLink: StreamMemory }
  operations: Operations
  guardNsPerCharacter: number
  cost: CostSheet
  /** AgentLink with its objects on a disk, for the record. */
  onDisk?: { one: Latency; many: Throughput }
  machine: Machine
}

export type Machine = {
  cores: number
  seconds: number
  /** Processor time of this machine that went to others than this benchmark, as a share of all it had. */
  othersShare: number
  /** Whether objects lay in a memory file system. */
  isInMemory: boolean
}

export type Check = { what: string; value: number; unit: string; target: number; isAtMost: boolean; isMet: boolean }

/** The aims of the gateway, held against a run. */
export function checks(figures: Figures): Check[] {
  const [directOne, bareOne, linkOne] = figures.oneConnection
  const [, bareMany, linkMany] = figures.manyConnections
  const [, bareFirst, linkFirst] = figures.firstEvent
  const { objectRequests, rowsWritten, postgres, redis, queueMessages } = figures.operations
  const added = (linkOne.p50Ms - directOne.p50Ms) / (bareOne.p50Ms - directOne.p50Ms)
  const { heapPerShortStream, heapPerLongStream } = figures.memory.agentLink
  return [
    check(
      'JSON, 32 connections: calls a second, of the bare Worker’s',
      linkMany.perSecond / bareMany.perSecond,
      '×',
      0.3,
      false,
    ),
    check('JSON, 1 connection: time added, of what the bare Worker adds', added, '×', 4),
    check('first event, above the bare Worker’s', linkFirst.p50Ms - bareFirst.p50Ms, 'ms', 1.5),
    check('an open stream after a second', heapPerShortStream / 1_024, 'KiB', 64),
    check('an open stream after five seconds', heapPerLongStream / 1_024, 'KiB', 64),
    check('guard, a character', figures.guardNsPerCharacter, 'ns', 30),
    check('object requests a call', objectRequests, '', 2.05),
    check('rows written a call', rowsWritten, '', 3),
    check('Postgres round trips a call', postgres, '', 0.01),
    check('Redis round trips a call', redis, '', 0.01),
    check('queue messages a call, under load', queueMessages, '', 0.1),
  ]
}

function check(what: string, value: number, unit: string, target: number, isAtMost = true): Check {
  return { what, value, unit, target, isAtMost, isMet: isAtMost ? value <= target : value >= target }
}

/** The whole report as text. */
export function report(figures: Figures): string {
  return [measured(figures), targets(figures), operations(figures), cost(figures), surroundings(figures)].join('\n\n')
}

function measured({ oneConnection, manyConnections, firstEvent, gaps, memory, onDisk }: Figures): string {
  const rows: string[][] = [['', 'direct', 'bare Worker', 'AgentLink', 'AgentLink / bare']]
  const row = (what: string, [direct, bare, link]: Three<number>, digits: number): void => {
    rows.push([what, ...[direct, bare, link].map((value) => value.toFixed(digits)), (link / bare).toFixed(2)])
  }
  const three = <T>([direct, bare, link]: Three<T>, value: (one: T) => number): Three<number> => [
    value(direct),
    value(bare),
    value(link),
  ]
  row(
    'JSON, 1 connection: p50 ms',
    three(oneConnection, (one) => one.p50Ms),
    2,
  )
  row(
    '                    p99 ms',
    three(oneConnection, (one) => one.p99Ms),
    2,
  )
  row(
    '                    calls a second',
    three(oneConnection, (one) => one.perSecond),
    0,
  )
  row(
    'JSON, 32 connections: calls a second',
    three(manyConnections, (one) => one.perSecond),
    0,
  )
  row(
    '                      p50 ms',
    three(manyConnections, (one) => one.p50Ms),
    1,
  )
  row(
    '                      p99 ms',
    three(manyConnections, (one) => one.p99Ms),
    1,
  )
  row(
    '                      processor ms a call',
    three(manyConnections, (one) => one.cpuMs),
    3,
  )
  row(
    'stream: first event p50 ms',
    three(firstEvent, (one) => one.p50Ms),
    2,
  )
  row(
    '                    p99 ms',
    three(firstEvent, (one) => one.p99Ms),
    2,
  )
  row(
    '100 streams: gap of 20 ms, p50 ms',
    three(gaps, (one) => one.p50Ms),
    1,
  )
  row(
    '                           p99 ms',
    three(gaps, (one) => one.p99Ms),
    1,
  )
  const weigh = (what: string, value: (one: StreamMemory) => number): void => {
    rows.push([what, '', shown(value(memory.bare)), value(memory.agentLink).toFixed(0), ''])
  }
  weigh('200 streams: process, MiB', (one) => one.openRss / 2 ** 20)
  weigh('             heap KiB a stream, after 1 s', (one) => one.heapPerShortStream / 1_024)
  weigh('             heap KiB a stream, after 5 s', (one) => one.heapPerLongStream / 1_024)
  weigh('             process KiB a stream, after 1 s', (one) => one.rssPerShortStream / 1_024)
  weigh('             process KiB a stream, after 5 s', (one) => one.rssPerLongStream / 1_024)
  if (onDisk) {
    rows.push(['on disk: 1 connection, p50 ms', '', '', onDisk.one.p50Ms.toFixed(2), ''])
    rows.push(['on disk: 32 connections, calls a second', '', '', onDisk.many.perSecond.toFixed(0), ''])
  }
  return table(rows)
}

function targets(figures: Figures): string {
  const rows = checks(figures).map(({ what, value, unit, target, isAtMost, isMet }) => [
    what,
    `${value.toPrecision(3)} ${unit}`,
    `${isAtMost ? '≤' : '≥'} ${target}`,
    isMet ? 'met' : 'MISSED',
  ])
  return table([['aim', 'is', 'should be', ''], ...rows])
}

function operations({ operations: counted }: Figures): string {
  const { calls, objectRequests, alarms, rowsWritten, queueMessages, queueBatches, postgres, redis, logStatements } =
    counted
  const names = { objectRequests, alarms, rowsWritten, queueMessages, queueBatches, postgres, redis, logStatements }
  const rows = Object.entries(names).map(([name, value]) => [name, value.toFixed(4)])
  return table([[`operations of a call, mean of ${calls}`, ''], ...rows])
}

function cost({ cost: { lines, dollarsPerMillion } }: Figures): string {
  const rows = lines.map(({ what, perCall, unit, dollars }) => [what, perCall.toPrecision(3), unit, dollars.toFixed(3)])
  return table([
    ['a million calls on Cloudflare', 'a call', 'of', 'dollars'],
    ...rows,
    ['together', '', '', dollarsPerMillion.toFixed(2)],
  ])
}

function surroundings({ machine: { cores, seconds, othersShare, isInMemory }, manyConnections }: Figures): string {
  const [direct] = manyConnections
  return [
    `${seconds.toFixed(0)} s on ${cores} cores, of which other programs took ${(othersShare * 100).toFixed(0)} %.`,
    `Who asks, who answers and who is measured share these cores: the provider took ${direct.cpuMs.toFixed(3)} ms a call, asking ${direct.generatorCpuMs.toFixed(3)} ms.`,
    `The objects lay ${isInMemory ? 'in a memory file system' : 'on disk, since this machine has no memory file system'}.`,
  ].join('\n')
}

/** Columns as wide as their widest cell; the first is text, the others are figures. */
function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  const lines = rows.map((row) => `  ${row.map(cell).join('   ').trimEnd()}`)
  const rule = `  ${'─'.repeat(widths.reduce((sum, width) => sum + width + 3, -3))}`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** A figure without decimals; nothing where nothing was measured. */
function shown(value: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(0)
}
