import { useState } from 'react'
import { usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { useAgents } from '../consoles/agent-name.tsx'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { Input } from '../ui/field.tsx'
import { PageHead } from '../ui/figures.tsx'
import { duration } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages } from '../ui/table.tsx'
import { calls } from '../words/calls.ts'
import { href, said } from '../words/words.ts'
import { CallSheet } from './CallSheet.tsx'
import { CallTable, type Call } from './CallTable.tsx'

const ROWS = 25
const STATES = ['success', 'error', 'timeout'] as const
const SLOW_MS = [500, 1_000, 3_000, 10_000]
const DAY = /^\d{4}-\d{2}-\d{2}$/
const FILTERS = ['agent', 'key', 'state', 'slow', 'from', 'to']

/** Every call, filtered by what the address says. */
export function Calls() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(calls)
  const [url, change] = useUrl()
  const pages = usePages()
  const [open, setOpen] = useState<Call>()
  const keys = useRoute('GET /api/v1/developers/keys', { query: { limit: 100, status: 'all' } })
  const agents = useAgents()
  const keyNames = new Map(keys.data?.items.map(({ id, name, prefix }) => [id, name ?? prefix]))
  const filters = readFilters(url)
  const log = useRoute(
    'GET /api/v1/developers/calls',
    { query: { limit: ROWS, cursor: pages.cursor, ...filters } },
    { keepsPrevious: true },
  )
  useFresh(['call.'], ['GET /api/v1/developers/calls'])
  const isFiltered = FILTERS.some((name) => url.has(name))
  const filter = (name: string) => (value: string) => {
    pages.first()
    change({ [name]: value === 'all' ? undefined : value })
  }
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <div className="flex flex-wrap items-center gap-2 max-md:grid max-md:grid-cols-2">
        <Select
          aria-label={w.agent}
          className="w-48 max-md:w-full"
          value={filters.agent_id ?? 'all'}
          onChange={filter('agent')}
          options={[
            { value: 'all', label: w.allAgents },
            ...withUnknown(
              [...agents].map(([value, { name }]) => ({ value, label: name })),
              filters.agent_id,
            ),
          ]}
        />
        <Select
          aria-label={w.key}
          className="w-40 max-md:w-full"
          value={filters.api_key_id ?? 'all'}
          onChange={filter('key')}
          options={[
            { value: 'all', label: w.allKeys },
            ...withUnknown(
              [...keyNames].map(([value, label]) => ({ value, label })),
              filters.api_key_id,
            ),
          ]}
        />
        <Select
          aria-label={w.state}
          className="w-36 max-md:w-full"
          value={filters.status ?? 'all'}
          onChange={filter('state')}
          options={[
            { value: 'all', label: w.allStates },
            ...STATES.map((value) => ({ value, label: w.states[value] })),
          ]}
        />
        <Select
          aria-label={w.latency}
          className="w-36 max-md:w-full"
          value={String(filters.min_latency ?? 'all')}
          onChange={filter('slow')}
          options={[
            { value: 'all', label: w.slowAny },
            ...SLOW_MS.map((ms) => ({ value: String(ms), label: `${w.slow} ${duration(ms)}` })),
          ]}
        />
        <Day label={w.from} value={url.get('from') ?? ''} onChange={filter('from')} />
        <Day label={w.to} value={url.get('to') ?? ''} onChange={filter('to')} />
        {isFiltered && (
          <Button
            look="quiet"
            onClick={() => {
              pages.first()
              change(Object.fromEntries(FILTERS.map((name) => [name, undefined])))
            }}
          >
            {w.clear}
          </Button>
        )}
      </div>
      <Loaded query={log}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            isFiltered ? (
              <Empty title={w.none} />
            ) : (
              <Empty
                title={w.empty}
                action={
                  <Button asChild>
                    <a href={href('/developer/keys')}>{w.emptyAction}</a>
                  </Button>
                }
              >
                {w.emptyWhy}
              </Empty>
            )
          ) : (
            <div>
              <CallTable rows={items} onOpen={setOpen} keyNames={keyNames} isStale={log.isPlaceholderData} />
              <Pages
                page={pages.page}
                hasNext={next !== null}
                onFirst={pages.first}
                onPrevious={pages.previous}
                onNext={() => next !== null && pages.next(next)}
              />
            </div>
          )
        }
      </Loaded>
      <CallSheet call={open} onClose={() => setOpen(undefined)} />
    </>
  )
}

function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  return (
    <label className="flex items-center gap-1.5 text-sm text-soft max-md:grid max-md:gap-0.5">
      {label}
      <Input
        type="date"
        className="w-38 max-md:w-full"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

/** The filters in the address; whatever is not one is left out. Days are in UTC, the last one included. */
function readFilters(url: URLSearchParams) {
  const from = url.get('from')
  const to = url.get('to')
  const slow = Number(url.get('slow') ?? NaN)
  return {
    agent_id: url.get('agent') ?? undefined,
    api_key_id: url.get('key') ?? undefined,
    status: STATES.find((one) => one === url.get('state')),
    min_latency: SLOW_MS.find((ms) => ms === slow),
    from: from !== null && DAY.test(from) ? `${from}T00:00:00Z` : undefined,
    to: to !== null && DAY.test(to) ? `${to}T23:59:59.999Z` : undefined,
  }
}

/** What is chosen stays choosable, even if nothing is known of it. */
function withUnknown(options: { value: string; label: string }[], chosen: string | undefined) {
  return chosen === undefined || options.some(({ value }) => value === chosen)
    ? options
    : [...options, { value: chosen, label: chosen.slice(0, 8) }]
}
