/** Two languages side by side. A word that one of them lacks is a type error; values stand in braces: `{calls} calls`. */

export type Lang = 'en' | 'zh'
export const LANGS: readonly Lang[] = ['en', 'zh']

type Dictionary = { readonly [name: string]: string | Dictionary }
/** The same names with texts of any kind. */
type Like<W> = { readonly [K in keyof W]: W[K] extends string ? string : Like<W[K]> }
type Placeholders<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never

/** The words of one noun in both languages. The English ones give the type, and with it the values that a text takes. */
export function words<const W extends Dictionary>(both: { en: W; zh: Like<W> }): Record<Lang, W> {
  return both as unknown as Record<Lang, W>
}

/** A text with its values in place of the braces. */
export function fill<const T extends string>(text: T, values: Record<Placeholders<T>, string | number>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name as Placeholders<T>]) : whole,
  )
}

/** The form for this number: `{ one: '{n} call', other: '{n} calls' }`; Chinese says both the same way. */
export function plural<const T extends string>(
  forms: { one: T; other: T },
  n: number,
  shown: string = String(n),
): string {
  return (n === 1 ? forms.one : forms.other).replaceAll('{n}', shown)
}

/** The language of the page that is open. */
export function currentLang(): Lang {
  return document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'
}

/** The words of the page's language: for components that run in the browser. */
export function said<W>(both: Record<Lang, W>): W {
  return both[currentLang()]
}

/** The same page in a language; `path` is one of ours, in either. */
export function pathIn(lang: Lang, path: string): string {
  const rest = path.replace(/^\/zh(?=\/|$|[?#])/, '').replace(/^\/?(?=$|[?#])/, '')
  return lang === 'zh' ? `/zh${rest}` : rest.startsWith('/') ? rest : `/${rest}`
}

/** Where a link leads in the language of the open page. */
export function href(path: string): string {
  return pathIn(currentLang(), path)
}
