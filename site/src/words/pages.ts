/** Every page of the site stands under `/` in English and under `/zh/` in Chinese. */
import type { Lang } from './words.ts'

/** The static paths of a page below `pages/[...lang]/`. */
export function bothLanguages(): { params: { lang: string | undefined }; props: { lang: Lang } }[] {
  return [
    { params: { lang: undefined }, props: { lang: 'en' } },
    { params: { lang: 'zh' }, props: { lang: 'zh' } },
  ]
}
