/** How pages behave where something is chosen, lacking or broken. */
import { expect, test } from 'vitest'
import { profile, theStack, watch } from './world.ts'

test('a chosen theme is there with the first paint', async () => {
  const context = await profile('nobody', { theme: 'light' })
  await context.addInitScript(() => {
    localStorage.setItem('theme', 'dark')
    const seen: string[] = []
    Object.assign(globalThis, { seen })
    const look = (): void => {
      if (document.body) seen.push(getComputedStyle(document.documentElement).backgroundColor)
      if (document.readyState !== 'complete') requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  const { page, go, complaints } = await watch(context)
  await go('/')
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
  expect(new Set(seen)).toEqual(new Set(['rgb(8, 22, 36)']))
  expect(complaints).toEqual([])
})

test('the theme is switched, and stays so on the next page', async () => {
  const { page, go, complaints } = await watch(await profile('developer', { theme: 'light' }))
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  await go('/developer')
  const before = await ground()
  await page.getByRole('button', { name: 'Switch between light and dark' }).click()
  const after = await ground()
  expect(after).not.toBe(before)
  await go('/')
  expect(await ground()).toBe(after)
  expect(complaints).toEqual([])
})

test('the first thing that Tab comes to leads past the navigation', async () => {
  const { page, go } = await watch(await profile('nobody'))
  await go('/')
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => location.hash)).toBe('#content')
})

test('commands open by a key, go somewhere, close by Escape, and focus returns', async () => {
  const { page, go, settled, complaints } = await watch(await profile('admin'))
  await go('/admin')
  const opener = page.getByRole('button', { name: /Search or go to/ })
  await opener.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => opener.evaluate((button) => button === document.activeElement)).toBe(true)
  await page.keyboard.press('ControlOrMeta+k')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.type('audit')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/admin/audit')
  await settled()
  expect(complaints).toEqual([])
})

test('a lost connection is said, and its end is noticed', async () => {
  const context = await profile('admin')
  const { page, go } = await watch(context)
  await go('/admin')
  await context.setOffline(true)
  await page.getByText('You are offline.').waitFor()
  await context.setOffline(false)
  await page.getByText('You are offline.').waitFor({ state: 'detached' })
})

test('an answer that failed is shown with its request, and asking again mends it', async () => {
  const { api } = await theStack()
  const context = await profile('admin')
  const { page } = await watch(context)
  const requestId = '11111111-2222-4333-8444-555555555555'
  await context.route(`${api}/api/v1/admin/flags`, (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/json',
      headers: {
        'access-control-allow-origin': new URL(page.url()).origin,
        'access-control-expose-headers': 'x-request-id',
        'x-request-id': requestId,
      },
      body: JSON.stringify({ error: { code: '40901', message: 'Somebody else was faster.' }, request_id: requestId }),
    }),
  )
  await page.goto('/admin/flags')
  const alert = page.getByRole('alert')
  await alert.getByText('Somebody else was faster.').waitFor()
  expect(await alert.getByTitle(requestId).count()).toBe(1)
  await context.unroute(`${api}/api/v1/admin/flags`)
  await alert.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('heading', { name: 'Features' }).waitFor()
})

test('who is not signed in is sent to sign in, and told the way back', async () => {
  const { page } = await watch(await profile('nobody'))
  await page.goto('/admin/users?status=suspended')
  await page.waitForURL((url) => url.pathname === '/login')
  expect(new URL(page.url()).searchParams.get('next')).toBe('/admin/users?status=suspended')
})

test('who is somebody else is told so', async () => {
  const { page } = await watch(await profile('developer'))
  await page.goto('/admin')
  await page.getByText('This part is not for your account').waitFor()
})
