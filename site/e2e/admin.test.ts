/** Those who run the platform: what they decide, what it does, and what a role does not cover. */
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { apiAs, eventually } from './api.ts'
import { tabTo } from './keyboard.ts'
import { PROBE, READABLE } from './probes.ts'
import { mailTo, profile, theStack, watch, type Watched } from './world.ts'

let admin: Watched
beforeAll(async () => {
  admin = await watch(await profile('admin'))
})

/** Gives the reason in the open dialog and acts. */
async function decide(page: Page, action: string, reason = 'Looked at it in a browser.'): Promise<void> {
  const dialog = page.getByRole('alertdialog')
  await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: action, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

test('a review is refused, with a reason and never without', async () => {
  const { page, go, complaints } = admin
  await go('/admin/moderation')
  const entries = page.getByRole('list', { name: 'Reviews that wait' }).getByRole('listitem')
  const before = await entries.count()
  expect(before).toBeGreaterThan(0)
  await page.getByText(READABLE).first().waitFor({ state: 'attached' })
  expect(await page.evaluate((name) => name in globalThis, PROBE)).toBe(false)
  const refuse = entries.first().getByRole('button', { name: 'Refuse' })
  await refuse.click()
  const dialog = page.getByRole('alertdialog')
  expect(await dialog.getByRole('listitem').allInnerTexts()).toEqual([
    'Nobody can read it, and its stars do not count.',
    'Its writer is shown the reason.',
  ])
  await dialog.getByRole('button', { name: 'Refuse' }).click()
  await dialog.getByText('Say why, in at least three characters.').waitFor()
  expect(await dialog.getByLabel('Reason').evaluate((field) => field === document.activeElement)).toBe(true)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => refuse.evaluate((button) => button === document.activeElement)).toBe(true)
  await refuse.click()
  await decide(page, 'Refuse')
  await page.getByText('The review is refused.').waitFor()
  await expect.poll(() => entries.count()).toBe(before - 1)
  expect(complaints.splice(0)).toEqual([])
})

test('settling shows first what would happen, and does exactly that', async () => {
  const { page, go, complaints } = admin
  const stack = await theStack()
  const call = await apiAs(stack, stack.demo.admin)
  await eventually(
    async () => (await call('GET', '/api/v1/admin/settlements/pending')) as { items: unknown[] },
    ({ items }) => items.length > 0,
    30_000,
  )
  await go('/admin/settlements?view=settle')
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('Earned before').fill(tomorrow)
  await page.getByRole('button', { name: 'Show what would happen' }).click()
  const settle = page.getByRole('button', { name: /^Settle \$[\d.]+ for \d+ creators?$/ })
  await settle.click()
  await decide(page, 'Settle now')
  await page.getByText('Settled. Statements are being written.').waitFor()
  await go('/admin/settlements?view=history')
  expect(await page.getByRole('region', { name: 'Settlements' }).getByRole('row').count()).toBeGreaterThan(1)
  expect(complaints.splice(0)).toEqual([])
})

test('an account is suspended and activated again by the keyboard alone', async () => {
  const { page, go, settled, complaints } = admin
  await go('/admin/users?q=tomasz')
  const row = page.getByRole('button', { name: 'tomasz@creators.agentlink.test' })
  await tabTo(page, 'tomasz@creators.agentlink.test')
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('button', { name: 'Suspend' }).waitFor()
  for (const [action, done] of [
    ['Suspend', 'The account is suspended.'],
    ['Activate', 'The account is active.'],
  ] as const) {
    await tabTo(page, action)
    await page.keyboard.press('Enter')
    await tabTo(page, 'Reason')
    await page.keyboard.type('By the keyboard.')
    await tabTo(page, action)
    await page.keyboard.press('Enter')
    await page.getByText(done).waitFor()
    await page.getByRole('alertdialog').waitFor({ state: 'detached' })
    await settled()
  }
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'detached' })
  await expect.poll(() => row.evaluate((button) => button === document.activeElement)).toBe(true)
  expect(complaints.splice(0)).toEqual([])
})

test('what was decided stands in the audit log, with its reason', async () => {
  const { page, go, complaints } = admin
  await go('/admin/audit?action=user.suspend')
  await page.getByText('By the keyboard.').first().waitFor()
  await page
    .getByRole('button', { name: /ago|now/ })
    .first()
    .click()
  const sheet = page.getByRole('dialog')
  await sheet.getByText('By the keyboard.').waitFor()
  await sheet.getByRole('heading', { name: 'user.suspend' }).waitFor()
  expect(complaints.splice(0)).toEqual([])
})

test('a flag is switched off and on again', async () => {
  const { page, go, complaints } = admin
  await go('/admin/flags')
  for (const action of ['Switch off', 'Switch on']) {
    await page.getByRole('button', { name: `${action} Knowledge` }).click()
    await decide(page, action)
  }
  await page.getByRole('button', { name: 'Switch off Knowledge' }).waitFor()
  expect(complaints.splice(0)).toEqual([])
})

test('support may look at accounts, and is told what its role does not cover', async () => {
  const stack = await theStack()
  const email = `support-${randomUUID().slice(0, 8)}@agentlink.test`
  const call = await apiAs(stack, stack.demo.admin)
  await call('POST', '/api/v1/admin/users', { email, role: 'support', reason: 'Helps people.' })
  const [, token = ''] = /token=([\w.~-]+)/.exec((await mailTo(email)).text) ?? []
  const password = 'a sentence that nobody else has'
  const answer = await fetch(`${stack.api}/api/v1/auth/password/reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password }),
  })
  expect(answer.status, await answer.text()).toBeLessThan(300)
  const { page, go, complaints } = await watch(await profile({ email, password }))
  await go('/admin/users')
  await page.getByText('You may look, not act').waitFor()
  expect(await page.getByRole('button', { name: 'Invite an admin' }).count()).toBe(0)
  await page.goto('/admin/settlements')
  await page.getByText('Your role (support) does not cover this page').waitFor()
  expect(complaints).toEqual([])
})
