import { diffLines, diffWordsWithSpace } from 'diff'
import { useDeferredValue, useMemo } from 'react'
import { agents } from '../words/agents.ts'
import { said } from '../words/words.ts'

const WORDS_MS = 300

/** Two texts as one: what was taken out is struck through, what came is underlined. */
export function Difference({ before, after }: { before: string; after: string }) {
  const w = said(agents).edit
  const now = useDeferredValue(after)
  // Word by word, unless that takes too long; then line by line.
  const parts = useMemo(
    () => diffWordsWithSpace(before, now, { timeout: WORDS_MS }) ?? diffLines(before, now),
    [before, now],
  )
  if (before === now) return <p className="text-base text-soft">{w.same}</p>
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre
      tabIndex={0}
      className="max-h-[28rem] overflow-auto rounded-md border border-line p-3 text-sm leading-relaxed whitespace-pre-wrap"
    >
      {parts.map(({ added, removed, value }, index) =>
        added ? (
          // oxlint-disable-next-line react/no-array-index-key
          <ins key={index} title={w.added} className="bg-success/15 decoration-success">
            {value}
          </ins>
        ) : removed ? (
          // oxlint-disable-next-line react/no-array-index-key
          <del key={index} title={w.taken} className="bg-wax/15 text-soft decoration-wax">
            {value}
          </del>
        ) : (
          // oxlint-disable-next-line react/no-array-index-key
          <span key={index}>{value}</span>
        ),
      )}
    </pre>
  )
}
