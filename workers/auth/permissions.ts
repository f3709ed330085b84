/** What an admin may do. No role can read a prompt: there is no permission for it. */

export const PERMISSIONS = [
  'users:view',
  'users:manage',
  'agents:view',
  'agents:manage',
  'content:moderate',
  'payments:manage',
  'system:admin',
] as const
export type Permission = (typeof PERMISSIONS)[number]

export const ADMIN_ROLES = ['super_admin', 'moderator', 'support'] as const
export type AdminRole = (typeof ADMIN_ROLES)[number]

const ALLOWED: Record<AdminRole, readonly Permission[]> = {
  super_admin: PERMISSIONS,
  moderator: ['users:view', 'agents:view', 'content:moderate'],
  support: ['users:view', 'agents:view'],
}

/** Whether a role has a permission. */
export function isAllowed(role: AdminRole, permission: Permission): boolean {
  return ALLOWED[role].includes(permission)
}
