import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ApiError } from '../api/error.ts'
import { Failure, SkeletonRows } from '../ui/state.tsx'

type Props<T> = {
  query: UseQueryResult<T, ApiError>
  /** What stands there meanwhile; rows of a list if left out. */
  awaited?: ReactNode
  children: (answer: T) => ReactNode
}

/** What a route answers, once it is there; before that its shape, and why it does not come with a way to ask again. */
export function Loaded<T>({ query, awaited, children }: Props<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />
  return <>{awaited ?? <SkeletonRows />}</>
}
