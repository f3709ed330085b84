import { useMe } from '../api/query.ts'
import { Console } from '../layouts/Console.tsx'
import { PageHead } from '../ui/figures.tsx'
import { developer } from '../words/developer.ts'
import { said } from '../words/words.ts'

export function Overview() {
  return (
    <Console place="developer">
      <Page />
    </Console>
  )
}

function Page() {
  const me = useMe()
  return <PageHead title={said(developer).overview.title} lead={me.email} />
}
