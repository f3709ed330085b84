/** What tests in the browser stand on: the stack, contexts of the one browser, and pages whose every complaint is heard. */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, inject } from 'vitest'
import { eventually } from './api.ts'
import type { Who } from './pages.ts'
import type { Probed } from './probes.ts'
import type { Started } from './setup.ts'
import { openProfile } from './sign-in.ts'
import type { Stack } from './stack.ts'
import { standsStill } from './still.ts'

export const PHONE = { width: 390, height: 844 }
export const DESKTOP = { width: 1_280, height: 860 }

type Opened = Omit<Started, 'browser'> & { browser: Browser }
let opened: Promise<Opened> | undefined
const contexts: BrowserContext[] = []

async function open(): Promise<Opened> {
  const response = await fetch(inject('e2eDoor'))
  if (!response.ok) throw new Error(await response.text())
  const started = (await response.json()) as Started
  return { ...started, browser: await chromium.connect(started.browser) }
}

/** The stack that this run has started. */
export async function theStack(): Promise<Stack> {
  opened ??= open()
  return (await opened).stack
}

/** Where the files of the built site are. */
export async function builtSite(): Promise<string> {
  opened ??= open()
  return (await opened).dist
}

/** What the probes are about. */
export async function theProbes(): Promise<Probed> {
  opened ??= open()
  return (await opened).probed
}

afterAll(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
  await (await opened)?.browser.close()
})

type ContextOptions = { viewport?: { width: number; height: number }; theme?: 'light' | 'dark' }

/** A browser profile of its own, signed in as `who` or as these, at the English site. */
export async function profile(
  who: Who | { email: string; password: string },
  { viewport = DESKTOP, theme = 'light' }: ContextOptions = {},
): Promise<BrowserContext> {
  opened ??= open()
  const { stack, browser } = await opened
  const context = await openProfile({ stack, browser }, who, { viewport, colorScheme: theme })
  contexts.push(context)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stack.site })
  return context
}

export type Watched = {
  page: Page
  /** Everything that a page should not do: errors, warnings of the policy, dialogs, requests that got nothing. */
  complaints: string[]
  /** Opens a path and waits until it stands still. */
  go: (path: string) => Promise<void>
  /** Waits until what is coming has come. */
  settled: () => Promise<void>
}

/** A page in a profile. Complaints that fit `isExpected` are what the test is about. */
export async function watch(
  context: BrowserContext,
  isExpected: (complaint: string) => boolean = () => false,
): Promise<Watched> {
  const page = await context.newPage()
  const complaints: string[] = []
  const complain = (complaint: string): void => {
    if (!isExpected(complaint)) complaints.push(complaint)
  }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complain(`${page.url()} says: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => complain(`${page.url()} threw: ${error.stack ?? error.message}`))
  page.on('dialog', (dialog) => {
    complain(`${page.url()} opened a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`)
    })
  })
  const settled = () => standsStill(page)
  return {
    page,
    complaints,
    settled,
    go: async (path) => {
      await page.goto(path, { waitUntil: 'load' })
      await settled()
    },
  }
}

/** The latest mail to an address. */
export async function mailTo(address: string): Promise<{ subject: string; text: string }> {
  const { mail } = await theStack()
  const [latest] = await eventually(
    async () =>
      (await (await fetch(`${mail}/mails?to=${encodeURIComponent(address)}`)).json()) as {
        subject: string
        text: string
      }[],
    (mails) => mails.length > 0,
  )
  if (!latest) throw new Error(`There is no mail to ${address}.`)
  return latest
}
