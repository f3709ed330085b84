import type { Form } from '../consoles/form.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { dollars, whole } from '../ui/format.ts'
import { Select } from '../ui/select.tsx'
import { agents } from '../words/agents.ts'
import { fill, said } from '../words/words.ts'
import { ALLOWS, type Draft, type Models } from './draft.ts'

type Props = { form: Form<Draft>; models: Models | undefined; model: Models['models'][number] | undefined }

/** The model, its parameters, and what callers may set themselves. */
export function ModelFields({ form: { values, set, problem }, models, model }: Props) {
  const w = said(agents).edit
  const isRefused = (name: string) => model?.refused_parameters.includes(name) === true
  const known = models?.models.map(({ provider, model: name }) => `${provider} ${name}`) ?? []
  const options = known.includes(values.model) ? known : [values.model, ...known]
  const numbers = [
    { name: 'temperature', api: 'temperature', label: w.temperature, hint: w.temperatureHint },
    { name: 'topP', api: 'top_p', label: w.topP, hint: w.topPHint },
    {
      name: 'maxTokens',
      api: 'max_tokens',
      label: w.maxTokens,
      hint: model && fill(w.maxTokensHint, { max: whole(model.output_tokens_max) }),
    },
  ] as const
  return (
    <Section title={w.model}>
      <Field
        label={w.modelLabel}
        error={problem('model', 'config.model')}
        hint={
          model &&
          fill(w.modelCost, {
            input: dollars(model.input_usd_per_million_tokens),
            output: dollars(model.output_usd_per_million_tokens),
          })
        }
        className="max-w-md"
      >
        {(control) => (
          <Select
            {...control}
            value={values.model}
            options={options.map((value) => ({ value, label: value.replace(' ', ' / ') }))}
            onChange={(value) => set({ model: value })}
          />
        )}
      </Field>
      <div className="grid gap-4 md:grid-cols-3">
        {numbers.map(({ name, api, label, hint }) => (
          <Field
            key={name}
            label={label}
            hint={isRefused(api) ? w.notTaken : hint}
            error={problem(name, `config.${api}`)}
          >
            {(control) => (
              <Input
                {...control}
                inputMode="decimal"
                className="font-mono"
                value={values[name]}
                onChange={(event) => set({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
      <fieldset className="grid gap-2">
        <legend className="mb-2 text-sm font-medium">{w.allow}</legend>
        <div className="grid gap-2.5 sm:grid-cols-2 md:grid-cols-3">
          {ALLOWS.map((name) => (
            <Checkbox
              key={name}
              label={w.allows[name]}
              isOn={values.allow[name]}
              onChange={(isOn) => set({ allow: { ...values.allow, [name]: isOn } })}
            />
          ))}
        </div>
      </fieldset>
    </Section>
  )
}
