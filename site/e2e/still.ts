/** When a page of the site stands still. */
import type { Page } from 'playwright-core'

const SETTLE_MS_MAX = 15_000

/** Waits until a page has its heading and its islands, nothing in it is marked as coming, and two pictures have been painted. */
export async function standsStill(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('main h1, main [role=alert]') !== null &&
      document.querySelector('astro-island[ssr]') === null &&
      document.querySelector('[aria-label="Loading"], [aria-label="正在加载"], [aria-busy="true"], .awaited') === null,
    undefined,
    { timeout: SETTLE_MS_MAX, polling: 'raf' },
  )
  await page.evaluate(async () => {
    await document.fonts.ready
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
}
