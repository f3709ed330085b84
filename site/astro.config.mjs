import { defineConfig } from 'astro/config'

/** Static output, served as files. `PUBLIC_API_URL` at build says where the API is; `src/api.ts` has the default. */
export default defineConfig({
  devToolbar: { enabled: false },
  build: { inlineStylesheets: 'never' },
})
