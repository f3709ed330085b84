/** What the server knows, kept for the page: one cache, asked through typed routes. */
import {
  keepPreviousData,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { call, type Answer, type ArgsOf, type Asked, type Route } from './client.ts'
import { ApiError } from './error.ts'
import { liveState, onLive, onLiveState, type LiveEvent, type LiveState } from './live.ts'
import { currentSession, onSession, type Me, type Session } from './session.ts'

const FRESH_MS = 15_000
const RETRIES_MAX = 2

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (failures, error) => failures < RETRIES_MAX && error instanceof ApiError && error.isPassing,
    },
    mutations: { retry: false },
  },
})

onSession(() => {
  // Nothing of one account may show under another.
  if (currentSession().status === 'out') queries.clear()
})

type Watch = { isOff?: boolean; everyMs?: number | false; keepsPrevious?: boolean }

/**
 * The answer of a GET route. `isOff` waits; `everyMs` asks again and again; `keepsPrevious` shows the old answer while the
 * query changes, which `isPlaceholderData` tells.
 */
export function useRoute<R extends Extract<Route, `GET ${string}`>>(
  route: R,
  asked: Omit<Asked<R>, 'signal'>,
  { isOff, everyMs, keepsPrevious }: Watch = {},
): UseQueryResult<Answer<R>, ApiError> {
  return useQuery<Answer<R>, ApiError>({
    queryKey: [route, asked],
    queryFn: ({ signal }) => call(route, ...([{ ...asked, signal }] as unknown as ArgsOf<R>)),
    enabled: isOff !== true,
    refetchInterval: everyMs ?? false,
    ...(keepsPrevious ? { placeholderData: keepPreviousData } : {}),
  })
}

/** Changes something by a route; afterwards the `stale` routes are asked anew. */
export function useChange<R extends Route>(route: R, stale: readonly Route[] = []) {
  const client = useQueryClient()
  return useMutation<Answer<R>, ApiError, Asked<R>>({
    mutationFn: (asked) => call(route, ...([asked] as unknown as ArgsOf<R>)),
    onSuccess: async () => {
      await Promise.all(stale.map((one) => client.invalidateQueries({ queryKey: [one] })))
    },
  })
}

/** Asks routes anew, wherever they are shown. */
export function refresh(...routes: Route[]): void {
  for (const route of routes) void queries.invalidateQueries({ queryKey: [route] })
}

export function useSession(): Session {
  return useSyncExternalStore(onSession, currentSession)
}

/** Who is signed in; inside a console somebody always is. */
export function useMe(): Me {
  const session = useSession()
  if (session.status !== 'in') throw new Error('Only a console, which waits for the session, may ask who this is.')
  return session.me
}

/** Hears of live events while the component is shown. */
export function useLive(listener: (event: LiveEvent | 'resync') => void): void {
  const [heard] = useState(() => ({ listener }))
  heard.listener = listener
  useEffect(() => onLive((event) => heard.listener(event)), [heard])
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(onLiveState, liveState)
}

/** Whether this device has a connection. */
export function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      addEventListener('online', listener)
      addEventListener('offline', listener)
      return () => {
        removeEventListener('online', listener)
        removeEventListener('offline', listener)
      }
    },
    () => navigator.onLine,
  )
}

/** The way through a list by cursors. Pass `cursor` to the list, and what it said as `next_cursor` to `next`. */
export function usePages(): {
  page: number
  cursor: string | undefined
  next: (cursor: string) => void
  previous: () => void
  first: () => void
} {
  const [cursors, setCursors] = useState<readonly string[]>([])
  return {
    page: cursors.length,
    cursor: cursors.at(-1),
    next: (cursor) => setCursors([...cursors, cursor]),
    previous: () => setCursors(cursors.slice(0, -1)),
    first: () => setCursors([]),
  }
}
