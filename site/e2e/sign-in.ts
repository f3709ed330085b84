/** A browser profile that is signed in without a form. */
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import type { Who } from './pages.ts'
import type { Stack } from './stack.ts'

/** A profile signed in as `who` or as these. Rejects when the API refuses. */
export async function openProfile(
  { browser, stack }: { browser: Browser; stack: Stack },
  who: Who | { email: string; password: string },
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: stack.site,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  })
  if (who === 'nobody') return context
  const { email, password } = typeof who === 'string' ? stack.demo[who] : who
  const response = await context.request.post(`${stack.api}/api/v1/auth/login`, {
    data: { email, password },
    // Who names a site is a browser, and gets its refresh token as a cookie.
    headers: { origin: stack.site },
  })
  if (!response.ok()) throw new Error(`Signing in answered ${response.status()}: ${await response.text()}`)
  await context.addCookies([refreshCookie(response.headers()['set-cookie'] ?? '', stack.api)])
  // As the site remembers it: the cookie itself is not for scripts.
  await context.addInitScript(() => {
    if (sessionStorage.getItem('e2e.began') === null) localStorage.setItem('agentlink.signed-in', '1')
    sessionStorage.setItem('e2e.began', '1')
  })
  return context
}

/** The cookie as a browser has it after signing in; asked for without one, a secure cookie is kept only over HTTPS. */
function refreshCookie(header: string, api: string) {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
  const [, path = '/'] = /;\s*path=([^;]+)/i.exec(header) ?? []
  return { name, value, path, domain: new URL(api).hostname, httpOnly: true, secure: true, sameSite: 'Strict' as const }
}
