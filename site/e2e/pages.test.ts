/** Every page of the site, once for whom it is: no complaint, no rule of accessibility broken, no scrolling sideways. */
import { beforeAll, describe, expect, test } from 'vitest'
import { axeFinds } from './axe.ts'
import { SITE_PAGES, type SitePage, type Who } from './pages.ts'
import { DESKTOP, PHONE, profile, theStack, watch, type Watched } from './world.ts'
import { PROBE } from './probes.ts'

const whos: readonly Who[] = ['nobody', 'developer', 'creator', 'admin']

describe.each(whos)('pages for %s', (who) => {
  const pages = SITE_PAGES.filter((page) => page.who === who)
  let watched: Watched
  beforeAll(async () => {
    if (pages.length > 0) watched = await watch(await profile(who))
  })

  test.each(pages)('$name', async (sitePage) => {
    await looksRight(watched, sitePage)
  })

  test.runIf(pages.length > 0)('the same in Chinese', async () => {
    for (const { path } of pages) {
      await watched.go(`/zh${path(await theStack()).replace(/^\/(?=$|\?)/, '')}`)
      expect(await watched.page.locator('html').getAttribute('lang')).toBe('zh-CN')
      expect(watched.complaints.splice(0)).toEqual([])
    }
  })
})

async function looksRight({ page, go, settled, complaints }: Watched, { path }: SitePage): Promise<void> {
  await page.setViewportSize(DESKTOP)
  await page.emulateMedia({ colorScheme: 'light' })
  await go(path(await theStack()))
  expect(await page.title()).toMatch(/\S/)
  expect(await page.evaluate(() => new URL(location.href).pathname)).toBe(
    new URL(path(await theStack()), page.url()).pathname,
  )
  expect.soft(await axeFinds(page)).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  await settled()
  expect.soft(await axeFinds(page, ['color-contrast'])).toEqual([])
  await page.setViewportSize(PHONE)
  await settled()
  expect.soft(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width)
  expect.soft(await page.evaluate(sticksOut)).toEqual([])
  expect(await page.evaluate((name) => name in globalThis, PROBE)).toBe(false)
  expect(complaints.splice(0)).toEqual([])
}

/** What of the content reaches beyond the screen, where one could not scroll to it. */
function sticksOut(): string[] {
  const isKept = (element: Element): boolean => {
    for (let at: Element | null = element; at && at.localName !== 'main'; at = at.parentElement)
      if (at.getAttribute('aria-hidden') === 'true' || getComputedStyle(at).overflowX !== 'visible') return true
    return false
  }
  return [...document.querySelectorAll('main *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !isKept(element))
    .slice(0, 3)
    .map((element) => element.outerHTML.slice(0, 200))
}
