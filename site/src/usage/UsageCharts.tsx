import type { Answer } from '../api/client.ts'
import { useAgents } from '../consoles/agent-name.tsx'
import { Chart, type Point } from '../ui/chart.tsx'
import { day, dollars, whole } from '../ui/format.ts'
import { usage } from '../words/usage.ts'
import { said } from '../words/words.ts'
import { daysOf } from './period.ts'

type Analytics = Answer<'GET /api/v1/developers/analytics'>

/** Calls and cost of a period, day by day, by the agents that were called most. */
export function UsageCharts({ analytics, onlyCalls }: { analytics: Analytics; onlyCalls?: boolean }) {
  const w = said(usage)
  const agents = useAgents()
  const hasOthers = analytics.days.some(({ others }) => others.calls > 0)
  const series = [
    ...analytics.agents.map((id) => ({ name: agents.get(id)?.name ?? id.slice(0, 8) })),
    ...(hasOthers ? [{ name: w.others }] : []),
  ]
  const pointsOf = (valueOf: (one: { calls: number; cost_usd: string }) => number): Point[] => {
    const days = new Map(analytics.days.map((one) => [one.day, one]))
    return daysOf(analytics.period).map((key) => {
      const found = days.get(key)
      const values = analytics.agents.map((id) => {
        const one = found?.agents.find(({ agent_id: agent }) => agent === id)
        return one ? valueOf(one) : 0
      })
      if (hasOthers) values.push(found ? valueOf(found.others) : 0)
      return { key, label: day(key), values }
    })
  }
  return (
    <div className="grid gap-8 lg:grid-cols-2">
      <Chart
        title={w.chart}
        kind="bar"
        points={pointsOf(({ calls }) => calls)}
        series={series}
        format={whole}
        pointHead={w.groups.day}
      />
      {onlyCalls !== true && (
        <Chart
          title={w.costChart}
          kind="bar"
          points={pointsOf(({ cost_usd: cost }) => Number(cost))}
          series={series}
          format={(value) => dollars(value, 4)}
          pointHead={w.groups.day}
        />
      )}
    </div>
  )
}
