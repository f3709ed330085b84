/** Text of HTML pages and Word documents, read from one end to the other without building a tree. */
import { Parser } from 'htmlparser2'
import { clean } from './clean.ts'
import { unzipOne } from './inflate.ts'
import { FileProblem, LIMITS, tooManyChars, tooManyChunks } from './problem.ts'
import type { Section } from './split.ts'

const HEADING_CHARS_MAX = 200
const SILENT = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'svg',
  'head',
  'iframe',
  'object',
  'textarea',
  'select',
])
const BLOCKS = new Set(
  'address article aside blockquote br dd div dl dt fieldset figcaption figure footer form header hr li main nav ol p pre section table tr ul'.split(
    ' ',
  ),
)
const HIDDEN = /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])/i
const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '))

/** Collects text under headings. What it is given is bounded in its text and in how deep elements lie within each other. */
class Sections {
  readonly all: Section[] = []
  #depth = 0
  #chars = 0
  #text = ''
  #heading: string | null = null
  #next: string | null = null

  open(): void {
    // The parser looks through all that is open at every end tag.
    if (++this.#depth > LIMITS.depth)
      throw new FileProblem(`Its elements lie within each other more than ${LIMITS.depth} deep.`)
  }

  close(): void {
    this.#depth--
  }

  add(text: string): void {
    if ((this.#chars += text.length) > LIMITS.chars) throw tooManyChars()
    if (this.#next === null) this.#text += text
    else this.#next += text
  }

  beginHeading(): void {
    this.#close()
    this.#next = ''
  }

  endHeading(): void {
    if (this.#next === null) return
    this.#heading = clean(this.#next).replaceAll('\n', ' ').slice(0, HEADING_CHARS_MAX).toWellFormed() || this.#heading
    this.#next = null
  }

  end(): Section[] {
    this.endHeading()
    this.#close()
    return this.all
  }

  #close(): void {
    const text = clean(this.#text)
    if (text !== '') this.all.push({ text, page: null, heading: this.#heading })
    if (this.all.length > LIMITS.chunks) throw tooManyChunks()
    this.#text = ''
  }
}

/** The sections of an HTML page: what a reader of the page sees. */
export function readHtml(html: string): Section[] {
  const sections = new Sections()
  // How many elements deep we are in something that is not shown.
  let silent = 0
  const parser = new Parser({
    onopentag(name, attributes) {
      sections.open()
      const isHidden = SILENT.has(name) || 'hidden' in attributes || HIDDEN.test(attributes.style ?? '')
      if (silent > 0 || isHidden) silent += VOID.has(name) ? 0 : 1
      else if (/^h[1-6]$/.test(name)) sections.beginHeading()
      else if (BLOCKS.has(name)) sections.add('\n')
      else if (name === 'td' || name === 'th') sections.add(' ')
    },
    ontext(text) {
      if (silent === 0) sections.add(text.replaceAll(/\s+/g, ' '))
    },
    onclosetag(name) {
      sections.close()
      if (silent > 0) silent -= VOID.has(name) ? 0 : 1
      else if (/^h[1-6]$/.test(name)) sections.endHeading()
      else if (name === 'p' || BLOCKS.has(name)) sections.add('\n')
    },
  })
  parser.end(html)
  return sections.end()
}

/** The sections of a Word document. Throws `FileProblem`. */
export function readDocx(bytes: Uint8Array): Section[] {
  const sections = new Sections()
  let isText = false
  let isHeading = false
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        sections.open()
        if (name === 'w:t') isText = true
        else if (name === 'w:tab') sections.add(' ')
        else if (name === 'w:br' || name === 'w:cr') sections.add('\n')
        else if (name === 'w:pStyle' && /^(heading|title|标题|\d$)/i.test(attributes['w:val'] ?? '')) {
          isHeading = true
          sections.beginHeading()
        }
      },
      ontext(text) {
        if (isText) sections.add(text)
      },
      onclosetag(name) {
        sections.close()
        if (name === 'w:t') isText = false
        else if (name === 'w:tc') sections.add(' ')
        else if (name === 'w:p') {
          if (isHeading) sections.endHeading()
          else sections.add('\n')
          isHeading = false
        }
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  const decoder = new TextDecoder()
  unzipOne(bytes, 'word/document.xml', (piece) => parser.write(decoder.decode(piece, { stream: true })))
  parser.end(decoder.decode())
  return sections.end()
}
