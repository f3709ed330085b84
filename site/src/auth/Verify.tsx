import { useEffect, useState } from 'react'
import { confirmEmail } from '../api/session.ts'
import { Failure } from '../ui/state.tsx'
import { auth } from '../words/auth.ts'
import { href, said } from '../words/words.ts'
import { goOn } from './SignIn.tsx'

/** Where the link of the first mail leads: confirms, signs in and goes on. */
export function Verify() {
  const w = said(auth)
  const [error, setError] = useState<unknown>()
  const token = new URLSearchParams(location.search).get('token')
  useEffect(() => {
    if (token === null) return
    // The link works once: it must not stay in the history.
    history.replaceState(null, '', location.pathname)
    confirmEmail(token).then(goOn, setError)
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [])
  const [hadToken] = useState(token !== null)
  return (
    <div className="grid gap-4">
      <h1 className="text-3xl">{w.verify.title}</h1>
      {!hadToken && <p>{w.verify.noToken}</p>}
      {hadToken && error === undefined && <p role="status">{w.verify.working}</p>}
      {error !== undefined && <Failure error={error} />}
      {(!hadToken || error !== undefined) && <a href={href('/login')}>{w.signIn.title}</a>}
    </div>
  )
}
