/** What every change by an admin has in common: a reason, and a line in the audit log in the same batch as the change. */
import { audited, type AuditEntry } from '../auth/audit.ts'
import { isUnchanged, reach } from '../base/db.ts'
import { plainText } from '../base/text.ts'
import type { Context } from 'hono'
import type { AppContext } from '../env.ts'

/** Why something was done, for who reads the audit log later. */
export const Reason = plainText(3, 500)

/** Who changes what, in which request, and why. */
export type Cause = Pick<AuditEntry, 'actor' | 'requestId' | 'reason'>

/** The cause of what a request changes. `actor` null: the operator. */
export function causeOf(c: Context<AppContext>, actor: AuditEntry['actor'], reason?: string): Cause {
  return { actor, requestId: c.var.requestId, ...(reason === undefined ? {} : { reason }) }
}

/** The line of what a request changes, for the batch that changes it. */
export function line(
  c: Context<AppContext>,
  actor: AuditEntry['actor'],
  { reason, ...entry }: Pick<AuditEntry, 'action' | 'subject' | 'details'> & { reason?: string | undefined },
) {
  return audited(c.env, { ...entry, ...causeOf(c, actor, reason) })
}

/** What a batch gave, or null if its `mustChange` met no row, so that nothing was done. */
export async function unlessUnchanged<T>(batch: () => Promise<T>): Promise<T | null> {
  try {
    return await reach(batch)
  } catch (thrown) {
    if (isUnchanged(thrown)) return null
    throw thrown
  }
}
