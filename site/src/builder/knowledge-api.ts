/** The documents of an agent: the routes, and what they answer. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { openMine, send } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { queries } from '../api/query.ts'

export type KnowledgeFile = {
  id: string
  filename: string
  bytes: number
  status: 'uploaded' | 'extracting' | 'embedding' | 'ready' | 'failed'
  problem: string | null
  in_use: boolean
  repeats_prompt: boolean
  statistics: { chunks: number; embedded: number; pages: number | null }
}
export type Documents = {
  items: KnowledgeFile[]
  account: { files: number; files_max: number; bytes: number; bytes_max: number }
}
export type Chunk = {
  file_id: string
  filename: string
  place: number
  page: number | null
  heading: string | null
  content: string
  similarity: number
  is_used: boolean
}

const ASK_MS = 2_000
export const FILE_BYTES_MAX = 20 * 1_048_576
const UNDER_WAY: ReadonlySet<KnowledgeFile['status']> = new Set(['uploaded', 'extracting', 'embedding'])

const key = (agentId: string) => ['knowledge', agentId] as const
const path = (agentId: string) => `/api/v1/agents/${encodeURIComponent(agentId)}/knowledge`

/** The documents, asked again while one is being read. Undefined where the API has no documents. */
export function useDocuments(agentId: string): UseQueryResult<Documents | null, ApiError> {
  return useQuery<Documents | null, ApiError>({
    queryKey: key(agentId),
    queryFn: async ({ signal }) => {
      try {
        const response = await openMine(`${path(agentId)}?limit=100`, { signal })
        return (await response.json()) as Documents
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.status === 404) return null
        throw thrown
      }
    },
    refetchInterval: ({ state }) => (state.data?.items.some(({ status }) => UNDER_WAY.has(status)) ? ASK_MS : false),
  })
}

export function refreshDocuments(agentId: string): void {
  void queries.invalidateQueries({ queryKey: key(agentId) })
}

/** Hands a document in. Throws an `ApiError`. */
export async function addDocument(agentId: string, file: File): Promise<void> {
  await send('POST', `${path(agentId)}?filename=${encodeURIComponent(file.name)}`, file, {
    headers: { 'content-type': file.type || 'application/octet-stream' },
  })
}

export async function removeDocument(agentId: string, fileId: string): Promise<void> {
  await openMine(`${path(agentId)}/${fileId}`, { method: 'DELETE' })
}

export async function readAnew(agentId: string, fileId: string): Promise<void> {
  await openMine(`${path(agentId)}/${fileId}/reindex`, { method: 'POST' })
}

/** What a call with this question would be given. Throws an `ApiError`. */
export async function lookUp(agentId: string, query: string): Promise<Chunk[]> {
  const answer = await send('POST', `${path(agentId)}/query`, JSON.stringify({ query }), {
    headers: { 'content-type': 'application/json' },
  })
  return (answer as { chunks: Chunk[] }).chunks
}
