/** The audit log: who did what to whom, and why. It can only be added to; the database refuses anything else. */
import { db } from '../base/db.ts'
import { auditLog } from './tables.ts'
import type { User } from './auth.ts'
import type { Bindings } from '../env.ts'

export type AuditEntry = {
  /** Null: the operator's token. */
  actor: User | null
  /** A short dotted name, such as `user.suspend`. */
  action: string
  subject: {
    type: 'user' | 'agent' | 'review' | 'flag' | 'system' | 'key' | 'webhook' | 'payment' | 'settlement' | 'withdrawal'
    id: string
  }
  reason?: string
  /** Facts, such as the state before. Never a prompt, a key or a secret. */
  details?: Record<string, unknown>
  requestId: string
}

/** The insertion of an entry, to be run alone or, better, in one batch with what it records. */
export function audited(env: Bindings, { actor, action, subject, reason, details = {}, requestId }: AuditEntry) {
  return db(env)
    .insert(auditLog)
    .values({
      actorId: actor?.id ?? null,
      actorRole: actor ? (actor.adminRole ?? actor.type) : 'operator',
      action,
      subjectType: subject.type,
      subjectId: subject.id,
      reason: reason ?? null,
      details,
      requestId,
    })
}
