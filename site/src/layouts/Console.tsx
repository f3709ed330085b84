import { QueryClientProvider } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { Component, useEffect, useState, type ReactNode } from 'react'
import { ApiError } from '../api/error.ts'
import { queries, useOnline, useSession } from '../api/query.ts'
import { startSession } from '../api/session.ts'
import { Empty, Failure, SkeletonRows } from '../ui/state.tsx'
import { Toasts } from '../ui/toast.tsx'
import { consoles } from '../words/consoles.ts'
import { errors } from '../words/errors.ts'
import { href, said } from '../words/words.ts'
import { ConsoleBar } from './ConsoleBar.tsx'

export type Place = 'developer' | 'creator' | 'admin' | 'account'

/**
 * What every page of a console stands in: it waits for the session, sends who has none to sign in and back, and refuses who
 * is someone else. The sidebar is in `Console.astro`.
 */
export function Console({ place, children }: { place: Place; children: ReactNode }) {
  return (
    <QueryClientProvider client={queries}>
      <ConsoleBar />
      <Boundary>
        <Offline />
        <Gate place={place}>{children}</Gate>
      </Boundary>
      <Toasts />
    </QueryClientProvider>
  )
}

function Gate({ place, children }: { place: Place; children: ReactNode }) {
  const session = useSession()
  const isOnline = useOnline()
  const [isSilent, setSilent] = useState(false)
  const start = async () => {
    setSilent(false)
    setSilent((await startSession()).status === 'unknown')
  }
  useEffect(() => {
    if (isOnline) void start()
  }, [isOnline])
  useEffect(() => {
    if (session.status === 'out')
      location.replace(`${href('/login')}?next=${encodeURIComponent(location.pathname + location.search)}`)
  }, [session.status])
  if (session.status === 'unknown' && isSilent)
    return <Failure error={new ApiError('unreachable', 'unreachable')} onRetry={() => void start()} />
  if (session.status !== 'in') return <SkeletonRows rows={8} />
  const { user_type: type, admin_role: role } = session.me
  const isTheirs = place === 'account' || place === type || (place === 'admin' && role !== null)
  const w = said(consoles)
  if (isTheirs) return <div className="grid grid-cols-[minmax(0,1fr)] gap-8">{children}</div>
  return <Empty title={w.notYours}>{w.notYoursWhy[place]}</Empty>
}

function Offline() {
  if (useOnline()) return null
  return (
    <div
      role="status"
      className="mb-4 flex items-center gap-2 rounded-md border border-warning/50 px-3 py-2 text-base text-warning"
    >
      <WifiOff aria-hidden className="size-4" />
      {said(errors).offline}
    </div>
  )
}

/** A page that broke says so, instead of vanishing. */
class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined }
  static getDerivedStateFromError(error: unknown) {
    return { error }
  }
  override render() {
    return this.state.error === undefined ? (
      this.props.children
    ) : (
      <Failure error={this.state.error} onRetry={() => location.reload()} />
    )
  }
}
