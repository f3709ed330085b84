import type { Answer } from '../api/client.ts'
import { Chart } from '../ui/chart.tsx'
import { day, dollars, whole } from '../ui/format.ts'
import { daysOf } from '../usage/period.ts'
import { creator } from '../words/creator.ts'
import { said } from '../words/words.ts'

type Analytics = Answer<'GET /api/v1/creators/me/analytics'>

/** Calls and earnings of a period, day by day. */
export function CreatorCharts({ analytics }: { analytics: Analytics }) {
  const w = said(creator).analytics
  const days = new Map(analytics.days.map((one) => [one.day, one]))
  const points = (valuesOf: (one: Analytics['days'][number]) => number[], none: number[]) =>
    daysOf(analytics.period).map((key) => {
      const found = days.get(key)
      return { key, label: day(key), values: found ? valuesOf(found) : none }
    })
  return (
    <div className="grid gap-8 lg:grid-cols-2">
      <Chart
        title={w.chartCalls}
        kind="bar"
        points={points(({ successful, errors }) => [successful, errors], [0, 0])}
        series={[{ name: w.succeeded }, { name: w.failed, color: 'var(--wax)' }]}
        format={whole}
        pointHead={w.day}
      />
      <Chart
        title={w.chartNet}
        kind="bar"
        points={points(({ net_usd: net }) => [Number(net)], [0])}
        series={[{ name: w.net }]}
        format={(value) => dollars(value, 4)}
        pointHead={w.day}
      />
    </div>
  )
}
