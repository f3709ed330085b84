import { Star } from 'lucide-react'
import { useState } from 'react'
import { call, type Item } from '../api/client.ts'
import { refresh, usePages, useRoute } from '../api/query.ts'
import { useUrl } from '../api/url.ts'
import { AgentName } from '../consoles/agent-name.tsx'
import { FormError, useForm } from '../consoles/form.tsx'
import { useFresh } from '../consoles/live.ts'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Button } from '../ui/button.tsx'
import { cn } from '../ui/cn.ts'
import { Confirm } from '../ui/dialog.tsx'
import { Field, Textarea } from '../ui/field.tsx'
import { Ago, PageHead } from '../ui/figures.tsx'
import { Select } from '../ui/select.tsx'
import { Empty } from '../ui/state.tsx'
import { Pages } from '../ui/table.tsx'
import { toast } from '../ui/toast.tsx'
import { common } from '../words/common.ts'
import { reviews } from '../words/reviews.ts'
import { fill, said } from '../words/words.ts'

type Review = Item<'GET /api/v1/creators/me/reviews'>
const LIST = 'GET /api/v1/creators/me/reviews'
const STARS = [1, 2, 3, 4, 5]

/** What developers say of the agents, and the creator's replies. */
export function Reviews() {
  return (
    <Console place="creator">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(reviews)
  const [url, change] = useUrl()
  const pages = usePages()
  const agentId = url.get('agent') ?? undefined
  const list = useRoute(
    LIST,
    { query: { limit: 20, cursor: pages.cursor, agent_id: agentId } },
    { keepsPrevious: true },
  )
  const agents = useRoute('GET /api/v1/agents', { query: { limit: 100 } })
  useFresh(['review.'], [LIST])
  return (
    <>
      <PageHead
        title={w.title}
        lead={w.lead}
        actions={
          <Select
            aria-label={w.agent}
            className="w-56"
            value={agentId ?? 'all'}
            options={[
              { value: 'all', label: w.allAgents },
              ...(agents.data?.items.map(({ id, name }) => ({ value: id, label: name })) ?? []),
            ]}
            onChange={(value) => {
              pages.first()
              change({ agent: value === 'all' ? undefined : value })
            }}
          />
        }
      />
      <Loaded query={list}>
        {({ items, next_cursor: next }) =>
          items.length === 0 ? (
            <Empty title={w.empty}>{w.emptyWhy}</Empty>
          ) : (
            <div>
              <ul className={cn('divide-y divide-line border-y border-line', list.isPlaceholderData && 'opacity-60')}>
                {items.map((review) => (
                  <One key={review.id} review={review} />
                ))}
              </ul>
              <Pages
                page={pages.page}
                hasNext={next !== null}
                onFirst={pages.first}
                onPrevious={pages.previous}
                onNext={() => next !== null && pages.next(next)}
              />
            </div>
          )
        }
      </Loaded>
    </>
  )
}

function One({ review }: { review: Review }) {
  const w = said(reviews)
  const [isWriting, setWriting] = useState(false)
  const [isAsking, setAsking] = useState(false)
  return (
    <li className="grid gap-3 py-5 grid-cols-[minmax(0,1fr)] md:grid-cols-[14rem_minmax(0,1fr)] md:gap-8">
      <div className="grid content-start gap-1.5">
        <span role="img" aria-label={fill(w.stars, { n: review.rating })} className="flex gap-0.5">
          {STARS.map((star) => (
            <Star
              key={star}
              aria-hidden
              size={16}
              className={star <= review.rating ? 'fill-action text-action' : 'text-line'}
            />
          ))}
        </span>
        <AgentName id={review.agent_id} name={review.agent_name} />
        <span className="text-sm text-soft">
          <Ago at={review.created_at} />
          {review.edited_at !== null && ` · ${w.edited}`}
        </span>
      </div>
      <div className="grid min-w-0 content-start gap-3">
        <p className={cn('wrap-anywhere whitespace-pre-line', review.content === null && 'text-soft')}>
          {review.content ?? w.noText}
        </p>
        {isWriting ? (
          <ReplyForm review={review} onClose={() => setWriting(false)} />
        ) : review.reply ? (
          <div className="grid gap-1 border-l-2 border-line pl-4">
            <span className="text-sm text-soft">
              {w.yourReply} · <Ago at={review.reply.created_at} />
            </span>
            <p className="wrap-anywhere whitespace-pre-line">{review.reply.content}</p>
            <div className="flex gap-1 pt-1">
              <Button size="s" look="quiet" className="-ml-3" onClick={() => setWriting(true)}>
                {w.edit}
              </Button>
              <Button size="s" look="quiet" onClick={() => setAsking(true)}>
                {w.remove}
              </Button>
            </div>
          </div>
        ) : (
          <Button size="s" className="justify-self-start" onClick={() => setWriting(true)}>
            {w.reply}
          </Button>
        )}
      </div>
      <Confirm
        isOpen={isAsking}
        onOpenChange={setAsking}
        title={w.removeTitle}
        will={[w.removeWill]}
        action={w.remove}
        onConfirm={async () => {
          await call('DELETE /api/v1/reviews/{id}/reply', { params: { id: review.id } })
          refresh(LIST)
          toast(w.removed)
        }}
      />
    </li>
  )
}

function ReplyForm({ review, onClose }: { review: Review; onClose: () => void }) {
  const w = said(reviews)
  const form = useForm(
    { content: review.reply?.content ?? '' },
    {
      check: ({ content }) => ({ content: content.trim() === '' ? w.missing : undefined }),
      send: async ({ content }) => {
        const asked = { params: { id: review.id }, body: { content: content.trim() } }
        if (review.reply) await call('PUT /api/v1/reviews/{id}/reply', asked)
        else await call('POST /api/v1/reviews/{id}/reply', asked)
        refresh(LIST)
        toast(w.sent)
        onClose()
      },
    },
  )
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-3">
      <Field label={w.label} error={form.problem('content')}>
        {(control) => (
          <Textarea
            {...control}
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- opened by the button that it stands in the place of
            autoFocus
            value={form.values.content}
            onChange={(event) => form.set({ content: event.target.value })}
          />
        )}
      </Field>
      <FormError form={form} />
      <div className="flex gap-2">
        <Button type="submit" look="main" size="s" isBusy={form.isBusy}>
          {w.send}
        </Button>
        <Button size="s" onClick={onClose}>
          {said(common).cancel}
        </Button>
      </div>
    </form>
  )
}
