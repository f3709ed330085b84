/** `npm run shots`: a picture of every page, on a phone and on a desktop, light and dark, in `site/shots/`. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { launch } from './chromium.ts'
import { SITE_PAGES, type Who } from './pages.ts'
import { openProfile } from './sign-in.ts'
import { aStack } from './stack.ts'
import { standsStill } from './still.ts'

const SHOTS = join(import.meta.dirname, '..', 'shots')
const SIZES = { phone: { width: 390, height: 844 }, desktop: { width: 1_280, height: 860 } }
const THEMES = ['light', 'dark'] as const
const WHOS: readonly Who[] = ['nobody', 'developer', 'creator', 'admin']
/** Only pages that begin so: `npm run shots -- /admin`. */
const [, , only = '/'] = process.argv

const running = await aStack()
const { stack } = running
const browser = await launch()
try {
  await rm(SHOTS, { recursive: true, force: true })
  await mkdir(SHOTS, { recursive: true })
  for (const who of WHOS) {
    const pages = SITE_PAGES.filter((page) => page.who === who && page.name.startsWith(only))
    if (pages.length === 0) continue
    const page = await (await openProfile({ browser, stack }, who)).newPage()
    for (const { name, path } of pages) {
      await page.goto(path(stack))
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme })
        for (const [size, viewport] of Object.entries(SIZES)) {
          await page.setViewportSize(viewport)
          await standsStill(page)
          const file = `${name === '/' ? 'index' : name.slice(1).replaceAll(/[^a-z\d-]+/g, '-')}.${size}.${theme}.png`
          await page.screenshot({ path: join(SHOTS, file), fullPage: true })
        }
      }
      console.log(name)
    }
  }
} finally {
  await browser.close()
  await running.stop()
}
