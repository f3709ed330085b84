/** Word documents for tests. */
import { zipSync } from 'fflate'

/** A Word document with these paragraphs; those that begin with `# ` are headings. */
export function docxOf(paragraphs: string[]): Uint8Array {
  const body = paragraphs
    .map((text) => {
      const isHeading = text.startsWith('# ')
      const style = isHeading ? '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>' : ''
      return `<w:p>${style}<w:r><w:t xml:space="preserve">${escaped(isHeading ? text.slice(2) : text)}</w:t></w:r></w:p>`
    })
    .join('')
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  return zipSync({
    '[Content_Types].xml': encode('<Types/>'),
    'word/document.xml': encode(`<?xml version="1.0"?><w:document><w:body>${body}</w:body></w:document>`),
  })
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
