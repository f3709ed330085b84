/** What this room writes to people. */

import type { AdminRole } from './permissions.ts'

type Text = { subject: string; text: string }

const CLOSING = 'Warm regards,\nAgentLink'

/** To whoever has registered with an address that had no account. */
export function verification(siteUrl: string, token: string): Text {
  return {
    subject: 'Welcome to AgentLink: please confirm your address',
    text: `Welcome to AgentLink!

Please confirm that this address is yours, and you are in:

${siteUrl}/verify?token=${token}

The link works once, within 24 hours. If you use the API directly, send this token to /api/v1/auth/verify-email:

${token}

If you did not sign up, someone may have mistyped their address. You need not do anything: without your click the account stays closed.

${CLOSING}
`,
  }
}

/** To whoever has registered with an address that has an account. */
export function alreadyRegistered(siteUrl: string): Text {
  return {
    subject: 'You already have an AgentLink account',
    text: `Hello again!

Someone, probably you, has just tried to sign up with this address. There is an account with it already, so you can simply sign in:

${siteUrl}/login

If you have forgotten your password, choose a new one here:

${siteUrl}/forgot

If it was not you, nothing has happened to your account, and you can ignore this mail.

${CLOSING}
`,
  }
}

/**
 * To whoever has registered with an address that has an account nobody has confirmed. Confirming it would open it to the
 * password of whoever came first, so it is opened with a new one.
 */
export function unfinishedRegistration(siteUrl: string, token: string): Text {
  return {
    subject: 'Finish signing up for AgentLink',
    text: `Hello!

Someone, probably you, has signed up with this address more than once, and never confirmed it. To make sure that the account is yours and nobody else's, choose its password anew:

${siteUrl}/reset?token=${token}

The link works once, within an hour, and confirms your address as well. If you use the API directly, send this token to /api/v1/auth/password/reset:

${token}

If you did not sign up, you need not do anything.

${CLOSING}
`,
  }
}

const AS: Record<AdminRole, string> = {
  super_admin: 'a super admin',
  moderator: 'a moderator',
  support: 'support',
}

/** To whoever is invited to be an admin. */
export function invitation(siteUrl: string, token: string, role: AdminRole): Text {
  return {
    subject: 'You are invited to help run AgentLink',
    text: `Hello!

You are invited to AgentLink as ${AS[role]}. Choose your password, and you can sign in:

${siteUrl}/reset?token=${token}

The link works once, within an hour. Later, have a new one sent here:

${siteUrl}/forgot

If you do not know what this is about, you need not do anything.

${CLOSING}
`,
  }
}

/** To whoever has forgotten their password. */
export function passwordReset(siteUrl: string, token: string): Text {
  return {
    subject: 'Choose a new AgentLink password',
    text: `Hello!

You asked for a new password. Choose it here:

${siteUrl}/reset?token=${token}

The link works once, within an hour. Afterwards you will be signed out everywhere else. If you use the API directly, send this token to /api/v1/auth/password/reset:

${token}

If you did not ask for this, you can ignore this mail: your password stays as it is.

${CLOSING}
`,
  }
}

/** To whoever's password was changed, so that they hear of it if it was not they. */
export function passwordChanged(siteUrl: string): Text {
  return {
    subject: 'Your AgentLink password was changed',
    text: `Hello!

The password of your account has just been changed, and every other place where you were signed in was signed out.

If that was you, all is well. If it was not, take your account back at once:

${siteUrl}/forgot

${CLOSING}
`,
  }
}
