import { UserRound } from 'lucide-react'
import { useRef, useState } from 'react'
import { call, send } from '../api/client.ts'
import { API_URL } from '../api/config.ts'
import { refresh } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { bytes } from '../ui/format.ts'
import { Failure } from '../ui/state.tsx'
import { toast } from '../ui/toast.tsx'
import { account } from '../words/account.ts'
import { fill, said } from '../words/words.ts'

const BYTES_MAX = 512 * 1_024
const ACCEPT = 'image/png,image/jpeg,image/webp,image/gif'

/** A creator's picture, and the way to change it. */
export function Picture({ url }: { url: string | null }) {
  const w = said(account).profile
  const input = useRef<HTMLInputElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const [error, setError] = useState<unknown>()
  const act = async (work: () => Promise<unknown>, done: string) => {
    setBusy(true)
    setProblem(undefined)
    setError(undefined)
    try {
      await work()
      refresh('GET /api/v1/creators/me')
      toast(done)
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  const choose = (file: File | undefined) => {
    if (!file) return
    if (file.size > BYTES_MAX) return setProblem(fill(w.pictureLarge, { size: bytes(file.size) }))
    const headers = { 'content-type': file.type }
    void act(() => send('PUT', '/api/v1/creators/me/avatar', file, { headers }), w.pictureSaved)
  }
  return (
    <div className="grid gap-2">
      <span className="text-sm font-medium">{w.picture}</span>
      <div className="flex flex-wrap items-center gap-4">
        {url === null ? (
          <span className="grid size-16 place-items-center rounded-md border border-dashed border-strong text-soft">
            <UserRound aria-hidden />
          </span>
        ) : (
          <img
            src={url.startsWith('/') ? API_URL + url : url}
            alt={w.pictureAlt}
            width={64}
            height={64}
            className="size-16 rounded-md object-cover"
          />
        )}
        <input
          ref={input}
          type="file"
          accept={ACCEPT}
          hidden
          onChange={({ target }) => {
            choose(target.files?.[0])
            target.value = ''
          }}
        />
        <Button isBusy={isBusy} onClick={() => input.current?.click()}>
          {w.pictureChange}
        </Button>
        {url !== null && (
          <Button
            look="quiet"
            disabled={isBusy}
            onClick={() => void act(() => call('DELETE /api/v1/creators/me/avatar'), w.pictureRemoved)}
          >
            {w.pictureRemove}
          </Button>
        )}
      </div>
      {problem === undefined ? (
        <span className="text-sm text-soft">{w.pictureHint}</span>
      ) : (
        <span role="alert" className="text-sm text-error">
          {problem}
        </span>
      )}
      {error !== undefined && <Failure error={error} isSmall />}
    </div>
  )
}
