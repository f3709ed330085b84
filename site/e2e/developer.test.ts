/** Somebody who writes software: from no account to a paid call that stands in the log. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { apiAs } from './api.ts'
import { tabTo } from './keyboard.ts'
import { mailTo, profile, theStack, watch, type Watched } from './world.ts'

const run = promisify(execFile)
const account = { email: `dev-${randomUUID().slice(0, 8)}@example.test`, password: 'a sentence that nobody else has' }
const PACKAGE_CALLS = 1_000
/** At once on a machine that does nothing else. */
const SOON = { timeout: 20_000 }

let context: BrowserContext
let developer: Watched
let key = ''
beforeAll(async () => {
  context = await profile('nobody')
  developer = await watch(context)
})

test('registering asks for what is missing, beside it, and keeps what was typed', async () => {
  const { page, go, complaints } = developer
  await go('/register')
  const [email, password] = [page.getByLabel('E-mail'), page.getByLabel('Password', { exact: true })]
  await page.getByLabel('Name').fill('Robin')
  await email.fill('robin')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('This is not an e-mail address.').waitFor()
  await page.getByText('Enter your password.').waitFor()
  expect(await noteOf(page, 'E-mail')).toBe('This is not an e-mail address.')
  await expect.poll(() => email.evaluate((field) => field === document.activeElement)).toBe(true)
  await email.fill(account.email)
  await password.fill('short')
  await page.keyboard.press('Enter')
  await page.getByText('5 more characters.').waitFor()
  await expect.poll(() => password.evaluate((field) => field === document.activeElement)).toBe(true)
  expect([await page.getByLabel('Name').inputValue(), await email.inputValue()]).toEqual(['Robin', account.email])
  await password.fill(account.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  expect(complaints.splice(0)).toEqual([])
})

test('the link of the mail signs in, once', async () => {
  const { page, complaints } = developer
  const { site } = await theStack()
  const [link = ''] = /https?:\/\/\S+\/verify\?token=\S+/.exec((await mailTo(account.email)).text) ?? []
  expect(link.startsWith(site)).toBe(true)
  await page.goto(link)
  await page.waitForURL('**/developer')
  await page.getByText('Make an API key', { exact: true }).waitFor()
  await expect.poll(() => callsLeft(page), SOON).toBe(100)
  expect(complaints.splice(0)).toEqual([])
  const again = await watch(await profile('nobody'), (complaint) => complaint.includes('400'))
  await again.page.goto(link)
  await again.page.getByRole('alert').getByText('Request').waitFor()
  expect(new URL(again.page.url()).search).toBe('')
})

test('by the keyboard alone: signing in, and a key that is shown once', async () => {
  context = await profile('nobody')
  developer = await watch(context)
  const { page, go, complaints, settled } = developer
  await go('/login')
  await tabTo(page, 'E-mail')
  await page.keyboard.type(account.email)
  await tabTo(page, 'Password')
  await page.keyboard.type(account.password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/developer')
  await settled()
  await tabTo(page, /^Next.*Make an API key/)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/developer/keys?make=1')
  await page.getByRole('dialog').waitFor()
  await tabTo(page, 'Name')
  await page.keyboard.press('Enter')
  await page.getByText('Give the key a name').waitFor()
  await page.keyboard.type('laptop')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Your new key' }).waitFor()
  const secret = page.locator('[data-secret]')
  expect(await secret.count()).toBe(0)
  await tabTo(page, 'Show the key')
  await page.keyboard.press('Enter')
  key = await secret.innerText()
  expect(key).toMatch(/^ak_\w{32}$/)
  await tabTo(page, 'Copy')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(key)
  await tabTo(page, 'I have stored it')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('cell', { name: `laptop ${key.slice(0, 7)}` }).waitFor()
  expect(await page.content()).not.toContain(key)
  await page.reload()
  await settled()
  expect(await page.content()).not.toContain(key)
  expect(complaints.splice(0)).toEqual([])
})

test('an agent is found in the marketplace and tried, which costs nothing', async () => {
  const { page, go, settled, complaints } = developer
  await go('/marketplace')
  await page.getByRole('searchbox').fill('release note')
  await page.waitForURL('**/marketplace?q=release+note')
  await page
    .getByRole('link', { name: /Release Note Writer/ })
    .first()
    .click()
  await page.waitForURL('**/agents/release-note-writer')
  await settled()
  await page.getByRole('button', { name: 'Run · trial' }).click()
  await page.getByText('Paste a key that begins with ak_.').waitFor()
  await page.getByLabel('Your API key').fill(key)
  await page.getByRole('button', { name: 'Run · trial' }).click()
  await page.getByText('Trial, not charged').waitFor()
  expect(await page.getByText('100 calls left').count()).toBe(1)
  expect(complaints.splice(0)).toEqual([])
})

test('a package is bought, clicked twice and paid twice: its calls come once', async () => {
  const { page, go, complaints } = developer
  await go('/developer/billing')
  await expect.poll(() => callsLeft(page), SOON).toBe(100)
  await page.getByRole('button', { name: 'Pay $10.00 by card' }).dblclick()
  await page.waitForURL('**/pay/**')
  await page.getByRole('button', { name: 'Pay $10.00 by card' }).dblclick()
  // Pressed twice it may say that it is paid already, and leads back.
  await page
    .getByText('1,000 calls more')
    .or(page.getByRole('link', { name: 'Back to the shop' }))
    .first()
    .waitFor()
  if (new URL(page.url()).pathname.startsWith('/pay/'))
    await page.getByRole('link', { name: 'Back to the shop' }).click()
  await page.getByText('Done: 1,000 calls more on your account').waitFor()
  await expect.poll(() => callsLeft(page), SOON).toBe(100 + PACKAGE_CALLS)
  await page.reload()
  await expect.poll(() => callsLeft(page), SOON).toBe(100 + PACKAGE_CALLS)
  expect(await page.getByRole('region', { name: 'Payments' }).getByText('Starter, 1,000 calls').count()).toBe(1)
  const call = await apiAs(await theStack(), account)
  expect(await call('GET', '/api/v1/payments/history')).toMatchObject({
    items: [{ status: 'completed', calls: PACKAGE_CALLS }],
  })
  expect(complaints.splice(0)).toEqual([])
})

test('the snippet of the page calls the agent, and the call arrives in the open log by itself', async () => {
  const { page, go, complaints } = developer
  await go('/developer/calls')
  await page.getByText('Live', { exact: true }).waitFor()
  const rows = page.getByRole('region', { name: 'Call log' }).locator('tbody tr')
  const before = await rows.count()
  await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }))

  const other = await watch(context)
  await other.go('/agents/release-note-writer')
  await other.page.getByRole('button', { name: 'TypeScript' }).click()
  const snippet = await other.page.locator('pre', { hasText: 'await fetch' }).innerText()
  expect((await inNode(snippet, { AGENTLINK_KEY: key })).trim()).not.toBe('')

  await expect.poll(() => rows.count(), SOON).toBe(before + 1)
  expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true)
  await rows.first().getByRole('button').click()
  const sheet = page.getByRole('dialog')
  await sheet.getByText('A free call').waitFor()
  await sheet.getByText('$0.004').first().waitFor()
  await go('/developer')
  await expect.poll(() => callsLeft(page), SOON).toBe(100 + PACKAGE_CALLS - 1)
  expect([...complaints.splice(0), ...other.complaints]).toEqual([])
})

/** The figure of the calls that are left; undefined while it is not there. */
async function callsLeft(page: Page): Promise<number | undefined> {
  const figure = page.locator('[data-figure="calls-left"]')
  return (await figure.count()) === 0 ? undefined : Number((await figure.innerText()).replaceAll(',', ''))
}

/** What stands below a field, as it is read out with it. */
async function noteOf(page: Page, label: string): Promise<string> {
  const id = await page.getByLabel(label).getAttribute('aria-describedby')
  return page.locator(`[id="${id}"]`).innerText()
}

/** Runs a module as somebody who pasted it into a file; gives what it printed. */
async function inNode(code: string, env: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'snippet-'))
  try {
    const file = join(folder, 'snippet.mjs')
    await writeFile(file, code)
    return (await run(process.execPath, [file], { env: { ...process.env, ...env } })).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}
