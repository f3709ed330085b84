/** What a browser calls itself, in two words: `Firefox, Windows`. Undefined where nothing is told. */
const BROWSERS: [RegExp, string][] = [
  [/Edg(?:A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]
const CHARS_MAX = 40

export function deviceOf(userAgent: string | null): string | undefined {
  if (userAgent === null || userAgent === '') return undefined
  const nameIn = (known: [RegExp, string][]) => known.find(([sign]) => sign.test(userAgent))?.[1]
  const words = [nameIn(BROWSERS), nameIn(SYSTEMS)].filter((word) => word !== undefined)
  return words.length > 0 ? words.join(', ') : userAgent.slice(0, CHARS_MAX)
}
