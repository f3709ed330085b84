/** Writes `_headers`, which Pages sends with every file. Inline scripts are allowed by their hash, each as it stands in a page; nothing else is. */
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const INLINE = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g
const DATA = /^<script[^>]*type="application\/(?:ld\+)?json"/

export function headers() {
  return {
    name: 'headers',
    hooks: {
      'astro:build:done': async ({ dir }) => {
        const root = fileURLToPath(dir)
        const hashes = new Set()
        for (const name of await readdir(root, { recursive: true })) {
          if (!name.endsWith('.html')) continue
          for (const [tag, text] of (await readFile(root + name, 'utf8')).matchAll(INLINE)) {
            if (!DATA.test(tag)) hashes.add(`'sha256-${createHash('sha256').update(text).digest('base64')}'`)
          }
        }
        await writeFile(`${root}_headers`, headersFile([...hashes].sort()))
      },
    },
  }
}

function headersFile(hashes) {
  const api = (process.env.PUBLIC_API_URL ?? 'http://127.0.0.1:8787').replace(/\/+$/, '')
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`,
    // Dialogs hold the page still with a style of their own.
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: blob: ${api}`,
    "font-src 'self'",
    `connect-src 'self' ${api} ${api.replace(/^http/, 'ws')}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
  return `/*
  Content-Security-Policy: ${policy}
  X-Content-Type-Options: nosniff
  Referrer-Policy: strict-origin-when-cross-origin
  Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()
  Cross-Origin-Opener-Policy: same-origin
  Strict-Transport-Security: max-age=63072000; includeSubDomains; preload
/_astro/*
  Cache-Control: public, max-age=31536000, immutable
`
}
