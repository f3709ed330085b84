/** What a page may weigh before anybody touches it, from the files of the built site. */
import { readFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { SITE_PAGES, type SitePage } from './pages.ts'
import { builtSite, theStack } from './world.ts'

const KB = 1_000
const CSS_MAX = 20 * KB
/** Of scripts, gzipped: what somebody meets first, and every other page. */
const FIRST_MAX = 60 * KB
const REST_MAX = 200 * KB
const FIRST = new Set(['/', '/marketplace'])

test.each(SITE_PAGES)('$name weighs no more than it may', async (page) => {
  const { js, css } = await weightOf(page)
  expect(css).toBeGreaterThan(0)
  expect(css).toBeLessThanOrEqual(CSS_MAX)
  expect(js).toBeLessThanOrEqual(FIRST.has(page.name) ? FIRST_MAX : REST_MAX)
})

test('what a script imports is weighed with it, and what it may load later is not', () => {
  expect(
    importsOf('import{a as b}from"./x.js";import"./y.js";export*from"./z.js";const c=()=>import("./later.js")'),
  ).toEqual(['./x.js', './y.js', './z.js'])
})

/** Gzipped bytes of the scripts and styles that come with a page by themselves. */
async function weightOf({ file, path }: SitePage): Promise<{ js: number; css: number }> {
  const dist = await builtSite()
  const address = file.includes('[') ? path(await theStack()) : file
  const html = await readFile(join(dist, `${address === '/' ? 'index' : address}.html`), 'utf8')
  const first = [
    ...all(html, /<script\b[^>]*\bsrc="([^"]+)"/g),
    ...all(html, /<link\b[^>]*\brel="modulepreload"[^>]*\bhref="([^"]+)"/g),
    // What becomes alive when it is seen may be below what is seen.
    ...all(html, /<astro-island\b(?![^>]*\bclient="visible")[^>]*\bcomponent-url="([^"]+)"/g),
    ...all(html, /<astro-island\b(?![^>]*\bclient="visible")[^>]*\brenderer-url="([^"]+)"/g),
  ]
  const inline = all(html, /<script\b(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)
  const files = await closure(dist, first)
  const styles = new Set(all(html, /<link\b[^>]*\brel="stylesheet"[^>]*\bhref="([^"]+)"/g))
  return {
    js: [...files.values(), ...inline].reduce((sum, text) => sum + gzipSync(text).length, 0),
    css: await sum(dist, [...styles]),
  }
}

/** The files, and all that they import, each once. */
async function closure(dist: string, first: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const open = [...first]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (files.has(path)) continue
    const text = await readFile(join(dist, path), 'utf8')
    files.set(path, text)
    for (const imported of importsOf(text)) open.push(posix.join(dirname(path), imported))
  }
  return files
}

/** What a module imports before it runs. */
function importsOf(text: string): string[] {
  return all(text, /\b(?:import|from)\s*["'](\.[^"']+)["']/g)
}

async function sum(dist: string, paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => gzipSync(await readFile(join(dist, path))).length))
  return sizes.reduce((total, size) => total + size, 0)
}

function all(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}
