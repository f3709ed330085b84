import type { Form } from '../consoles/form.tsx'
import { Field, Input, Textarea } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { Select } from '../ui/select.tsx'
import { agents } from '../words/agents.ts'
import { said } from '../words/words.ts'
import { CATEGORIES, type Draft } from './draft.ts'

/** What everybody reads of an agent. */
export function Details({ form: { values, set, problem } }: { form: Form<Draft> }) {
  const w = said(agents)
  return (
    <Section title={w.edit.details}>
      <div className="grid gap-4 md:grid-cols-[1fr_14rem]">
        <Field label={w.name} hint={w.edit.nameHint} error={problem('name')}>
          {(control) => (
            <Input
              {...control}
              value={values.name}
              maxLength={100}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <Field label={w.edit.category} error={problem('category')}>
          {(control) => (
            <Select
              {...control}
              value={values.category || undefined}
              placeholder={w.edit.categoryNone}
              options={CATEGORIES.map((value) => ({ value: value as string, label: w.edit.categories[value] }))}
              onChange={(category) => set({ category })}
            />
          )}
        </Field>
      </div>
      <Field label={w.edit.description} hint={w.edit.descriptionHint} error={problem('description')}>
        {(control) => (
          <Textarea
            {...control}
            value={values.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
    </Section>
  )
}
