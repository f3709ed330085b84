/** The pages of the consoles, in the order of the sidebar. */
import {
  Activity,
  BadgeCheck,
  Bell,
  Bot,
  ChartLine,
  CreditCard,
  Flag,
  Gauge,
  HandCoins,
  HeartPulse,
  House,
  KeyRound,
  List,
  Plus,
  Scale,
  ScrollText,
  Settings,
  Star,
  Users,
  Wallet,
  Webhook,
  type LucideIcon,
} from 'lucide-react'
import type { Me } from '../api/session.ts'
import type { navigation } from '../words/navigation.ts'

type Words = (typeof navigation)['en']
type Page = { path: string; label: (w: Words) => string; Icon: LucideIcon }
export type ConsolePlace = { place: 'developer' | 'creator' | 'admin'; pages: readonly Page[] }

export const CONSOLES: readonly ConsolePlace[] = [
  {
    place: 'developer',
    pages: [
      { path: '/developer', label: (w) => w.developer.overview, Icon: House },
      { path: '/developer/keys', label: (w) => w.developer.keys, Icon: KeyRound },
      { path: '/developer/usage', label: (w) => w.developer.usage, Icon: ChartLine },
      { path: '/developer/calls', label: (w) => w.developer.calls, Icon: List },
      { path: '/developer/billing', label: (w) => w.developer.billing, Icon: CreditCard },
      { path: '/developer/webhooks', label: (w) => w.developer.webhooks, Icon: Webhook },
    ],
  },
  {
    place: 'creator',
    pages: [
      { path: '/creator', label: (w) => w.creator.overview, Icon: House },
      { path: '/creator/agents', label: (w) => w.creator.agents, Icon: Bot },
      { path: '/creator/agents/new', label: (w) => w.creator.create, Icon: Plus },
      { path: '/creator/analytics', label: (w) => w.creator.analytics, Icon: ChartLine },
      { path: '/creator/earnings', label: (w) => w.creator.earnings, Icon: HandCoins },
      { path: '/creator/reviews', label: (w) => w.creator.reviews, Icon: Star },
      { path: '/creator/wallet', label: (w) => w.creator.wallet, Icon: Wallet },
    ],
  },
  {
    place: 'admin',
    pages: [
      { path: '/admin', label: (w) => w.admin.overview, Icon: Gauge },
      { path: '/admin/users', label: (w) => w.admin.users, Icon: Users },
      { path: '/admin/agents', label: (w) => w.admin.agents, Icon: Bot },
      { path: '/admin/moderation', label: (w) => w.admin.moderation, Icon: BadgeCheck },
      { path: '/admin/settlements', label: (w) => w.admin.settlements, Icon: Scale },
      { path: '/admin/ledger', label: (w) => w.admin.ledger, Icon: Activity },
      { path: '/admin/flags', label: (w) => w.admin.flags, Icon: Flag },
      { path: '/admin/system', label: (w) => w.admin.system, Icon: HeartPulse },
      { path: '/admin/audit', label: (w) => w.admin.audit, Icon: ScrollText },
    ],
  },
]

/** What belongs to one's own account, whoever one is. */
export const ACCOUNT: readonly Page[] = [
  { path: '/console', label: (w) => w.console, Icon: House },
  { path: '/settings', label: (w) => w.settings, Icon: Settings },
  { path: '/settings/notifications', label: (w) => w.notifications, Icon: Bell },
]

/** The consoles that an account may open. */
export function consolesOf(me: Me | undefined): ConsolePlace[] {
  if (!me) return []
  return CONSOLES.filter(({ place }) => place === me.user_type || (place === 'admin' && me.admin_role !== null))
}
