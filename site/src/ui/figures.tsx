import { useEffect, useState, type ReactNode } from 'react'
import { cn } from './cn.ts'
import { dollars, moment, relative } from './format.ts'

const TICK_MS = 30_000

/** An amount of dollars, its digits in columns. `isOut` shows money that leaves in the accent. */
export function Money({
  amount,
  isOut,
  decimals,
  className,
}: {
  amount: string | number
  isOut?: boolean
  decimals?: number
  className?: string
}) {
  return (
    <span className={cn('font-mono tabular-nums whitespace-nowrap', isOut && 'text-wax', className)}>
      {dollars(amount, decimals)}
    </span>
  )
}

/** A moment as a person says it; the exact one on hover and for machines. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={at} title={moment(at)} className={cn('whitespace-nowrap', className)}>
      {relative(at)}
    </time>
  )
}

/** One figure with what it counts above and what it means below. */
export function Figure({ label, value, note }: { label: ReactNode; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="grid content-start gap-1">
      <div className="text-sm text-soft">{label}</div>
      <div className="text-2xl font-semibold tracking-tight tabular-nums">{value}</div>
      {note !== undefined && <div className="text-sm text-soft">{note}</div>}
    </div>
  )
}

/** Figures side by side, hairlines between. */
export function Figures({ children }: { children: ReactNode }) {
  return (
    <div className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line lg:grid-cols-4 [&>*]:bg-paper [&>*]:p-4">
      {children}
    </div>
  )
}

/** A part of a console's page: its title, what can be done with it, and it. */
export function Section({
  title,
  lead,
  actions,
  children,
  className,
}: {
  title: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <section className={cn('grid grid-cols-[minmax(0,1fr)] gap-4', className)}>
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="grid gap-0.5">
          <h2 className="text-xl">{title}</h2>
          {lead !== undefined && <div className="text-base text-soft">{lead}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** The head of a console's page. */
export function PageHead({ title, lead, actions }: { title: ReactNode; lead?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 pb-2">
      <div className="grid gap-1">
        <h1 className="text-2xl">{title}</h1>
        {lead !== undefined && <p className="text-base text-soft">{lead}</p>}
      </div>
      {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  )
}
