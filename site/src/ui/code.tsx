import { useState } from 'react'
import { CopyButton } from './copy.tsx'
import { cn } from './cn.ts'

/** Code in some languages, with a way to copy it. */
export function Code({
  label,
  samples,
  className,
}: {
  label: string
  samples: readonly { name: string; code: string }[]
  className?: string
}) {
  const [at, setAt] = useState(0)
  const shown = samples[Math.min(at, samples.length - 1)]
  return (
    <div className={cn('overflow-hidden rounded-md border border-line bg-sheet', className)}>
      <div className="flex items-center justify-between gap-3 border-b border-line pr-1.5 pl-4">
        <div role="group" aria-label={label} className="flex gap-4 overflow-x-auto">
          {samples.map(({ name }, index) => (
            <button
              key={name}
              type="button"
              aria-pressed={index === at}
              onClick={() => setAt(index)}
              className="h-10 shrink-0 cursor-pointer border-b-2 border-transparent text-sm text-soft hover:text-ink aria-pressed:border-action aria-pressed:text-ink"
            >
              {name}
            </button>
          ))}
        </div>
        <CopyButton text={shown?.code ?? ''} />
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} className="overflow-x-auto p-4 text-sm leading-relaxed">
        <code>{shown?.code}</code>
      </pre>
    </div>
  )
}
