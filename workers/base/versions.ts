/**
 * Versions of the API. A route's path names the version in which it appeared: `/api/v1/agents` is served as
 * `/api/v2/agents` too, for what has not changed needs no second declaration. A route that a version does differently
 * ends with the version before (`until`), and is declared anew under the later one.
 *
 * A deprecated route says so on every answer: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and a `Link` to what takes
 * its place.
 */

/** The versions that are served, oldest first. */
export const VERSIONS = ['v1', 'v2'] as const
export type Version = (typeof VERSIONS)[number]

const VERSIONED = /^\/(api|proxy)\/(v\d+)(\/.*)$/

/** The paths under which a route is served: one for each version from its own to `until`, or its path if it has none. */
export function servedPaths(path: string, until?: Version): { path: string; version: Version | null }[] {
  const match = VERSIONED.exec(path)
  if (!match) return [{ path, version: null }]
  const [, area = '', since = '', rest = ''] = match
  const first = VERSIONS.indexOf(since as Version)
  if (first < 0) throw new Error(`${path} names a version that is not served.`)
  const last = until === undefined ? VERSIONS.length - 1 : VERSIONS.indexOf(until)
  return VERSIONS.slice(first, last + 1).map((version) => ({ path: `/${area}/${version}${rest}`, version }))
}

export type Deprecation = {
  /** The day from which the route is deprecated, and the day after which it may be gone, both as YYYY-MM-DD. */
  since: string
  sunset: string
  /** The path of the route that takes its place. */
  successor: string
}

/** The headers of a deprecated route. */
export function deprecationHeaders({ since, sunset, successor }: Deprecation): Record<string, string> {
  return {
    deprecation: `@${Date.parse(since) / 1_000}`,
    sunset: new Date(sunset).toUTCString(),
    link: `<${successor}>; rel="successor-version"`,
  }
}
