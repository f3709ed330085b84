/** The site as it is used without a mouse. */
import type { Page } from 'playwright-core'

/** Goes with Tab to what is called so, by its label or its text. Throws where Tab does not come to it. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const called = () =>
    page.evaluate(() => {
      const { activeElement: at } = document
      if (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement)
        return (at.labels?.[0]?.textContent ?? at.getAttribute('aria-label') ?? '').trim()
      return (at?.getAttribute('aria-label') ?? at?.textContent ?? '').trim()
    })
  for (let pressed = 0; pressed < 60; pressed += 1) {
    const at = await called()
    if (typeof name === 'string' ? at === name : name.test(at)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not come to ${String(name)}.`)
}
