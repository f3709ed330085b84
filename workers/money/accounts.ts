/**
 * The chart of accounts. A debit is positive: what the platform has and what it spends (assets, expenses) grows positive;
 * what it owes and what it earns (liabilities, income) grows negative. README, "Money", says what moves between them.
 */

/** What has come in and not gone out again, by where it lies. */
export type Asset =
  | 'cash_stripe'
  | 'cash_coinbase'
  | 'cash_usdc'
  /** The coins that signers pay gas with. Who gives them some does not book it, so that what was spent stands below zero. */
  | 'cash_gas'

/** What is owed, and to whom; `ledger_floor` in migration 0012 keeps those of people from being overdrawn. */
export type Liability =
  /** The value of a lot's units that no call has drawn yet. */
  | `lot:${string}`
  /** A developer's prepaid balance. */
  | `prepaid:${string}`
  /** A creator's revenue, before the fee: of calls that are not settled, then settled, then asked to be paid out. */
  | `creator_pending:${string}`
  | `creator_available:${string}`
  | `payout_in_flight:${string}`
  /** Money of a payment that does not fit its order, until somebody decides. */
  | `held:${string}`

export type Income = 'platform_fee' | 'pack_margin'
export type Expense = 'processor_fees' | 'gas' | 'chargeback_loss' | 'granted'

export type LedgerAccount = Asset | Liability | Income | Expense
