import { ChevronLeft, ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { Button } from './button.tsx'
import { cn } from './cn.ts'

export type Column<Row> = {
  name: string
  head: ReactNode
  cell: (row: Row) => ReactNode
  /** Numbers stand right. */
  isNumber?: boolean
  /** Left out on a phone. */
  isWide?: boolean
  className?: string
}

type Props<Row> = {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** A row opens something; by keyboard its first cell does. */
  onOpen?: (row: Row) => void
  /** Rows that are being replaced. */
  isStale?: boolean
}

/** Rows of 36 px with hairlines; scrolls by itself where it is too wide. */
export function Table<Row>({ label, columns, rows, rowKey, onOpen, isStale }: Props<Row>) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className={cn('w-full border-collapse text-base', isStale && 'opacity-60')}>
        <thead>
          <tr className="border-b border-line text-left text-sm text-soft">
            {columns.map(({ name, head, isNumber, isWide, className }) => {
              // A column of buttons has no heading, and an empty one would be read out.
              const Cell = head === '' ? 'td' : 'th'
              return (
                <Cell
                  key={name}
                  {...(head === '' ? {} : { scope: 'col' })}
                  className={cn(
                    'h-9 pr-4 font-medium whitespace-nowrap last:pr-0 max-md:pr-3',
                    isNumber && 'text-right',
                    isWide && 'max-md:hidden',
                    className,
                  )}
                >
                  {head}
                </Cell>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              className={cn('border-b border-line last:border-0', onOpen && 'cursor-pointer hover:bg-tint')}
              onClick={onOpen && (() => onOpen(row))}
            >
              {columns.map(({ name, cell, isNumber, isWide, className }, index) => (
                <td
                  key={name}
                  className={cn(
                    'h-9 py-1 pr-4 align-middle last:pr-0 max-md:pr-3',
                    isNumber && 'text-right font-mono text-sm tabular-nums',
                    isWide && 'max-md:hidden',
                    className,
                  )}
                >
                  {onOpen && index === 0 ? (
                    <button
                      type="button"
                      className="cursor-pointer rounded-sm text-left"
                      onClick={(event) => {
                        event.stopPropagation()
                        onOpen(row)
                      }}
                    >
                      {cell(row)}
                    </button>
                  ) : (
                    cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The way through a list whose pages are cut by cursors; see `usePages`. */
export function Pages({
  page,
  hasNext,
  onFirst,
  onPrevious,
  onNext,
}: {
  page: number
  hasNext: boolean
  onFirst: () => void
  onPrevious: () => void
  onNext: () => void
}) {
  const w = said(common)
  if (page === 0 && !hasNext) return null
  return (
    <nav className="flex items-center justify-end gap-2 pt-2">
      {page > 1 && (
        <Button look="quiet" size="s" onClick={onFirst}>
          {w.first}
        </Button>
      )}
      <Button size="s" disabled={page === 0} onClick={onPrevious}>
        <ChevronLeft aria-hidden />
        {w.previous}
      </Button>
      <span className="min-w-6 text-center text-sm text-soft tabular-nums">{page + 1}</span>
      <Button size="s" disabled={!hasNext} onClick={onNext}>
        {w.next}
        <ChevronRight aria-hidden />
      </Button>
    </nav>
  )
}
