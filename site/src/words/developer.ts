import { words } from './words.ts'

/** The developer console. */
export const developer = words({
  en: { overview: { title: 'Overview' } },
  zh: { overview: { title: '概览' } },
})
