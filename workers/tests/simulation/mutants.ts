/** Mistakes that the simulation has to find, each planted in one place of the code. */

export type Mutant = { name: string; file: string; find: string; replace: string }

export const MUTANTS: Mutant[] = [
  {
    name: 'a charged call spends no unit once it has been sent',
    file: 'quota/account.object.ts',
    find: 'this.#lots.spend(lotId, spent)',
    replace: 'this.#lots.spend(lotId, spent - 1)',
  },
  {
    name: 'a settlement that is repeated settles again',
    file: 'quota/account.object.ts',
    find: "if (call.state === 'held') this.#settle(call, request, now)",
    replace: 'this.#settle(call, request, now)',
  },
  {
    name: 'calls are noted as sent before the queue has them',
    file: 'quota/account.object.ts',
    find: '      await Promise.all([',
    replace: '      this.#transaction(() => this.#markSent(calls, last.settledSeq))\n      await Promise.all([',
  },
  {
    name: 'a deposit that is told twice counts twice',
    file: 'quota/balance.ts',
    find: 'if (rowsWritten > 0) this.#deposited += amount',
    replace: 'this.#deposited += amount',
  },
  {
    name: 'a promotional call earns the full price',
    file: 'quota/call-log.ts',
    find: "const revenue = isCharged && call.funding === 'paid' ?",
    replace: 'const revenue = isCharged ?',
  },
  {
    name: 'messages are acknowledged though they could not be written',
    file: 'quota/call-logs.queue.ts',
    find: 'await Promise.all(messages.map((message) => writeAlone(message, env)))',
    replace: 'for (const message of messages) message.ack()',
  },
  {
    name: 'an account that is asked twice to give back gives twice',
    file: 'quota/reversals.ts',
    find: '    if (known) {\n      if (!known.isUndone',
    replace: '    if (known && known.isUndone) {\n      if (!known.isUndone',
  },
  {
    name: 'what was taken back stays so when a dispute is won',
    file: 'payments/reverse.ts',
    find: '  if (payment.completedAt !== null) await giveBack(env, payment.userId, id)\n',
    replace: '',
  },
  {
    name: 'creators keep what a won dispute gives back twice',
    file: 'money/reversals.ts',
    find: "SELECT creator_id, day, 'reversal', 0, -sum(revenue_usd), fee_percent, -sum(fee_usd), posted.id",
    replace: "SELECT creator_id, day, 'reversal', 0, -2 * sum(revenue_usd), fee_percent, -2 * sum(fee_usd), posted.id",
  },
  {
    name: 'a refund is booked without its creators',
    file: 'money/reversals.ts',
    find: "SELECT 'creator_pending:' || creator_id AS account, revenue AS amount",
    replace: "SELECT 'platform_fee' AS account, revenue AS amount",
  },
  {
    name: 'more is taken back than is free',
    file: 'quota/reversals.ts',
    find: 'const taken = Math.min(max, Math.max(0, free))',
    replace: 'const taken = max',
  },
  {
    name: 'a package is credited under another id each time',
    file: 'payments/credit.ts',
    find: 'if (unitValue !== null) await creditLot(env, userId, { v: 1, id,',
    replace: 'if (unitValue !== null) await creditLot(env, userId, { v: 1, id: `${id}${clock.now()}`,',
  },
  {
    name: 'a settlement posts what is left after the fee',
    file: 'settlements/settle.ts',
    find: 'async function postOnce(env: Bindings, { id, creatorId, amount: gross }',
    replace: 'async function postOnce(env: Bindings, { id, creatorId, netAmount: gross }',
  },
  {
    name: 'the fee of a withdrawal is forgotten',
    file: 'settlements/allocate.ts',
    find: 'net: subtract(asked, fee) }',
    replace: 'net: asked }',
  },
  {
    name: 'a payout of which nothing is known has failed',
    file: 'settlements/payouts.ts',
    find: "if (proof.state === 'failed') return fail(env, withdrawal, proof)",
    replace: "if (proof.state === 'failed' || proof.state === 'broadcast') return fail(env, withdrawal, proof)",
  },
  {
    name: 'a withdrawal that failed gives back only what would have been paid',
    file: 'settlements/withdrawals.ts',
    find: '      ? [{ account: `payout_in_flight:${creatorId}` as const, amount: amount(amountUsd) }]',
    replace:
      "      ? [{ account: `payout_in_flight:${creatorId}` as const, amount: amount(netUsd) }, { account: 'platform_fee' as const, amount: amount(feeUsd) }]",
  },
  {
    name: 'what a failed withdrawal was taken from stays taken',
    file: 'settlements/withdrawals.ts',
    find: 'SET withdrawn_usd = withdrawn_usd - taken.amount_usd',
    replace: 'SET withdrawn_usd = withdrawn_usd',
  },
]
