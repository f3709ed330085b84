/** A text to look for, kept in the address once it is sent. */
import { Search } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useUrl } from '../api/url.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'

type Props = {
  name: string
  label: string
  /** What is wrong with a text, or undefined. */
  check?: (text: string) => string | undefined
  onChange: () => void
}

export function SearchField({ name, label, check, onChange }: Props) {
  const [url, change] = useUrl()
  const [text, setText] = useState(url.get(name) ?? '')
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const wanted = text.trim()
    const wrong = wanted === '' ? undefined : check?.(wanted)
    setProblem(wrong)
    if (wrong !== undefined) return
    change({ [name]: wanted })
    onChange()
  }
  return (
    <form role="search" onSubmit={submit} className="flex min-w-64 grow items-end gap-2 md:max-w-md">
      <Field label={label} error={problem} className="grow">
        {(control) => (
          <Input
            {...control}
            type="search"
            maxLength={255}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      <Button type="submit" className={problem === undefined ? '' : 'mb-6'}>
        <Search aria-hidden />
        {said(common).search}
      </Button>
    </form>
  )
}
