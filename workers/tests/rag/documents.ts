/** The documents of the set as files. */
import { PDFDocument, StandardFonts } from 'pdf-lib'
import { docxOf } from '../docx.ts'
import { api } from './api.ts'
import { harbour } from './harbour.ts'
import { library } from './library.ts'
import { maintenance } from './maintenance.ts'
import { minsu } from './minsu.ts'
import { parts } from './parts.ts'
import { shouhou } from './shouhou.ts'
import { staff } from './staff.ts'
import { xihu } from './xihu.ts'
import type { EvaluationDocument, Section } from './set.ts'

export const DOCUMENTS: EvaluationDocument[] = [harbour, api, staff, parts, library, maintenance, shouhou, minsu, xihu]

const SECTIONS_ON_A_PAGE = 4

/** A document as its creator would hand it in. */
export async function fileOf({ kind, language, sections }: EvaluationDocument): Promise<string | Uint8Array> {
  switch (kind) {
    case 'pdf':
      return pdf(sections)
    case 'docx':
      return docxOf(sections.flatMap(({ heading, text }) => [`# ${heading}`, text]))
    case 'html':
      return `<!doctype html><title>Guide</title><main>${sections.map(({ heading, text }) => `<h2>${heading}</h2><p>${text}</p>`).join('\n')}</main>`
    case 'markdown':
      return sections.map(({ heading, text }) => `## ${heading}\n\n${text}\n`).join('\n')
    case 'csv':
      return [
        language === 'zh' ? '编号,项目说明' : 'Part,Description',
        ...sections.map(({ heading, text }) => `${heading},"${text}"`),
      ].join('\n')
    case 'text':
      return sections.map(({ heading, text }) => `${heading}\n${text}`).join('\n\n')
  }
}

async function pdf(sections: Section[]): Promise<Uint8Array> {
  const document = await PDFDocument.create()
  const font = await document.embedFont(StandardFonts.Helvetica)
  for (let from = 0; from < sections.length; from += SECTIONS_ON_A_PAGE) {
    const page = document.addPage([595, 842])
    page.drawText('Passenger Handbook', { x: 50, y: 815, size: 9, font })
    for (const [at, { heading, text }] of sections.slice(from, from + SECTIONS_ON_A_PAGE).entries()) {
      const y = 770 - at * 180
      page.drawText(heading, { x: 50, y, size: 16, font })
      page.drawText(text, { x: 50, y: y - 24, size: 11, lineHeight: 14, maxWidth: 480, font })
    }
    page.drawText(`${from / SECTIONS_ON_A_PAGE + 1}`, { x: 290, y: 25, size: 9, font })
  }
  return document.save()
}
