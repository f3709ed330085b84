/** The operator: scripts and the local stack, which prove themselves by one token. */
import { AppError } from '../base/errors.ts'
import { settings, type Bindings } from '../env.ts'
import type { Guard } from '../base/route.ts'

/** Lets pass who sends the operator's token. */
export const operator: Guard<null> = {
  scheme: 'operator',
  allows: 'operator',
  admit: async (c) => {
    if (!(await isOperator(c.env, c.req.header('authorization')))) throw new AppError('invalidCredentials')
    return null
  },
}

/** Compares digests, so that the time it takes tells nothing of the token. */
async function isOperator(env: Bindings, authorization: string | undefined): Promise<boolean> {
  const digest = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [sent, own] = await Promise.all([digest(authorization ?? ''), digest(`Bearer ${settings(env).OPERATOR_TOKEN}`)])
  return crypto.subtle.timingSafeEqual(sent, own)
}
