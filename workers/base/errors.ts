/**
 * Errors: thrown once, caught once. Whatever goes wrong on any route becomes an `AppError`, and leaves in one shape:
 * `{"error":{"code","message","details"?},"request_id"}`.
 *
 * The codes are the platform's contract: three digits of HTTP status, two of cause. A new cause gets a new code here.
 */

export const ERRORS = {
  // 400: the request itself
  invalidRequest: { code: '40001', status: 400, message: 'The request is not valid.' },
  validationFailed: { code: '40002', status: 400, message: 'A field of the request is missing or not valid.' },
  badSignature: {
    code: '40003',
    status: 400,
    message: 'The signature is not valid for this body, or is older than five minutes.',
  },
  withdrawalTooSmall: { code: '40031', status: 400, message: 'This is less than what can be withdrawn at once.' },
  // 401: who are you
  invalidCredentials: { code: '40101', status: 401, message: 'These credentials are not valid.' },
  tokenExpired: { code: '40102', status: 401, message: 'This token has expired; refresh it or sign in again.' },
  invalidApiKey: {
    code: '40103',
    status: 401,
    message: 'No valid API key was given. Send yours as X-AgentLink-Key or as Authorization: Bearer ak_….',
  },
  tokenSpent: {
    code: '40104',
    status: 401,
    message: 'This link or token has been used, has expired, or was replaced by a newer one. Ask for a new one.',
  },
  // 402: money
  insufficientBalance: {
    code: '40201',
    status: 402,
    message: 'The prepaid balance does not cover the premium of this agent. Top it up and call again.',
  },
  // 403: you may not
  forbidden: { code: '40301', status: 403, message: 'This is not allowed for you.' },
  agentNotOwned: { code: '40302', status: 403, message: 'This agent belongs to someone else.' },
  keyRestricted: { code: '40303', status: 403, message: 'This API key may not call this agent.' },
  contentBlocked: {
    code: '40304',
    status: 403,
    message: 'The answer was withheld because it would have shown protected content. The call was not charged.',
  },
  contentRefused: {
    code: '40305',
    status: 403,
    message: 'The model provider’s own policy refused this request. The call was not charged.',
  },
  accountSuspended: { code: '40306', status: 403, message: 'This account is suspended. Write to us to learn why.' },
  agentStopped: {
    code: '40307',
    status: 403,
    message: 'This agent was taken out of service by the platform; it cannot be published again from here.',
  },
  emailNotVerified: { code: '40308', status: 403, message: 'Confirm your e-mail address first.' },
  tooFewCalls: {
    code: '40309',
    status: 403,
    message:
      'An agent can be reviewed after 10 successful calls to it. The latest may take some seconds to be counted.',
  },
  featureOff: { code: '40310', status: 403, message: 'This is switched off at the moment.' },
  paymentMethodOff: {
    code: '40330',
    status: 403,
    message: 'This way to pay is not available here. Choose another one.',
  },
  // 404: nothing here
  routeNotFound: { code: '40400', status: 404, message: 'There is no such route.' },
  agentNotFound: { code: '40401', status: 404, message: 'There is no published agent with this id.' },
  userNotFound: { code: '40402', status: 404, message: 'There is no such user.' },
  keyNotFound: { code: '40403', status: 404, message: 'There is no such API key.' },
  notFound: { code: '40404', status: 404, message: 'There is nothing here, or nothing of yours.' },
  versionNotFound: { code: '40405', status: 404, message: 'This version of the API is not served.' },
  methodNotAllowed: { code: '40501', status: 405, message: 'This route does not answer this method.' },
  // 409: something else got there first
  callInProgress: {
    code: '40901',
    status: 409,
    message: 'A call with this Idempotency-Key is still running. Wait, then ask again.',
  },
  notReplayable: {
    code: '40902',
    status: 409,
    message:
      'The call with this Idempotency-Key was charged, but its answer was not kept. Use a new key for a new call.',
  },
  conflict: { code: '40903', status: 409, message: 'This has changed meanwhile, or exists already. Read it again.' },
  refreshTwin: {
    code: '40911',
    status: 409,
    message:
      'This refresh token was exchanged a moment ago by another request of yours. Use the token or cookie which that one was given.',
  },
  limitReached: { code: '40912', status: 409, message: 'You have as many of these as an account can have.' },
  keyLimitReached: {
    code: '40920',
    status: 409,
    message: 'This account has as many API keys as it may have. Revoke one that is not used, then make the new one.',
  },
  alreadyReviewed: {
    code: '40904',
    status: 409,
    message: 'You have reviewed this agent already. Change that review instead.',
  },
  alreadyReported: { code: '40905', status: 409, message: 'You have reported this review already.' },
  accountNotEmpty: {
    code: '40906',
    status: 409,
    message: 'There is something left on this account. Use it up, or say "forfeit": true to give it up for good.',
  },
  earningsUnpaid: {
    code: '40907',
    status: 409,
    message: 'This account has earnings that have not been paid out. Withdraw them first, then close the account.',
  },
  lastSuperAdmin: {
    code: '40908',
    status: 409,
    message: 'This is the last super admin; make somebody else one first.',
  },
  notEnoughSettled: { code: '40931', status: 409, message: 'Less than that is settled and not withdrawn yet.' },
  withdrawalRunning: {
    code: '40932',
    status: 409,
    message: 'Another withdrawal of yours is still on its way. Ask again when it is paid out or has failed.',
  },
  walletMissing: {
    code: '40933',
    status: 409,
    message: 'Say where you are paid first: prove your wallet under /creators/me/wallet.',
  },
  walletCooling: { code: '40934', status: 409, message: 'Your wallet was changed a short while ago.' },
  withdrawalsFrozen: {
    code: '40935',
    status: 409,
    message:
      'Withdrawals are stopped while we look into a difference in our books. Your earnings are safe; we are on it.',
  },
  settlementsChanged: {
    code: '40936',
    status: 409,
    message: 'This is not what a dry run would show any more. Run it dry again.',
  },
  checkoutOver: {
    code: '40930',
    status: 409,
    message: 'This payment has failed or expired. Start a new one.',
  },
  notPaid: { code: '40937', status: 409, message: 'This payment has not been made.' },
  notHeld: { code: '40938', status: 409, message: 'This payment is not waiting for a decision.' },
  refundRefused: {
    code: '40939',
    status: 409,
    message: 'This cannot be refunded: it is more than is left of the payment, or the payment is disputed.',
  },
  bodyTooLarge: { code: '41301', status: 413, message: 'The request body is larger than 1 MB.' },
  unsupportedMediaType: {
    code: '41501',
    status: 415,
    message: 'Send the body as application/json in UTF-8, without content encoding.',
  },
  idempotencyMismatch: {
    code: '42201',
    status: 422,
    message: 'This Idempotency-Key was used before with another request.',
  },
  upgradeRequired: { code: '42601', status: 426, message: 'This route is a WebSocket; connect with a client for one.' },
  // 429: too much
  quotaExhausted: { code: '42901', status: 429, message: 'The quota of calls is used up. Buy a package to go on.' },
  rateLimited: { code: '42902', status: 429, message: 'Too many calls within 60 seconds.' },
  keyCapReached: { code: '42903', status: 429, message: 'This API key has reached its cap.' },
  trialsUsed: {
    code: '42904',
    status: 429,
    message: 'The three trial calls of this agent are used up. Call it with quota instead.',
  },
  // 499: the caller left; never seen by a caller, only in the log
  callerLeft: { code: '49901', status: 499, message: 'The caller left before the answer began.' },
  // 5xx: us, or who stands behind us
  internal: { code: '50001', status: 500, message: 'Something went wrong on our side. The call was not charged.' },
  upstreamFailed: { code: '50201', status: 502, message: 'The model provider failed. The call was not charged.' },
  upstreamTruncated: {
    code: '50202',
    status: 502,
    message: 'The model provider broke off its answer. The call was not charged.',
  },
  upstreamRefused: {
    code: '50203',
    status: 502,
    message: 'The model provider refused the request. The call was not charged.',
  },
  checkoutRefused: {
    code: '50230',
    status: 502,
    message: 'The payment service refused this. Nothing was charged.',
  },
  upstreamUnavailable: { code: '50301', status: 503, message: 'The model provider is not available at the moment.' },
  storeUnavailable: {
    code: '50302',
    status: 503,
    message: 'A store we depend on is not available at the moment. The call was not charged; try again.',
  },
  upstreamBusy: {
    code: '50303',
    status: 503,
    message: 'The model provider is limiting us at the moment. The call was not charged; try again later.',
  },
  maintenance: {
    code: '50304',
    status: 503,
    message: 'The platform is being maintained. Nothing was charged; try again in a minute.',
  },
  signInBusy: {
    code: '50305',
    status: 503,
    message: 'Too many people are signing in at this moment. Try again in a few seconds.',
  },
  switchedOff: { code: '50306', status: 503, message: 'This is switched off at the moment. Try again later.' },
  resolverUnavailable: {
    code: '50307',
    status: 503,
    message: 'The address of this host cannot be looked up at the moment. Try again in a minute.',
  },
  chainOff: {
    code: '50308',
    status: 503,
    message: 'There is no chain here at the moment: none is set up, or this use of it is switched off. All else works.',
  },
  overloaded: {
    code: '50309',
    status: 503,
    message:
      'More calls are coming in than can be taken at this moment. The call was not charged; try again in a second.',
  },
  checkoutUnavailable: {
    code: '50330',
    status: 503,
    message:
      'The payment service is not available at the moment. Nothing was charged; try again with the same Idempotency-Key.',
  },
  upstreamTimeout: {
    code: '50401',
    status: 504,
    message: 'The model provider did not answer in time. The call was not charged.',
  },
} as const

export type ErrorName = keyof typeof ERRORS

export type ErrorOptions = {
  /** What this caller should read in place of the standard message. */
  message?: string
  /** Facts for a program: field names, limits, what is missing. Never a prompt, key or provider text. */
  details?: Record<string, unknown>
  /** Headers that belong to the error, such as `Retry-After`. */
  headers?: Record<string, string>
  cause?: unknown
}

/** An error that may be shown to the caller. `name` says which of `ERRORS` it is. */
export class AppError extends Error {
  readonly kind: ErrorName
  readonly code: string
  readonly status: number
  readonly details: Record<string, unknown> | undefined
  readonly headers: Record<string, string>

  constructor(kind: ErrorName, options: ErrorOptions = {}) {
    super(options.message ?? ERRORS[kind].message, { cause: options.cause })
    this.name = 'AppError'
    this.kind = kind
    this.code = ERRORS[kind].code
    this.status = ERRORS[kind].status
    this.details = options.details
    this.headers = options.headers ?? {}
  }
}

/** An error of the caller that names one field and says what is wrong with it. */
export function refuseField(field: string, problem: string): AppError {
  return new AppError('validationFailed', {
    message: `${field}: ${problem}`,
    details: { fields: [{ field, problem }] },
  })
}

/** The error body of the platform's own dialect. */
export function errorBody(error: AppError, requestId: string): Record<string, unknown> {
  return {
    error: { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) },
    request_id: requestId,
  }
}

/** Whatever was thrown, as an error that may be shown: an unexpected one becomes `50001`, without a word of its cause. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('internal', { cause: thrown })
}
