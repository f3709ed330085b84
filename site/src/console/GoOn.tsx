import { useEffect } from 'react'
import { currentSession, startSession } from '../api/session.ts'
import { goOn } from '../auth/SignIn.tsx'
import { SkeletonRows } from '../ui/state.tsx'
import { href } from '../words/words.ts'

/** Leads to the console of whoever is signed in. */
export function GoOn() {
  useEffect(() => {
    void startSession().then(() => {
      const session = currentSession()
      if (session.status === 'in') goOn(session.me)
      else location.replace(href('/login'))
    })
  }, [])
  return <SkeletonRows rows={6} />
}
