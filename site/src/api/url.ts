/** Filters and ids live in the address of a page, so that a view can be reloaded, shared and gone back to. */
import { useSyncExternalStore } from 'react'

const CHANGED = 'agentlink:url'

/** The query of the address, and the way to change some of it; empty values go. A change replaces the entry unless `isStep`. */
export function useUrl(): [URLSearchParams, (change: Record<string, string | undefined>, isStep?: boolean) => void] {
  const search = useSyncExternalStore(subscribe, () => location.search)
  return [new URLSearchParams(search), changeUrl]
}

/** As `useUrl`, outside of components. */
export function changeUrl(change: Record<string, string | undefined>, isStep = false): void {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === '') url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  if (isStep) history.pushState(null, '', url)
  else history.replaceState(null, '', url)
  dispatchEvent(new Event(CHANGED))
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener)
  addEventListener(CHANGED, listener)
  return () => {
    removeEventListener('popstate', listener)
    removeEventListener(CHANGED, listener)
  }
}
