/** The shelves of the market. An agent stands on one of them when it is published. */

export const CATEGORIES = [
  'writing',
  'code',
  'data',
  'research',
  'education',
  'support',
  'legal',
  'finance',
  'marketing',
  'design',
  'translation',
  'other',
] as const

export type Category = (typeof CATEGORIES)[number]
