/** What bad input and a lost connection get, and how far the keyboard goes: said where it happened, nothing typed is lost. */
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { tabTo } from './keyboard.ts'
import { profile, watch } from './world.ts'

/** Whether what has the focus is, or lies in, what `selector` names. */
const isFocusIn = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate((within) => document.activeElement?.closest(within) != null, selector)

test('what the API refuses stands beside its field, with the request, and what was typed stays', async () => {
  const { page, go, complaints } = await watch(await profile('developer'), (text) => text.includes('400'))
  await go('/developer/webhooks')
  await page.getByRole('button', { name: 'Add a webhook' }).first().click()
  const dialog = page.getByRole('dialog')
  const [address, description] = [dialog.getByLabel('Address'), dialog.getByLabel('Description')]
  await description.fill('The bookkeeper')
  await address.fill('https://10.0.0.1/hook')
  await page.keyboard.press('Enter')
  const note = dialog.getByRole('alert')
  await note.waitFor()
  expect(await address.getAttribute('aria-describedby')).toBe(await note.getAttribute('id'))
  await expect.poll(() => address.evaluate((field) => field === document.activeElement)).toBe(true)
  await dialog.getByText(/^Request/).waitFor()
  expect([await address.inputValue(), await description.inputValue()]).toEqual([
    'https://10.0.0.1/hook',
    'The bookkeeper',
  ])
  await address.fill('https://hook.example.com')
  expect(await note.count()).toBe(0)
  expect(complaints).toEqual([])
})

test('a form sent without a connection says so, keeps what was typed, and can be sent again', async () => {
  const context = await profile('developer')
  const { page, go } = await watch(context)
  await go('/account')
  const company = page.getByLabel('Company')
  await context.setOffline(true)
  await company.fill('Lamp & Pier')
  await page.getByRole('button', { name: 'Save the profile' }).click()
  await page.getByRole('alert').getByText('You are offline.').waitFor()
  expect(await company.inputValue()).toBe('Lamp & Pier')
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Save the profile' }).click()
  await page.getByText('The profile is saved.').waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
})

test('a dialog keeps the focus, and gives it back', async () => {
  const { page, go, complaints } = await watch(await profile('developer'))
  await go('/developer/keys')
  const opener = page.getByRole('button', { name: 'Make a key' }).first()
  await opener.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  const seen = new Set<string>()
  // Once around and beyond, then back over the edge.
  for (const key of ['Shift+Tab', 'Tab', 'Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab', 'Shift+Tab']) {
    await page.keyboard.press(key)
    expect(await isFocusIn(page, '[role=dialog]')).toBe(true)
    seen.add((await page.evaluate(() => document.activeElement?.textContent)) ?? '')
  }
  expect(seen).toContain('Cancel')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => opener.evaluate((button) => button === document.activeElement)).toBe(true)
  expect(complaints).toEqual([])
})

test('a menu is walked by arrows, and Escape gives the focus back', async () => {
  const { page, go, complaints } = await watch(await profile('developer'))
  await go('/developer/keys')
  const opener = page.getByRole('button', { name: /^Actions for/ }).first()
  await opener.focus()
  await page.keyboard.press('Enter')
  const menu = page.getByRole('menu')
  await menu.waitFor()
  const chosen = () => page.evaluate(() => document.activeElement?.textContent)
  expect(await chosen()).toBe('Change')
  await page.keyboard.press('ArrowDown')
  expect(await chosen()).toBe('Rotate')
  await page.keyboard.press('End')
  expect(await chosen()).toBe('Revoke')
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await expect.poll(() => opener.evaluate((button) => button === document.activeElement)).toBe(true)
  expect(complaints).toEqual([])
})

test('tabs are one stop of Tab, and arrows change them', async () => {
  const { page, go, complaints } = await watch(await profile('nobody'))
  await go('/agents/plain-english-editor')
  await page.getByRole('tab', { name: 'Code' }).focus()
  await page.keyboard.press('ArrowRight')
  const reviews = page.getByRole('tab', { name: /^Reviews/ })
  await expect.poll(() => reviews.getAttribute('aria-selected')).toBe('true')
  expect(new URL(page.url()).searchParams.get('tab')).toBe('reviews')
  await page.keyboard.press('Tab')
  expect(await isFocusIn(page, '[role=tab]')).toBe(false)
  expect(complaints).toEqual([])
})

test('an agent is searched for, opened and its code copied by the keyboard alone', async () => {
  const { page, go, settled, complaints } = await watch(await profile('nobody'))
  await go('/marketplace')
  await tabTo(page, /^Search/)
  await page.keyboard.type('regex')
  await page.waitForURL('**/marketplace?q=regex')
  await tabTo(page, 'Regex Explainer')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/agents/regex-explainer')
  await settled()
  await tabTo(page, 'Python')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Copy')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('import json')
  expect(complaints).toEqual([])
})
