import { scaleLinear, scalePoint } from 'd3-scale'
import { area, line, stack } from 'd3-shape'
import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'
import { Button } from './button.tsx'
import { cn } from './cn.ts'
import { Table } from './table.tsx'

export type Point = { key: string; label: string; values: readonly number[] }
type Series = { name: string; color?: string }
type Kind = 'line' | 'bar' | 'stacked'

const WIDTH = 720
const HEIGHT = 200
const TOP = 12
const BOTTOM = 22
const LEFT = 4
const COLORS = ['var(--sky-1)', 'var(--sky-2)', 'var(--sky-3)', 'var(--sky-4)']

type Props = {
  /** What the chart shows, in one sentence: it is its name for who does not see it. */
  title: string
  kind: Kind
  points: readonly Point[]
  series: readonly Series[]
  format: (value: number) => string
  /** The heading of the first column of the table. */
  pointHead: ReactNode
}

/** A chart from zero with its last values written beside it, and the same as a table. Arrows walk its points. */
export function Chart({ title, kind, points, series, format, pointHead }: Props) {
  const [isTable, setTable] = useState(false)
  const [at, setAt] = useState<number>()
  const figure = useRef<SVGSVGElement>(null)
  const titleId = useId()
  const w = said(common)
  const shown = at === undefined ? undefined : points[at]

  const walk = (event: KeyboardEvent) => {
    const from = at ?? points.length
    const goal = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: points.length - 1, Escape: -1 }[event.key]
    if (goal === undefined) return
    event.preventDefault()
    setAt(event.key === 'Escape' ? undefined : Math.max(0, Math.min(points.length - 1, goal)))
  }
  const point = (clientX: number) => {
    const box = figure.current?.getBoundingClientRect()
    if (!box || points.length === 0) return
    const share = (clientX - box.left) / box.width
    setAt(Math.max(0, Math.min(points.length - 1, Math.round(share * (points.length - 1)))))
  }

  return (
    <figure className="grid gap-2">
      <figcaption className="flex items-center justify-between gap-4">
        <span id={titleId} className="text-base font-medium">
          {title}
        </span>
        <Button look="quiet" size="s" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? w.chart : w.table}
        </Button>
      </figcaption>
      {isTable ? (
        <Table
          label={title}
          rows={points}
          rowKey={({ key }) => key}
          columns={[
            { name: 'point', head: pointHead, cell: ({ label }) => label },
            ...series.map(({ name }, index) => ({
              name,
              head: name,
              isNumber: true,
              cell: ({ values }: Point) => format(values[index] ?? 0),
            })),
          ]}
        />
      ) : (
        <>
          <svg
            ref={figure}
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-labelledby={titleId}
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            tabIndex={0}
            className="h-50 w-full touch-pan-y overflow-visible"
            onKeyDown={walk}
            onPointerMove={(event) => point(event.clientX)}
            onPointerLeave={() => setAt(undefined)}
            onBlur={() => setAt(undefined)}
          >
            <Marks {...{ kind, points, series, at }} />
          </svg>
          <div aria-live="polite" className="flex min-h-5 flex-wrap gap-x-5 gap-y-1 text-sm text-soft tabular-nums">
            <span className="text-ink">
              {shown?.label ?? `${points[0]?.label ?? ''} – ${points.at(-1)?.label ?? ''}`}
            </span>
            {series.map(({ name, color }, index) => (
              <span key={name} className="inline-flex max-w-full items-center gap-1.5">
                <span aria-hidden className="h-0.5 w-3 shrink-0" style={{ background: color ?? COLORS[index] }} />
                <span className="max-w-56 min-w-0 truncate">{name}</span>
                <span className="font-mono text-ink">
                  {format(
                    shown ? (shown.values[index] ?? 0) : points.reduce((sum, one) => sum + (one.values[index] ?? 0), 0),
                  )}
                </span>
              </span>
            ))}
          </div>
        </>
      )}
    </figure>
  )
}

function Marks({
  kind,
  points,
  series,
  at,
}: {
  kind: Kind
  points: readonly Point[]
  series: readonly Series[]
  at: number | undefined
}) {
  const total = ({ values }: Point) => values.reduce((sum, value) => sum + value, 0)
  const isStacked = kind !== 'line'
  const max = Math.max(...points.map((point) => (isStacked ? total(point) : Math.max(0, ...point.values))), 0)
  const y = scaleLinear([0, max || 1], [HEIGHT - BOTTOM, TOP]).nice(3)
  const x = scalePoint(
    points.map(({ key }) => key),
    [LEFT, WIDTH - LEFT],
  ).padding(kind === 'bar' ? 0.5 : 0)
  const xOf = (index: number) => x(points[index]?.key ?? '') ?? 0
  const layers = stack<Point, number>()
    .keys(series.map((_, index) => index))
    .value(({ values }, index) => values[index] ?? 0)([...points])
  const colorOf = (index: number) => series[index]?.color ?? COLORS[index % COLORS.length]
  const barWidth = Math.max(1, (x.step() || WIDTH / 2) * 0.7)

  return (
    <>
      {y.ticks(3).map((tick) => (
        <line
          key={tick}
          x1={0}
          x2={WIDTH}
          y1={y(tick)}
          y2={y(tick)}
          stroke="var(--line)"
          vectorEffect="non-scaling-stroke"
        />
      ))}
      {kind === 'bar' &&
        layers.map((layer) =>
          layer.map(([low, high], index) => (
            <rect
              key={points[index]?.key}
              x={xOf(index) - barWidth / 2}
              width={barWidth}
              y={y(high)}
              height={Math.max(0, y(low) - y(high))}
              fill={colorOf(layer.key)}
              opacity={at === undefined || at === index ? 1 : 0.5}
            />
          )),
        )}
      {kind === 'stacked' &&
        layers.map((layer) => (
          <path
            key={layer.key}
            fill={colorOf(layer.key)}
            d={
              area<(typeof layer)[number]>(
                (_, index) => xOf(index),
                ([low]) => y(low),
                ([, high]) => y(high),
              )(layer) ?? ''
            }
          />
        ))}
      {kind === 'line' &&
        series.map(({ name }, nth) => (
          <path
            key={name}
            fill="none"
            stroke={colorOf(nth)}
            strokeWidth={1.75}
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
            d={
              line<Point>(
                (_, index) => xOf(index),
                ({ values }) => y(values[nth] ?? 0),
              )([...points]) ?? ''
            }
          />
        ))}
      {at !== undefined && (
        <line
          x1={xOf(at)}
          x2={xOf(at)}
          y1={TOP}
          y2={HEIGHT - BOTTOM}
          stroke="var(--line-strong)"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </>
  )
}

/** The shape of a series in the height of a line of text. `label` says it in words. */
export function Sparkline({
  values,
  label,
  className,
}: {
  values: readonly number[]
  label: string
  className?: string
}) {
  const y = scaleLinear([0, Math.max(...values, 1)], [23, 1])
  const path = line<number>(
    (_, index) => (index / Math.max(values.length - 1, 1)) * 100,
    (value) => y(value),
  )([...values])
  return (
    <svg
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={cn('h-6 w-24', className)}
    >
      <path d={path ?? ''} fill="none" stroke="var(--sky-1)" strokeWidth={1.5} vectorEffect="non-scaling-stroke" />
    </svg>
  )
}

export type StripDay = { key: string; label: string; state: 'good' | 'warn' | 'bad' | 'none' }
const STRIP = { good: 'bg-success', warn: 'bg-warning', bad: 'bg-error', none: 'bg-line' }

/** One bar a day, the newest last; each says its day and figure on hover. `label` sums it up in words. */
export function Strip({ days, label }: { days: readonly StripDay[]; label: string }) {
  return (
    <div role="img" aria-label={label} className="flex h-7 gap-[2px]">
      {days.map(({ key, label: text, state }) => (
        <span key={key} title={text} className={cn('min-w-0 grow rounded-[1px]', STRIP[state])} />
      ))}
    </div>
  )
}
