import { useRoute } from '../api/query.ts'
import type { Form } from '../consoles/form.tsx'
import { Field, Input } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { day, dollars, whole } from '../ui/format.ts'
import { agents } from '../words/agents.ts'
import { fill, said } from '../words/words.ts'
import { isPrice, SHARE, UNIT_MAX, type Draft } from './draft.ts'

const DECIMALS = 6

/** The price, with what a developer pays of it and what comes to the creator, each with how it is computed. */
export function PriceFields({ form: { values, set, problem } }: { form: Form<Draft> }) {
  const w = said(agents).edit
  const isGood = isPrice(values.price.trim())
  return (
    <Section title={w.priceTitle}>
      <Field
        label={w.priceLabel}
        hint={w.priceHint}
        error={problem('price', 'config.price_per_call')}
        className="max-w-48"
      >
        {(control) => (
          <Input
            {...control}
            inputMode="decimal"
            className="font-mono"
            value={values.price}
            onChange={(event) => set({ price: event.target.value })}
          />
        )}
      </Field>
      {isGood && <Split price={Number(values.price)} />}
      {isGood && <WorstCase draft={values} />}
    </Section>
  )
}

function Split({ price }: { price: number }) {
  const w = said(agents).edit
  const premium = Math.max(0, price - UNIT_MAX)
  const shown = { price: dollars(price, DECIMALS), premium: dollars(premium, DECIMALS) }
  const gets = [
    { text: w.onPaid, amount: price * SHARE, how: fill(w.paidHow, { price: shown.price }) },
    { text: w.onFree, amount: premium * SHARE, how: premium === 0 ? '' : fill(w.freeHow, { premium: shown.premium }) },
    { text: w.onTrial, amount: 0, how: '' },
  ]
  return (
    <dl className="grid gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-2 [&>div]:bg-paper [&>div]:p-4">
      <div className="grid content-start gap-1">
        <dt className="text-sm text-soft">{w.developerPays}</dt>
        <dd className="text-base">
          {premium === 0 ? w.unitOnly : fill(w.unitAndPremium, { premium: shown.premium })}
          {premium > 0 && (
            <div className="font-mono text-sm text-soft">{fill(w.premiumHow, { price: shown.price })}</div>
          )}
        </dd>
      </div>
      <div className="grid content-start gap-1">
        <dt className="text-sm text-soft">{w.youGet}</dt>
        {gets.map(({ text, amount, how }) => (
          <dd key={text} className="text-base">
            <span className="font-mono font-medium tabular-nums">{dollars(amount, DECIMALS)}</span> {text}
            {how !== '' && <div className="font-mono text-sm text-soft">{how}</div>}
          </dd>
        ))}
      </div>
    </dl>
  )
}

/** What a long call may cost at the provider's list prices, beside the price. */
function WorstCase({ draft }: { draft: Draft }) {
  const w = said(agents).edit
  const tokens = Number(draft.maxTokens)
  const models = useRoute(
    'GET /api/v1/models',
    { query: { max_tokens: tokens, prompt_chars: Math.min(draft.prompt.length, 32_000) } },
    { keepsPrevious: true, isOff: !Number.isInteger(tokens) || tokens < 1 },
  )
  const found = models.data?.models.find((one) => `${one.provider} ${one.model}` === draft.model)
  if (!models.data || !found) return null
  return (
    <p className="text-sm text-soft">
      {fill(w.costs, {
        cost: dollars(found.worst_case_usd, DECIMALS),
        date: day(models.data.costs_as_of),
        tokens: whole(models.data.input_tokens),
      })}{' '}
      {Number(found.worst_case_usd) > Number(draft.price) && <strong className="text-warning">{w.costsMore}</strong>}
    </p>
  )
}
