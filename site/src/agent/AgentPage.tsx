import { QueryClientProvider } from '@tanstack/react-query'
import { BadgeCheck } from 'lucide-react'
import { useEffect, useState } from 'react'
import { API_URL } from '../api/config.ts'
import { parsed } from '../api/error.ts'
import { queries, useRoute } from '../api/query.ts'
import { changeUrl, useUrl } from '../api/url.ts'
import { Code } from '../ui/code.tsx'
import { CopyId } from '../ui/copy.tsx'
import { Ago, Money } from '../ui/figures.tsx'
import { Seal } from '../ui/seal.tsx'
import { Empty, Failure, Skeleton } from '../ui/state.tsx'
import { Button } from '../ui/button.tsx'
import { Table } from '../ui/table.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { categories } from '../words/categories.ts'
import { fill, href, said } from '../words/words.ts'
import { ChainProof } from './ChainProof.tsx'
import { Decision, DecisionBar, type Agent } from './Decision.tsx'
import { PriceTable } from './PriceTable.tsx'
import { Reviews } from './Reviews.tsx'
import { Try } from './Try.tsx'

const AGENT = 'GET /api/v1/marketplace/agents/{id}'

/** The slug in the address: `/agents/<slug>`. */
function slugOfPage(): string {
  return decodeURIComponent(location.pathname.replace(/\/$/, '').split('/').at(-1) ?? '')
}

/** The page of a published agent. What the edge put into the page is shown at once. */
export function AgentPage() {
  const [slug] = useState(slugOfPage)
  const [isReady] = useState(() => {
    const sent = parsed(document.getElementById('agent-data')?.textContent ?? '')
    if (sent !== undefined) queries.setQueryData([AGENT, { params: { id: slug } }], sent)
    return true
  })
  return <QueryClientProvider client={queries}>{isReady && <Loaded slug={slug} />}</QueryClientProvider>
}

function Loaded({ slug }: { slug: string }) {
  const w = said(agentWords)
  const { data, error, refetch } = useRoute(AGENT, { params: { id: slug } })
  useEffect(() => {
    if (data) document.title = `${data.name} · AgentLink`
  }, [data])
  if (data) return <Page agent={data} />
  if (error?.status === 404)
    return (
      <Empty
        title={w.notHere}
        action={
          <Button asChild look="main">
            <a href={href('/marketplace')}>{w.toMarketplace}</a>
          </Button>
        }
      >
        {w.notHereWhy}
      </Empty>
    )
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  return (
    <div className="grid gap-6" role="status" aria-label={w.reading}>
      <Skeleton className="h-24 w-2/3" />
      <Skeleton className="h-96" />
    </div>
  )
}

function Page({ agent }: { agent: Agent }) {
  const w = said(agentWords)
  const [url] = useUrl()
  const isHan = /\p{Script=Han}/u.test(agent.name)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-10">
      <header className="flex items-start gap-5 md:gap-7">
        <Seal id={agent.id} sizePx={96} isVerified={agent.is_minted} className="seal-head max-md:w-16!" />
        <div className="grid min-w-0 gap-2 wrap-anywhere">
          <h1 lang={isHan ? 'zh' : undefined} className="text-3xl md:text-[2.1rem]">
            {agent.name}
          </h1>
          <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-base text-soft">
            <span className="inline-flex items-center gap-1">
              {fill(w.by, { name: agent.creator.display_name })}
              {agent.creator.verified && <BadgeCheck size={16} className="text-action" aria-label={w.verified} />}
            </span>
            {agent.category !== null && (
              <a href={`${href('/marketplace')}?category=${agent.category}`}>
                {said(categories)[agent.category as 'code'] ?? agent.category}
              </a>
            )}
            <CopyId id={agent.slug} chars={40} />
          </p>
          <p lang={isHan ? 'zh' : undefined} className="max-w-[68ch] whitespace-pre-line">
            {agent.description}
          </p>
        </div>
      </header>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-8 xl:grid-cols-[minmax(0,1fr)_19rem]">
        <div className="grid min-w-0 gap-10">
          <section aria-label={w.try.title}>
            <Try agent={agent} />
          </section>
          <Tabs
            label={w.tabs.label}
            value={(url.get('tab') ?? 'code') as 'code' | 'reviews' | 'versions' | 'price' | 'chain'}
            onChange={(tab) => changeUrl({ tab: tab === 'code' ? undefined : tab })}
            tabs={[
              { value: 'code', label: w.tabs.code, content: <Snippets agent={agent} /> },
              {
                value: 'reviews',
                label: `${w.tabs.reviews} ${agent.rating.count || ''}`,
                content: <Reviews agentId={agent.id} distribution={agent.rating.distribution} />,
              },
              { value: 'versions', label: w.tabs.versions, content: <Versions agent={agent} /> },
              { value: 'price', label: w.tabs.price, content: <PriceTable agent={agent} /> },
              { value: 'chain', label: w.tabs.chain, content: <ChainProof agentId={agent.id} /> },
            ]}
          />
        </div>
        <Decision agent={agent} />
      </div>
      <DecisionBar agent={agent} />
    </div>
  )
}

function Snippets({ agent }: { agent: Agent }) {
  const w = said(agentWords).code
  return (
    <div className="grid gap-3">
      <Code
        label={w.label}
        samples={(['curl', 'typescript', 'python', 'openai'] as const).map((name) => ({
          name: w[name],
          code: agent.snippets[name],
        }))}
      />
      <a className="text-sm" href={`${API_URL}/agents/${agent.slug}/agent.md`}>
        {w.forAgents}
      </a>
    </div>
  )
}

function Versions({ agent }: { agent: Agent }) {
  const w = said(agentWords).versions
  return (
    <Table
      label={said(agentWords).tabs.versions}
      rows={agent.versions}
      rowKey={({ version }) => String(version)}
      columns={[
        {
          name: 'version',
          head: w.version,
          cell: ({ version }) => (version === agent.version ? `${version} · ${w.current}` : version),
        },
        { name: 'model', head: w.model, cell: ({ model }) => <span className="font-mono text-sm">{model}</span> },
        {
          name: 'price',
          head: w.price,
          isNumber: true,
          cell: ({ price_per_call }) => <Money amount={price_per_call} />,
        },
        { name: 'created', head: w.created, isNumber: true, cell: ({ created_at }) => <Ago at={created_at} /> },
      ]}
    />
  )
}
