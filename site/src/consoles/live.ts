/** Lists that change while one looks at them. */
import { useEffect, useRef } from 'react'
import type { Route } from '../api/client.ts'
import { refresh, useLive } from '../api/query.ts'

/** A burst of events asks once. */
const GATHER_MS = 400
/** Calls reach the log some seconds after they ended. */
const LOG_MS = 6_000

/** Asks `routes` anew when an event whose type begins with one of `types` arrives, and for calls again when the log has them. */
export function useFresh(types: readonly string[], routes: readonly Route[]): void {
  const timers = useRef<{ soon?: ReturnType<typeof setTimeout>; later?: ReturnType<typeof setTimeout> }>({})
  useEffect(() => {
    const mine = timers.current
    return () => {
      clearTimeout(mine.soon)
      clearTimeout(mine.later)
    }
  }, [])
  useLive((event) => {
    if (event !== 'resync' && !types.some((type) => event.type.startsWith(type))) return
    const ask = () => refresh(...routes)
    clearTimeout(timers.current.soon)
    timers.current.soon = setTimeout(ask, GATHER_MS)
    if (event === 'resync' || !/^(?:call|agent\.called)/.test(event.type)) return
    clearTimeout(timers.current.later)
    timers.current.later = setTimeout(ask, LOG_MS)
  })
}
