import { useUrl } from '../api/url.ts'
import { cn } from '../ui/cn.ts'
import { Input } from '../ui/field.tsx'
import { usage } from '../words/usage.ts'
import { said } from '../words/words.ts'
import { PERIODS, type Period, type PeriodName } from './period.ts'

/** Chooses the period, which stands in the address. */
export function PeriodPicker({ period }: { period: Period }) {
  const w = said(usage)
  const [, change] = useUrl()
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div role="group" aria-label={w.period} className="flex overflow-hidden rounded-md border border-strong">
        {(Object.keys(PERIODS) as PeriodName[]).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={period.name === name}
            className={cn(
              'h-9 cursor-pointer px-3 text-base focus-visible:-outline-offset-2',
              period.name === name ? 'bg-action text-on-action' : 'bg-sheet text-soft hover:text-ink',
            )}
            onClick={() => change({ days: name === 'd30' ? undefined : name, from: undefined, to: undefined })}
          >
            {w.periods[name]}
          </button>
        ))}
      </div>
      {(['from', 'to'] as const).map((end) => (
        <label key={end} className="flex items-center gap-1.5 text-sm text-soft">
          {w[end]}
          <Input
            type="date"
            className="w-38"
            value={period[end]}
            max={end === 'from' ? period.to : undefined}
            min={end === 'to' ? period.from : undefined}
            onChange={({ target: { value } }) =>
              value !== '' && change({ days: undefined, from: period.from, to: period.to, [end]: value })
            }
          />
        </label>
      ))}
    </div>
  )
}
