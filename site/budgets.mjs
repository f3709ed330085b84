/** Fails the build when a page would load more than it may: JavaScript before anything is touched, and CSS, as gzip. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const KB = 1_000
const JS_MAX = 200 * KB
const CSS_MAX = 20 * KB
/** Pages that are met first. */
const LIGHT_JS_MAX = 60 * KB
const LIGHT = /^(?:zh\/)?(?:index|zh|marketplace|pricing|about|status|404|docs.*)\.html$/

export function budgets() {
  return {
    name: 'budgets',
    hooks: {
      'astro:build:done': async ({ dir, logger }) => {
        const root = fileURLToPath(dir)
        const sizes = new Map()
        const pages = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.html'))
        const over = []
        const worst = { light: 0, heavy: 0, css: 0 }
        for (const name of pages) {
          const html = await readFile(root + name, 'utf8')
          const scripts = await closure(root, linked(html, /(?:src|component-url|renderer-url|href)="(\/[^"]+\.js)"/g))
          const js = await total(root, scripts, sizes)
          const css = await total(root, linked(html, /href="(\/[^"]+\.css)"/g), sizes)
          const isLight = LIGHT.test(name)
          worst[isLight ? 'light' : 'heavy'] = Math.max(worst[isLight ? 'light' : 'heavy'], js)
          worst.css = Math.max(worst.css, css)
          const max = isLight ? LIGHT_JS_MAX : JS_MAX
          if (js > max) over.push(`${name}: ${shown(js)} of JavaScript, at most ${shown(max)}`)
          if (css > CSS_MAX) over.push(`${name}: ${shown(css)} of CSS, at most ${shown(CSS_MAX)}`)
        }
        logger.info(
          `at most ${shown(worst.light)} JS on public pages, ${shown(worst.heavy)} in apps, ${shown(worst.css)} CSS`,
        )
        if (over.length > 0) throw new Error(`Pages are over their budgets.\n${over.join('\n')}`)
      },
    },
  }
}

function linked(html, pattern) {
  return new Set([...html.matchAll(pattern)].map(([, path]) => path))
}

/** The files and all that they import before they run. */
async function closure(root, paths) {
  for (const path of paths) {
    const text = await readFile(root + path, 'utf8')
    for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      paths.add(path.replace(/[^/]+$/, name))
  }
  return paths
}

async function total(root, paths, sizes) {
  let sum = 0
  for (const path of paths) {
    if (!sizes.has(path)) sizes.set(path, gzipSync(await readFile(root + path), { level: 9 }).length)
    sum += sizes.get(path)
  }
  return sum
}

function shown(bytes) {
  return `${(bytes / KB).toFixed(1)} KB`
}
