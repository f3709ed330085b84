/** Where the API is reached, without a slash at the end. `PUBLIC_API_URL` says so at build. */
export const API_URL: string = (import.meta.env.PUBLIC_API_URL ?? 'http://127.0.0.1:8787').replace(/\/+$/, '')
