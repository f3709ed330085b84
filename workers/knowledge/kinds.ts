/** What kind of file this is: its bytes decide, and its name must agree. */
import { refuseField } from '../base/errors.ts'
import { LIMITS } from './problem.ts'

export const KINDS = ['pdf', 'docx', 'html', 'markdown', 'csv', 'text'] as const
export type Kind = (typeof KINDS)[number]

export const MEDIA_TYPES: Record<Kind, string> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  html: 'text/html; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  text: 'text/plain; charset=utf-8',
}

const BY_EXTENSION: Record<string, Kind> = {
  pdf: 'pdf',
  docx: 'docx',
  html: 'html',
  htm: 'html',
  md: 'markdown',
  markdown: 'markdown',
  csv: 'csv',
  txt: 'text',
  text: 'text',
}

/** So many bytes at the beginning tell what a file is. */
export const HEAD_BYTES = 4_096
const PDF_WITHIN = 1_024

/** The kind of a file from its name and first bytes. Throws `validationFailed` where the two do not agree, or it is none of ours. */
export function kindOf(filename: string, head: Uint8Array): Kind {
  const extension = /\.([a-z0-9]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? ''
  const named = BY_EXTENSION[extension]
  if (!named) throw refuseField('filename', `must end in one of .${Object.keys(BY_EXTENSION).join(', .')}`)
  if (head.length === 0) throw refuseField('body', 'is empty; the body is the file itself')
  const found = contentOf(head)
  if (found === 'old office')
    throw refuseField('body', 'is an old or password-protected Office document; save it as .docx without a password')
  if (found === 'binary') throw refuseField('body', 'is neither text nor a PDF or DOCX document')
  const agrees = found === 'text' ? named !== 'pdf' && named !== 'docx' : found === named
  if (!agrees) throw refuseField('body', `is not what its name says: it ends in .${extension}`)
  return named
}

/** A name as it is shown: the last part of a path, without what cannot be seen. Objects are never named after it. */
export function nameOf(given: string): string {
  const last = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  // oxlint-disable-next-line eslint/no-control-regex
  const seen = last.replaceAll(/[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2066-\u2069<>:"|?*]/g, '').trim()
  const name = seen.replace(/^\.+/, '')
  if (name.length <= LIMITS.filenameChars) return name
  const extension = /\.[a-z0-9]{1,10}$/i.exec(name)?.[0] ?? ''
  return name.slice(0, LIMITS.filenameChars - extension.length).toWellFormed() + extension
}

function contentOf(head: Uint8Array): 'pdf' | 'docx' | 'text' | 'binary' | 'old office' {
  const begins = (...bytes: number[]): boolean => bytes.every((byte, at) => head[at] === byte)
  const start = String.fromCharCode(...head.subarray(0, PDF_WITHIN))
  if (/%PDF-\d/.test(start)) return 'pdf'
  if (begins(0x50, 0x4b, 3, 4)) return 'docx'
  if (begins(0xd0, 0xcf, 0x11, 0xe0)) return 'old office'
  if (begins(0xff, 0xfe) || begins(0xfe, 0xff)) return 'text'
  // Of control characters, text has tabs, line ends and form feeds.
  const isBinary = head.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
  return isBinary ? 'binary' : 'text'
}
