/** Where what is made at the edge comes from. */

export type Edge = {
  apiUrl: string
  siteUrl: string
  /** A file of the site by its path. */
  asset: (path: string) => Promise<Response>
  fetch: (url: string, init: RequestInit) => Promise<Response>
}

const API_MS_MAX = 5_000

/** The API's answer, whatever its status. Rejects if there is none in time. */
export function fromApi(at: Edge, path: string): Promise<Response> {
  return at.fetch(at.apiUrl + path, { signal: AbortSignal.timeout(API_MS_MAX) })
}
