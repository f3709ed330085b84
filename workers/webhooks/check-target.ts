/** Whether a webhook may be called at its URL now: asked at creation, at every change of the URL, and before every attempt. */
import { addressesOf } from './resolve.ts'
import { isPublic, readTarget, type Target } from './target.ts'
import type { Bindings } from '../env.ts'

/**
 * The target, or what is wrong with it. One address that is not public is enough to refuse a host. Throws
 * `resolverUnavailable` if that cannot be found out.
 *
 * Between this look and the connection a name can change once more. It gains nothing there: the platform itself lets no
 * Worker connect to an inside address, and an egress proxy has to do the same.
 */
export async function checkTarget(env: Bindings, url: string): Promise<Target> {
  const target = readTarget(url)
  if ('problem' in target) return target
  const addresses = await addressesOf(env, target.host)
  if (addresses.length === 0) return { problem: 'must name a host that has an address' }
  if (!addresses.every(isPublic)) return { problem: 'must name a host with public addresses only' }
  return target
}
