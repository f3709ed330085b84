/** What the role of whoever is signed in covers, said before they try. */
import { ShieldOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { isAllowed, type Permission } from '../../../workers/auth/permissions.ts'
import { useMe } from '../api/query.ts'
import { Console } from '../layouts/Console.tsx'
import { Empty } from '../ui/state.tsx'
import { admin } from '../words/admin.ts'
import { fill, said } from '../words/words.ts'

/** Whether this admin has a permission. The API decides for itself; this is for what to show. */
export function useMay(permission: Permission): boolean {
  const { admin_role: role } = useMe()
  return role !== null && isAllowed(role, permission)
}

/** A page of the administration, which says so where the role does not cover it. */
export function AdminPage({ needs, children }: { needs: Permission; children: ReactNode }) {
  return (
    <Console place="admin">
      <Allowed needs={needs}>{children}</Allowed>
    </Console>
  )
}

/** A part that some roles do not have. */
export function Allowed({ needs, children }: { needs: Permission; children: ReactNode }) {
  const w = said(admin)
  const { admin_role: role } = useMe()
  if (useMay(needs)) return children
  return (
    <Empty title={fill(w.notCovered, { role: w.roles[role ?? 'support'] })}>
      {fill(w.notCoveredWhy, { what: w.permissions[needs] })}
    </Empty>
  )
}

/** Stands where actions would, for who may look but not act. */
export function OnlyLooking({ needs }: { needs: Permission }) {
  const w = said(admin)
  const { admin_role: role } = useMe()
  if (useMay(needs)) return null
  return (
    <p className="flex items-center gap-2 text-base text-soft">
      <ShieldOff aria-hidden className="size-4 shrink-0" />
      {fill(w.onlyLooking, { role: w.roles[role ?? 'support'], what: w.permissions[needs] })}
    </p>
  )
}
