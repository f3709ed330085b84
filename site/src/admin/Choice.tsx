/** A filter that lives in the address: one of some values, or all. */
import { useUrl } from '../api/url.ts'
import { Field } from '../ui/field.tsx'
import { Select } from '../ui/select.tsx'
import { common } from '../words/common.ts'
import { said } from '../words/words.ts'

const ALL = 'all'

type Props<T extends string> = {
  /** Its name in the address. */
  name: string
  label: string
  options: Readonly<Record<T, string>>
  /** Hears that the list begins anew. */
  onChange: () => void
}

export function Choice<T extends string>({ name, label, options, onChange }: Props<T>) {
  const [url, change] = useUrl()
  const names = Object.keys(options) as T[]
  return (
    <Field label={label} className="w-[calc(50%-0.375rem)] md:w-44">
      {(control) => (
        <Select
          {...control}
          value={chosen(url, name, names) ?? ALL}
          options={[
            { value: ALL, label: said(common).all },
            ...names.map((value) => ({ value, label: options[value] })),
          ]}
          onChange={(value) => {
            change({ [name]: value === ALL ? undefined : value })
            onChange()
          }}
        />
      )}
    </Field>
  )
}

/** The value of a filter, if the address has one of these. */
export function chosen<T extends string>(url: URLSearchParams, name: string, values: readonly T[]): T | undefined {
  const value = url.get(name)
  return values.find((one) => one === value)
}

/** The names of a record, as its type has them. */
export function keysOf<T extends string>(options: Readonly<Record<T, string>>): T[] {
  return Object.keys(options) as T[]
}
