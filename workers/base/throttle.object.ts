/**
 * The throttle object: one for each thing and whoever tries it, used only while Redis does not answer. It counts as the
 * window in Redis does: this window's tries, and of the last window's the share that the sliding one still covers.
 */
import { DurableObject } from 'cloudflare:workers'
import { clock } from './clock.ts'
import type { Bindings } from '../env.ts'

type Counts = { window: number; count: number; before: number }

export class ThrottleObject extends DurableObject<Bindings> {
  /** Counts a try, unless there have been too many. `resetAt` is when the next window begins. */
  take({ limit, windowMs }: { limit: number; windowMs: number }): { isAllowed: boolean; resetAt: number } {
    const now = clock.now()
    const window = Math.floor(now / windowMs)
    const counts = at(this.ctx.storage.kv.get<Counts>('counts'), window)
    const share = 1 - (now % windowMs) / windowMs
    const isAllowed = Math.floor(counts.before * share) + counts.count < limit
    if (isAllowed) {
      this.ctx.storage.kv.put('counts', { ...counts, count: counts.count + 1 })
      // After the window that follows this one, what was counted here means nothing.
      if (counts.count === 0) void this.ctx.storage.setAlarm((window + 2) * windowMs)
    }
    return { isAllowed, resetAt: (window + 1) * windowMs }
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll()
  }
}

function at(counts: Counts | undefined, window: number): Counts {
  if (counts?.window === window) return counts
  return { window, count: 0, before: counts?.window === window - 1 ? counts.count : 0 }
}
