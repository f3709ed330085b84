import react from '@astrojs/react'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'astro/config'
import { budgets } from './budgets.mjs'
import { headers } from './headers.mjs'

/** Static output, served as files. `PUBLIC_API_URL` at build says where the API is; `src/api/config.ts` has the default. */
export default defineConfig({
  site: process.env.PUBLIC_SITE_URL ?? 'https://app.agentlink.io',
  devToolbar: { enabled: false },
  trailingSlash: 'ignore',
  build: { inlineStylesheets: 'never', format: 'file' },
  integrations: [react(), headers(), budgets()],
  // Code in the docs takes its colours from our tokens.
  markdown: { shikiConfig: { theme: 'css-variables' } },
  vite: { plugins: [tailwindcss()], build: { assetsInlineLimit: 0 } },
})
