import { CircleAlert, RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../api/error.ts'
import { common } from '../words/common.ts'
import { errors } from '../words/errors.ts'
import { fill, said } from '../words/words.ts'
import { Button } from './button.tsx'
import { cn } from './cn.ts'
import { CopyId } from './copy.tsx'

/** A place held for what is coming, in its shape; size it by class. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('h-4 rounded-sm bg-line/70', className)} />
}

/** Lines of a list that is coming. */
export function SkeletonRows({ rows = 5, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" aria-label={said(common).loading} className={cn('divide-y divide-line', className)}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex h-11 items-center gap-6">
          <Skeleton className="w-1/3" />
          <Skeleton className="w-1/5" />
          <Skeleton className="ml-auto w-16" />
        </div>
      ))}
    </div>
  )
}

/** Nothing there yet: what it is, and the one thing to do about it. */
export function Empty({ title, children, action }: { title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 rounded-md border border-dashed border-strong/60 px-6 py-12 text-center">
      <Bars />
      <div className="mt-3 font-medium">{title}</div>
      {children !== undefined && <div className="max-w-[52ch] text-base text-soft">{children}</div>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  )
}

function Bars() {
  return (
    <div aria-hidden className="grid w-20 gap-1.5">
      <div className="h-1.5 w-full bg-line" />
      <div className="h-1.5 w-2/3 bg-line" />
      <div className="h-1.5 w-5/6 bg-line" />
    </div>
  )
}

/** What went wrong, what to do, and the request to name when asking for help. `error` is whatever was thrown. */
export function Failure({ error, onRetry, isSmall }: { error: unknown; onRetry?: () => void; isSmall?: boolean }) {
  const requestId = error instanceof ApiError ? error.requestId : undefined
  return (
    <div
      role="alert"
      className={cn('grid gap-2 rounded-md border border-error/40 text-base', isSmall ? 'px-3 py-2' : 'px-5 py-4')}
    >
      <div className="flex gap-2.5">
        <CircleAlert aria-hidden className="mt-1 size-4 shrink-0 text-error" />
        <span>{explained(error)}</span>
      </div>
      {(requestId !== undefined || onRetry) && (
        <div className="flex flex-wrap items-center gap-3 pl-6.5">
          {onRetry && (
            <Button size="s" onClick={onRetry}>
              <RotateCw aria-hidden />
              {said(common).retry}
            </Button>
          )}
          {requestId !== undefined && (
            <span className="text-sm text-soft">
              {fill(said(common).request, { id: '' })}
              <CopyId id={requestId} />
            </span>
          )}
        </div>
      )}
    </div>
  )
}

/** Any failure in a sentence that says what to do. */
export function explained(error: unknown): string {
  const w = said(errors)
  if (!(error instanceof ApiError)) return w.title
  switch (error.code) {
    case 'offline':
      return w.offline
    case 'unreachable':
      return w.unreachable
    case 'malformed':
      return w.malformed
    case 'cut':
      return w.cut
    case '40102':
      return w.signedOut
    case '42902':
      return error.retryAfter === undefined ? error.message : fill(w.rateLimited, { seconds: error.retryAfter })
    default:
      return error.message
  }
}

/** The API's words for a field, as the sentence beside it. */
export function fieldError(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  const found = error.fields.find((one) => one.field === field)
  return found && fill(said(errors).field, { problem: found.problem })
}
