import { KeyRound } from 'lucide-react'
import { useEffect, useState } from 'react'
import { call } from '../api/client.ts'
import { useSession } from '../api/query.ts'
import { startSession } from '../api/session.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Failure } from '../ui/state.tsx'
import { agent } from '../words/agent.ts'
import { fill, href, said } from '../words/words.ts'

const STORED = 'agentlink.playground-key'

/** The key that this tab calls with; it goes when the tab closes. */
export function useKey(): [string, (key: string) => void] {
  const [key, setKey] = useState(() => {
    try {
      return sessionStorage.getItem(STORED) ?? ''
    } catch {
      return ''
    }
  })
  return [
    key,
    (next) => {
      setKey(next)
      try {
        sessionStorage.setItem(STORED, next)
      } catch {
        // Then it lives as long as the page.
      }
    },
  ]
}

/** The key to call with: pasted, or made for who is signed in as a developer. */
export function Key({
  value,
  onChange,
  error,
}: {
  value: string
  onChange: (key: string) => void
  error: string | undefined
}) {
  const w = said(agent).try
  const session = useSession()
  const [isMade, setMade] = useState(value !== '')
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  useEffect(() => void startSession(), [])

  const make = async () => {
    setBusy(true)
    setFailure(undefined)
    try {
      const { key } = await call('POST /api/v1/developers/keys', { body: { name: w.keyName } })
      onChange(key ?? '')
      setMade(true)
    } catch (thrown) {
      setFailure(thrown)
    } finally {
      setBusy(false)
    }
  }
  if (isMade) {
    return (
      <p className="flex flex-wrap items-center gap-2 text-sm text-soft">
        <KeyRound aria-hidden className="size-4" />
        <span className="font-mono">{value.slice(0, 7)}…</span>
        <button
          type="button"
          className="cursor-pointer rounded-sm text-action underline underline-offset-3"
          onClick={() => {
            onChange('')
            setMade(false)
          }}
        >
          {w.changeKey}
        </button>
      </p>
    )
  }
  return (
    <div className="grid gap-2">
      <Field label={w.key} hint={w.keyHint} error={error}>
        {(control) => (
          <Input
            {...control}
            name="key"
            type="password"
            placeholder="ak_…"
            spellCheck={false}
            autoComplete="off"
            className="font-mono"
            value={value}
            onChange={(event) => onChange(event.target.value.trim())}
          />
        )}
      </Field>
      {session.status === 'in' && session.me.user_type === 'developer' && (
        <div className="grid gap-1.5">
          <Button size="s" isBusy={isBusy} onClick={() => void make()}>
            <KeyRound aria-hidden />
            {w.makeKey}
          </Button>
          <span className="text-sm text-soft">{fill(w.keyMade, { name: w.keyName })}</span>
        </div>
      )}
      {session.status === 'out' && (
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          <a href={`${href('/login')}?next=${encodeURIComponent(location.pathname + location.search)}`}>{w.signIn}</a>
          <a href={href('/register')}>{w.register}</a>
        </p>
      )}
      {failure !== undefined && <Failure error={failure} isSmall />}
    </div>
  )
}
