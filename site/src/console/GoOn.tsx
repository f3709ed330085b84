import { useEffect } from 'react'
import { startSession } from '../api/session.ts'
import { goOn } from '../auth/SignIn.tsx'
import { SkeletonRows } from '../ui/state.tsx'
import { href } from '../words/words.ts'

/** Leads to the console of whoever is signed in. */
export function GoOn() {
  useEffect(() => {
    const lead = async () => {
      const session = await startSession()
      if (session.status === 'in') goOn(session.me)
      else location.replace(href('/login'))
    }
    void lead()
  }, [])
  return <SkeletonRows rows={6} />
}
