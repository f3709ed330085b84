/** Lists of the administration: coming, failed, empty or there, a page at a time. */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ApiError } from '../api/error.ts'
import type { usePages } from '../api/query.ts'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { Pages, Table, type Column } from '../ui/table.tsx'

type Props<Row> = {
  query: UseQueryResult<{ items: Row[]; next_cursor: string | null }, ApiError>
  pages: ReturnType<typeof usePages>
  label: string
  columns: readonly Column<Row>[]
  rowKey: (row: Row) => string
  onOpen?: (row: Row) => void
  /** What an empty list means. */
  empty: { title: string; text?: string }
}

export function List<Row>({ query, pages, label, columns, rowKey, onOpen, empty }: Props<Row>) {
  const { data, error, isPending, isPlaceholderData, refetch } = query
  if (isPending) return <SkeletonRows rows={8} />
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (data.items.length === 0 && pages.page === 0) return <Empty title={empty.title}>{empty.text}</Empty>
  return (
    <div className="grid gap-2">
      <Table
        label={label}
        columns={columns}
        rows={data.items}
        rowKey={rowKey}
        {...(onOpen ? { onOpen } : {})}
        isStale={isPlaceholderData}
      />
      <Pages
        page={pages.page}
        hasNext={data.next_cursor !== null}
        onFirst={pages.first}
        onPrevious={pages.previous}
        onNext={() => data.next_cursor !== null && pages.next(data.next_cursor)}
      />
    </div>
  )
}

/** Filters above a list, side by side. */
export function Filters({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-end gap-3">{children}</div>
}

/** Names and their values, one below the other. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-2 text-base">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
