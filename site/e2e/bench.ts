/** `npm run bench:site`: how fast each page is on a slow processor, measured in the real browser. */
import type { Browser, Page } from 'playwright-core'
import { launch } from './chromium.ts'
import { SITE_PAGES, type Who } from './pages.ts'
import { openProfile } from './sign-in.ts'
import { aStack, type Stack } from './stack.ts'
import { standsStill } from './still.ts'

const SLOWDOWN = 4
const ROUNDS = 3
const WHOS: readonly Who[] = ['nobody', 'developer', 'creator', 'admin']
/** What a task may take before it is felt. */
const TASK_MS = 50

type Figures = { lcp: number; tbt: number; cls: number }

const running = await aStack()
const { stack } = running
const browser = await launch()
try {
  console.log(`Medians of ${ROUNDS} loads with an empty cache, the processor ${SLOWDOWN} times slower.\n`)
  console.log(`${'page'.padEnd(28)}${'LCP'.padStart(9)}${'TBT'.padStart(9)}${'CLS'.padStart(9)}`)
  for (const who of WHOS) {
    for (const { name, path } of SITE_PAGES.filter((page) => page.who === who)) {
      const rounds: Figures[] = []
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(browser, stack, who, path(stack)))
      const { lcp, tbt, cls } = medians(rounds)
      const ms = (value: number): string => `${Math.round(value)} ms`.padStart(9)
      console.log(`${name.padEnd(28)}${ms(lcp)}${ms(tbt)}${cls.toFixed(3).padStart(9)}`)
    }
  }
} finally {
  await browser.close()
  await running.stop()
}

/** One load in a profile that has seen nothing yet. */
async function measure(browser: Browser, stack: Stack, who: Who, path: string): Promise<Figures> {
  const context = await openProfile({ browser, stack }, who, { viewport: { width: 412, height: 823 } })
  const page = await context.newPage()
  const debug = await context.newCDPSession(page)
  await debug.send('Emulation.setCPUThrottlingRate', { rate: SLOWDOWN })
  await page.addInitScript(observe)
  await page.goto(path)
  await standsStill(page)
  const figures = await read(page)
  await context.close()
  return figures
}

type Seen = { lcp: number; cls: number; fcp: number; tasks: { at: number; ms: number }[] }

/** Runs in the page, before anything of it. */
function observe(): void {
  const seen: Seen = { lcp: 0, cls: 0, fcp: 0, tasks: [] }
  Object.assign(globalThis, { seen })
  const on = (type: string, take: (entry: PerformanceEntry) => void): void => {
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true })
  }
  on('largest-contentful-paint', (entry) => (seen.lcp = entry.startTime))
  on('paint', (entry) => entry.name === 'first-contentful-paint' && (seen.fcp = entry.startTime))
  on('longtask', (entry) => seen.tasks.push({ at: entry.startTime, ms: entry.duration }))
  on('layout-shift', (entry) => {
    const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean }
    if (!shift.hadRecentInput) seen.cls += shift.value
  })
}

async function read(page: Page): Promise<Figures> {
  const { lcp, cls, fcp, tasks } = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen)
  const after = tasks.filter(({ at }) => at >= fcp)
  return { lcp, cls, tbt: after.reduce((sum, { ms }) => sum + Math.max(0, ms - TASK_MS), 0) }
}

function medians(rounds: Figures[]): Figures {
  const median = (name: keyof Figures): number =>
    rounds.map((round) => round[name]).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? Number.NaN
  return { lcp: median('lcp'), tbt: median('tbt'), cls: median('cls') }
}
