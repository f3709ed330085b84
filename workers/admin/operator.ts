/** The operator: scripts and the local stack, which prove themselves by one token; and what scrapes the metrics, by one of its own. */
import { AppError } from '../base/errors.ts'
import { settings } from '../env.ts'
import type { Guard } from '../base/route.ts'

/** Lets pass who sends the operator's token. */
export const operator: Guard<null> = {
  scheme: 'operator',
  allows: 'operator',
  admit: async (c) => {
    const { OPERATOR_TOKEN } = settings(c.env)
    if (!(await isSent(c.req.header('authorization'), OPERATOR_TOKEN))) throw new AppError('invalidCredentials')
    return null
  },
}

/** Lets pass who sends the token of the metrics, if there is one, or the operator's. */
export const scraper: Guard<null> = {
  ...operator,
  admit: async (c) => {
    const { METRICS_TOKEN } = settings(c.env)
    const isScraper = METRICS_TOKEN !== undefined && (await isSent(c.req.header('authorization'), METRICS_TOKEN))
    return isScraper ? null : operator.admit(c)
  },
}

/** Compares digests, so that the time it takes tells nothing of the token. */
async function isSent(authorization: string | undefined, token: string): Promise<boolean> {
  const digest = (text: string): Promise<ArrayBuffer> => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const [sent, own] = await Promise.all([digest(authorization ?? ''), digest(`Bearer ${token}`)])
  return crypto.subtle.timingSafeEqual(sent, own)
}
