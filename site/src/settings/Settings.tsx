import { useMe } from '../api/query.ts'
import { Console } from '../layouts/Console.tsx'
import { PageHead } from '../ui/figures.tsx'
import { settings } from '../words/settings.ts'
import { said } from '../words/words.ts'
import { Close } from './Close.tsx'
import { NewPassword } from './NewPassword.tsx'
import { CreatorProfile, DeveloperProfile } from './Profile.tsx'
import { Sessions } from './Sessions.tsx'

/** One's own account. */
export function Settings() {
  return (
    <Console place="account">
      <Page />
    </Console>
  )
}

function Page() {
  const me = useMe()
  const w = said(settings)
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      {me.user_type === 'developer' && <DeveloperProfile />}
      {me.user_type === 'creator' && <CreatorProfile />}
      <NewPassword />
      <Sessions />
      {me.user_type !== 'admin' && <Close />}
    </>
  )
}
