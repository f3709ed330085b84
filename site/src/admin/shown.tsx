/** How accounts, agents, withdrawals and payments are shown, in a list and in full. */
import type { Item } from '../api/client.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { admin } from '../words/admin.ts'
import { adminMoney } from '../words/admin-money.ts'
import { href, said } from '../words/words.ts'

export type Account = Item<'GET /api/v1/admin/users'>
export type Agent = Item<'GET /api/v1/admin/agents'>
export type Withdrawal = Item<'GET /api/v1/admin/withdrawals'>
export type Payment = Item<'GET /api/v1/admin/payments'>

/** An account by its id, with the way to it. */
export function AccountLink({ id }: { id: string }) {
  return (
    <a href={href(`/admin/users?user=${id}`)} className="font-mono text-sm">
      {id.slice(0, 8)}
    </a>
  )
}

const ACCOUNT_TONES: Record<Account['status'], Tone> = { active: 'good', suspended: 'warn', deleted: 'plain' }

/** Whether an account is open. */
export function StatusOf({ status }: { status: Account['status'] }) {
  return (
    <Badge tone={ACCOUNT_TONES[status]} hasDot>
      {said(admin).users.statuses[status]}
    </Badge>
  )
}

/** What kind of account it is, and in which role. */
export function TypeOf({ user }: { user: Pick<Account, 'user_type' | 'admin_role'> }) {
  const w = said(admin)
  return `${w.users.types[user.user_type]}${user.admin_role === null ? '' : ` · ${w.roles[user.admin_role]}`}`
}

const AGENT_TONES: Record<Agent['status'], Tone> = {
  draft: 'plain',
  active: 'good',
  inactive: 'warn',
  archived: 'plain',
}

/** Whether an agent is in service, and who stopped it. */
export function AgentStatus({ agent }: { agent: Pick<Agent, 'status' | 'stopped_because'> }) {
  const w = said(admin).agents
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      <Badge tone={AGENT_TONES[agent.status]} hasDot>
        {w.statuses[agent.status]}
      </Badge>
      {agent.stopped_because !== null && <Badge tone="wax">{w.stopped[agent.stopped_because]}</Badge>}
    </span>
  )
}

const WITHDRAWAL_TONES: Partial<Record<Withdrawal['state'], Tone>> = {
  held: 'warn',
  final: 'good',
  returned: 'bad',
  rejected: 'bad',
  canceled: 'plain',
}

/** How far a withdrawal is. */
export function WithdrawalState({ state }: { state: Withdrawal['state'] }) {
  return (
    <Badge tone={WITHDRAWAL_TONES[state] ?? 'info'} hasDot>
      {said(adminMoney).withdrawals.states[state]}
    </Badge>
  )
}

/** What was bought, in words. */
export function ordered({ package: bought }: Pick<Payment, 'package'>): string {
  const w = said(adminMoney).payments
  return bought === null ? w.topUp : w.packages[bought]
}

const PAYMENT_TONES: Record<Payment['status'], Tone> = {
  pending: 'info',
  held: 'warn',
  completed: 'good',
  failed: 'plain',
  refunded: 'plain',
  disputed: 'bad',
}

/** How a payment stands. */
export function PaymentStatus({ status }: { status: Payment['status'] }) {
  return (
    <Badge tone={PAYMENT_TONES[status]} hasDot>
      {said(adminMoney).payments.statuses[status]}
    </Badge>
  )
}
