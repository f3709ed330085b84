/**
 * Files made to do harm or by accident: bombs, broken, mislabelled, without text. Each is made here by a few lines, so that nothing
 * of the kind has to lie about. To each stands what its creator is told; null where it is harmless and simply read.
 */
import { zipSync, zlibSync } from 'fflate'
import { docxOf } from './docx.ts'

export type BadFile = {
  name: string
  filename: string
  make: () => Uint8Array
  /** Refused when it is handed in, when it is read, or not at all. */
  refused: 'at once' | 'when read' | null
  says: RegExp | null
}

const MB = 1024 * 1024
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const spaces = (count: number): Uint8Array => new Uint8Array(count).fill(32)

const packed = new Map<number, Uint8Array>()
/** Packing many megabytes takes a while, and several of these files have the same. */
function packedSpaces(count: number): Uint8Array {
  const known = packed.get(count) ?? zlibSync(spaces(count), { level: 1 })
  packed.set(count, known)
  return known
}

type PdfObject = string | { dictionary: string; stream: Uint8Array }

/** A PDF of these objects, numbered from 1; the first is its catalogue. Nothing is checked. */
export function rawPdf(
  objects: PdfObject[],
  { trailer = '', xref }: { trailer?: string; xref?: string } = {},
): Uint8Array {
  const parts: Uint8Array[] = [bytes('%PDF-1.7\n')]
  const places: number[] = []
  let length = parts[0]?.length ?? 0
  const add = (part: Uint8Array): void => {
    parts.push(part)
    length += part.length
  }
  for (const [at, object] of objects.entries()) {
    places.push(length)
    add(bytes(`${at + 1} 0 obj\n`))
    if (typeof object === 'string') add(bytes(object))
    else {
      add(bytes(`<< ${object.dictionary} >>\nstream\n`))
      add(object.stream)
      add(bytes('\nendstream'))
    }
    add(bytes('\nendobj\n'))
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')
  const start = length
  add(bytes(xref ?? `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}`))
  add(
    bytes(
      `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer.replace('HERE', String(start))} >>\nstartxref\n${start}\n%%EOF\n`,
    ),
  )
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const CATALOGUE = '<< /Type /Catalog /Pages 2 0 R >>'
const PAGES = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'
const PAGE =
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>'
const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'
const said = (text: string): Uint8Array => bytes(`BT /F 12 Tf 50 700 Td (${text}) Tj ET`)
const plainStream = (content: Uint8Array): PdfObject => ({ dictionary: `/Length ${content.length}`, stream: content })
const packedStream = (content: Uint8Array, dictionary = '/Filter /FlateDecode'): PdfObject => {
  const stream = content[0] === 32 ? packedSpaces(content.length) : zlibSync(content)
  return { dictionary: `/Length ${stream.length} ${dictionary}`, stream }
}
/** A PDF of one page with this for its content, and further objects. */
const onePage = (content: PdfObject, ...more: PdfObject[]): Uint8Array =>
  rawPdf([CATALOGUE, PAGES, PAGE, content, FONT, ...more])

const pdf = (name: string, make: () => Uint8Array, says: RegExp | null): BadFile => ({
  name,
  filename: 'a.pdf',
  make,
  refused: says ? 'when read' : null,
  says,
})

const PDFS: BadFile[] = [
  pdf(
    'a stream that unpacks to 21 MB',
    () => onePage(packedStream(spaces(21 * MB))),
    /A part of it unpacks to more than 20 MB/,
  ),
  pdf(
    'streams that each unpack to 19 MB',
    () => onePage(packedStream(spaces(19 * MB)), packedStream(spaces(19 * MB)), packedStream(spaces(19 * MB))),
    /unpacks to more than 50 MB/,
  ),
  pdf(
    'a bomb in an object stream',
    () =>
      onePage(
        plainStream(said('x')),
        packedStream(spaces(21 * MB), '/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode'),
      ),
    /A part of it unpacks to more than 20 MB/,
  ),
  pdf(
    'a stream packed twice',
    () => onePage(packedStream(zlibSync(spaces(MB)), '/Filter [/FlateDecode /FlateDecode]')),
    /packed more than once/,
  ),
  pdf(
    'a stream packed twice under names in disguise',
    () => onePage(packedStream(zlibSync(spaces(MB)), '/Filter [/#46lateDecode /Flate#44ecode]')),
    /packed more than once/,
  ),
  pdf(
    'a filter that stands elsewhere',
    () => onePage(packedStream(said('x'), '/Filter 6 0 R'), '/FlateDecode'),
    /cannot be checked/,
  ),
  pdf('LZW', () => onePage(packedStream(said('x'), '/Filter /LZWDecode')), /packed in an old way/),
  pdf(
    'a tree that says it has a million pages',
    () => rawPdf([CATALOGUE, '<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>', PAGE, plainStream(said('x')), FONT]),
    null,
  ),
  pdf(
    '501 pages',
    () =>
      rawPdf([
        CATALOGUE,
        `<< /Type /Pages /Kids [${'3 0 R '.repeat(501)}] /Count 501 >>`,
        PAGE,
        plainStream(said('x')),
        FONT,
      ]),
    /It has 501 pages; 500 are the most/,
  ),
  pdf(
    'a tree of pages that bites its tail',
    () => rawPdf([CATALOGUE, '<< /Type /Pages /Kids [2 0 R] /Count 3 >>', PAGE, plainStream(said('x')), FONT]),
    /It is damaged/,
  ),
  pdf(
    'a table of contents that names itself as the one before',
    () => rawPdf([CATALOGUE, PAGES, PAGE, plainStream(said('Round and round.')), FONT], { trailer: '/Prev HERE' }),
    null,
  ),
  pdf(
    'a table of contents with numbers of four billion bytes',
    () =>
      rawPdf([CATALOGUE, PAGES, PAGE, plainStream(said('Wide numbers.')), FONT], {
        xref: '6 0 obj\n<< /Type /XRef /W [4294967295 4294967295 4294967295] /Size 6 /Root 1 0 R /Length 3 >>\nstream\nabc\nendstream\nendobj\n',
      }),
    null,
  ),
  pdf(
    'a stream that says it has 8 GB',
    () => onePage({ dictionary: '/Length 8589934592', stream: said('Eight gigabytes.') }),
    null,
  ),
  pdf(
    'encrypted',
    () =>
      rawPdf(
        [
          CATALOGUE,
          PAGES,
          PAGE,
          plainStream(said('x')),
          FONT,
          `<< /Filter /Standard /V 1 /R 2 /O <${'00'.repeat(32)}> /U <${'00'.repeat(32)}> /P -4 >>`,
        ],
        {
          trailer: '/Encrypt 6 0 R',
        },
      ),
    /It is encrypted/,
  ),
  pdf('cut in the middle', () => onePage(packedStream(said('x'))).subarray(0, 120), /It is damaged/),
  pdf('a head and then noise', () => bytes(`%PDF-1.7\n${'noise '.repeat(200)}`), /It is damaged/),
  pdf(
    'scanned, without text',
    () =>
      rawPdf([
        CATALOGUE,
        PAGES,
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>',
        plainStream(bytes('q 500 0 0 700 40 60 cm /I Do Q')),
        packedStream(
          new Uint8Array(64 * 64),
          '/Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode',
        ),
      ]),
    /There is no text in it: it seems to be scanned/,
  ),
  pdf('lists within lists, 200,000 deep', () => onePage(plainStream(said('Deep.')), '['.repeat(200_000)), null),
  pdf(
    '20,001 streams',
    () => onePage(plainStream(bytes('stream\n'.repeat(20_001)))),
    /It has more than 20,000 streams/,
  ),
  pdf(
    'a page of 60,000 pieces of text',
    () =>
      onePage(packedStream(bytes(`BT /F 1 Tf ${'1 0 0 1 5 5 Tm (a) Tj 1 0 0 1 9 99 Tm (b) Tj '.repeat(30_000)} ET`))),
    /Page 1 has more than 50,000 pieces of text/,
  ),
  pdf(
    'short streams before ten megabytes of something else',
    () =>
      onePage(
        packedStream(said('Short.')),
        ...Array.from({ length: 100 }, () => packedStream(said('Short.'))),
        plainStream(spaces(10 * MB)),
      ),
    null,
  ),
  pdf(
    'a script that would run when it is opened',
    () =>
      rawPdf([
        '<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>',
        PAGES,
        PAGE,
        plainStream(said('It opens quietly.')),
        FONT,
      ]),
    null,
  ),
  pdf('an archive behind it', () => joined(onePage(plainStream(said('Two in one.'))), docxOf(['Word'])), null),
]

const docx = (name: string, make: () => Uint8Array, says: RegExp | null): BadFile => ({
  ...pdf(name, make, says),
  filename: 'a.docx',
})
const wordOf = (xml: string | Uint8Array, more: Record<string, Uint8Array> = {}): Uint8Array =>
  zipSync({ ...more, 'word/document.xml': typeof xml === 'string' ? bytes(xml) : xml }, { level: 1 })

const DOCXS: BadFile[] = [
  docx('a document that unpacks to 21 MB', () => wordOf(spaces(21 * MB)), /Its text unpacks to more than 20 MB/),
  docx(
    'a document that unpacks to 21 MB and says 10 bytes',
    () => {
      const file = wordOf(spaces(21 * MB))
      const view = new DataView(file.buffer)
      // In its own head and in the list at the end.
      view.setUint32(22, 10, true)
      for (let at = file.length - 22; at > 0; at--)
        if (view.getUint32(at, true) === 0x02014b50) view.setUint32(at + 24, 10, true)
      return file
    },
    /Its text unpacks to more than 20 MB/,
  ),
  docx(
    'an archive of 5,001 files',
    () => zipSync(Object.fromEntries(Array.from({ length: 5_001 }, (_, at) => [`${at}`, new Uint8Array()]))),
    /It holds more than 5,000 files/,
  ),
  docx('an archive that is no document', () => zipSync({ 'readme.txt': bytes('Hello') }), /no Word document/),
  docx('an archive that is cut', () => docxOf(['Hello']).subarray(0, 100), /It is damaged/),
  docx(
    'an archive with noise for its content',
    () => {
      const file = docxOf(['Hello '.repeat(500)])
      return file.map((byte, at) => (at > 160 && at < 400 ? 0xff : byte))
    },
    /It is damaged/,
  ),
  docx(
    'an archive with a password',
    () => {
      const file = docxOf(['Hello'])
      const view = new DataView(file.buffer)
      for (let at = 0; at < file.length - 4; at++)
        if (view.getUint32(at, true) === 0x02014b50) view.setUint16(at + 8, 1, true)
      return file
    },
    /It is encrypted/,
  ),
  docx('elements 400 deep', () => wordOf('<w:p>'.repeat(400)), /more than 300 deep/),
  docx(
    'entities that grow a thousand million times',
    () =>
      wordOf(
        `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${'bcdefghij'
          .split('')
          .map((name, at) => `<!ENTITY ${name} "${`&${'abcdefghi'[at]};`.repeat(10)}">`)
          .join('')}]><w:p><w:t>Calm. &j;</w:t></w:p>`,
      ),
    null,
  ),
  docx('no text', () => docxOf([' ']), /There is no text in it/),
  {
    ...docx(
      'an old Office document',
      () => Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0),
      /old or password-protected/,
    ),
    refused: 'at once',
  },
]

const plain = (name: string, filename: string, make: () => string | Uint8Array, says: RegExp | null): BadFile => ({
  name,
  filename,
  make: () => {
    const content = make()
    return typeof content === 'string' ? bytes(content) : content
  },
  refused: says ? 'when read' : null,
  says,
})
const LONG = 1_900_000

const TEXTS: BadFile[] = [
  plain('a line of 20 MB', 'a.txt', () => new Uint8Array(20 * MB).fill(97), /It has more than 8 MB of text/),
  plain('a line of 3 million characters', 'a.txt', () => 'a'.repeat(3_000_000), /more than 2,000,000 characters/),
  plain('a line of 1.9 million characters', 'a.txt', () => 'a'.repeat(LONG), null),
  plain('bytes that are no UTF-8', 'a.txt', () => Uint8Array.of(97, 0xc3, 0x28, 97), /not valid UTF-8/),
  plain('half a character of UTF-16', 'a.txt', () => Uint8Array.of(0xff, 0xfe, 0x00, 0xd8), /not valid UTF-8/),
  plain('nothing but white space', 'a.txt', () => ' \n\t\u200B\n', /There is no text in it/),
  plain(
    'hidden letters in tags',
    'a.txt',
    () => 'Visible.\u{E0049}\u{E0067}\u{E006E}\u{E006F}\u{E0072}\u{E0065}',
    null,
  ),
  plain('comments that never end', 'a.md', () => '<!--'.repeat(LONG / 4), null),
  plain('brackets that never close', 'a.md', () => '['.repeat(LONG), null),
  plain('links that never close', 'a.md', () => '[](a'.repeat(LONG / 4), null),
  plain('a rule that is none', 'a.md', () => `${'-'.repeat(LONG)}x`, null),
  plain('a heading of blanks', 'a.md', () => `# ${' '.repeat(LONG)}x`, null),
  plain('a heading of marks', 'a.md', () => `# ${'#'.repeat(LONG)}x`, null),
  plain('10,001 headings', 'a.md', () => '# a\nb\n'.repeat(10_001), /more than 10,000 chunks/),
  plain(
    'elements that never close, and ends of others',
    'a.html',
    () => '<i>'.repeat(400_000) + '</b>'.repeat(400_000),
    /more than 300 deep/,
  ),
  plain(
    'a page of hidden things',
    'a.html',
    () => '<p style="display:none">Buy.</p><script>x()</script>',
    /There is no text in it/,
  ),
  plain('10,001 titles', 'a.html', () => '<h1>a</h1>b'.repeat(10_002), /more than 10,000 chunks/),
  plain('50,001 rows', 'a.csv', () => `name\n${'a\n'.repeat(50_001)}`, /more than 50,000 rows/),
  plain('201 columns', 'a.csv', () => `a\n${','.repeat(200)}b`, /more than 200 columns/),
  plain(
    'names of columns so long that every row is a book',
    'a.csv',
    () =>
      `${Array.from({ length: 200 }, () => 'n'.repeat(4_000)).join(',')}\n${`${'1,'.repeat(199)}1\n`.repeat(2_500)}`,
    /more than 2,000,000 characters/,
  ),
  plain('a quotation mark that never closes', 'a.csv', () => `a,b\n1,"${'x,"y'.repeat(LONG / 5)}`, null),
]

const at = (file: BadFile): BadFile => ({ ...file, refused: 'at once' })

const LABELS: BadFile[] = [
  at(plain('nothing', 'a.txt', () => '', /is empty/)),
  at(plain('text that is called PDF', 'a.pdf', () => 'Hello', /is not what its name says/)),
  at(plain('a PDF that is called text', 'a.txt', () => '%PDF-1.7\n', /is not what its name says/)),
  at(plain('a page with a PDF in it', 'a.html', () => '<html>%PDF-1.4 <p>x</p>', /is not what its name says/)),
  at(plain('an archive that is called a table', 'a.csv', () => docxOf(['x']), /is not what its name says/)),
  at(
    plain('a picture', 'a.txt', () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), /neither text nor/),
  ),
  at(plain('a program', 'a.exe', () => 'MZ', /must end in one of/)),
  at(plain('a name without an ending', 'readme', () => 'Hello', /must end in one of/)),
]

export const BAD_FILES: BadFile[] = [...PDFS, ...DOCXS, ...TEXTS, ...LABELS]

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
