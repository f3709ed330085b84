import { useRoute } from '../api/query.ts'
import { Seal } from '../ui/seal.tsx'
import { href } from '../words/words.ts'

/** What agents are called, by id and by slug; those that are not published have no name here. */
export function useAgents(): Map<string, { name: string; slug: string; price: string }> {
  const { data } = useRoute('GET /v1/models', { isPublic: true })
  return new Map(
    data?.data.map((agent) => [agent.agent_id, { name: agent.name, slug: agent.slug, price: agent.price_per_call }]),
  )
}

/** An agent by its seal and name; by the beginning of its id where it has none. */
export function AgentName({ id, name, isLink }: { id: string; name: string | undefined; isLink?: boolean }) {
  const shown = name ?? `${id.slice(0, 8)}…`
  return (
    <span className="inline-flex min-w-0 items-center gap-2 align-middle wrap-anywhere">
      <Seal id={id} sizePx={20} state={name === undefined ? 'inactive' : 'active'} className="max-md:hidden" />
      <span className="line-clamp-2 min-w-0">{isLink ? <a href={href(`/agent?id=${id}`)}>{shown}</a> : shown}</span>
    </span>
  )
}
