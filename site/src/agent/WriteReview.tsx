import { Star } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useChange, useSession } from '../api/query.ts'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { Field, Textarea } from '../ui/field.tsx'
import { Failure, fieldError } from '../ui/state.tsx'
import { agent as agentWords } from '../words/agent.ts'
import { fill, said } from '../words/words.ts'

const TEXT_CHARS_MAX = 2_000

/** A developer's review of an agent; the API says who may write one. */
export function WriteReview({ agentId }: { agentId: string }) {
  const w = said(agentWords).reviews
  const session = useSession()
  const [rating, setRating] = useState(0)
  const [text, setText] = useState('')
  const [isTried, setTried] = useState(false)
  const send = useChange('POST /api/v1/reviews/agents/{id}', ['GET /api/v1/reviews/agents/{id}'])
  if (session.status !== 'in' || session.me.user_type !== 'developer') return null
  if (send.isSuccess) return <p role="status">{w.sent}</p>
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (rating === 0) return
    const content = text.trim()
    send.mutate({ params: { id: agentId }, body: { rating, ...(content === '' ? {} : { content }) } })
  }
  return (
    <details className="border-t border-line pt-4">
      <summary className="cursor-pointer text-base font-medium">{w.write}</summary>
      <form className="grid max-w-xl gap-4 pt-4" onSubmit={submit}>
        <fieldset className="grid gap-1.5">
          <legend className="pb-1 text-sm font-medium">{w.yours}</legend>
          <div className="flex gap-1">
            {[1, 2, 3, 4, 5].map((star) => (
              <label
                key={star}
                className="cursor-pointer rounded-sm has-focus-visible:outline-2 has-focus-visible:outline-action"
              >
                <input
                  type="radio"
                  name="rating"
                  className="only-heard"
                  aria-label={fill(w.stars, { n: star })}
                  checked={rating === star}
                  onChange={() => setRating(star)}
                />
                <Star
                  aria-hidden
                  size={24}
                  className={cn(star <= rating ? 'fill-warning text-warning' : 'text-strong')}
                />
              </label>
            ))}
          </div>
          {isTried && rating === 0 && (
            <p role="alert" className="text-sm text-error">
              {w.pick}
            </p>
          )}
        </fieldset>
        <Field label={w.text} isOptional error={fieldError(send.error, 'content')}>
          {(control) => (
            <Textarea
              {...control}
              maxLength={TEXT_CHARS_MAX}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        {send.error && <Failure error={send.error} isSmall />}
        <div>
          <Button type="submit" isBusy={send.isPending}>
            {w.send}
          </Button>
        </div>
      </form>
    </details>
  )
}
