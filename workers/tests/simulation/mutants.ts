/** Mistakes that the simulation has to find, each planted in one place of the code. */

export type Mutant = { name: string; file: string; find: string; replace: string }

export const MUTANTS: Mutant[] = [
  {
    name: 'a charged call spends no unit once it has been sent',
    file: 'quota/account.object.ts',
    find: 'for (const [lotId, spent] of units) this.#lots.spend(lotId, spent)',
    replace: 'for (const [lotId, spent] of units) this.#lots.spend(lotId, spent - 1)',
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
    name: 'a lot that is told twice is added twice',
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
    find: '    message.retry({ delaySeconds })',
    replace: '    message.ack()',
  },
]
