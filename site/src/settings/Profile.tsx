import { useState, type FormEvent, type ReactNode } from 'react'
import { useChange, useMe, useRoute } from '../api/query.ts'
import { reloadMe } from '../api/session.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input, Textarea } from '../ui/field.tsx'
import { Section } from '../ui/figures.tsx'
import { Failure, fieldError, SkeletonRows } from '../ui/state.tsx'
import { toast } from '../ui/toast.tsx'
import { settings } from '../words/settings.ts'
import { said } from '../words/words.ts'

/** What a developer says of themselves. */
export function DeveloperProfile() {
  const w = said(settings).profile
  const { data, error, refetch } = useRoute('GET /api/v1/developers/me', {})
  const change = useChange('PUT /api/v1/developers/me', ['GET /api/v1/developers/me'])
  const [typed, setTyped] = useState<{ display_name?: string; company?: string }>({})
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={3} />
  const save = () =>
    change.mutateAsync({
      body: {
        display_name: typed.display_name?.trim() ?? data.display_name,
        company: typed.company?.trim() ?? data.company,
      },
    })
  return (
    <Profile onSave={save} isBusy={change.isPending} error={change.error}>
      <Field label={w.name} error={fieldError(change.error, 'display_name')}>
        {(control) => (
          <Input
            {...control}
            maxLength={100}
            value={typed.display_name ?? data.display_name ?? ''}
            onChange={(event) => setTyped({ ...typed, display_name: event.target.value })}
          />
        )}
      </Field>
      <Field label={w.company} isOptional error={fieldError(change.error, 'company')}>
        {(control) => (
          <Input
            {...control}
            maxLength={100}
            value={typed.company ?? data.company ?? ''}
            onChange={(event) => setTyped({ ...typed, company: event.target.value })}
          />
        )}
      </Field>
    </Profile>
  )
}

/** What people see of a creator. */
export function CreatorProfile() {
  const w = said(settings).profile
  const { data, error, refetch } = useRoute('GET /api/v1/creators/me', {})
  const change = useChange('PUT /api/v1/creators/me', ['GET /api/v1/creators/me'])
  const [typed, setTyped] = useState<{ display_name?: string; bio?: string; website?: string }>({})
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={3} />
  const save = () =>
    change.mutateAsync({
      body: {
        display_name: typed.display_name?.trim() ?? data.display_name,
        bio: (typed.bio ?? data.bio ?? '').trim() || null,
        website: (typed.website ?? data.website ?? '').trim() || null,
      },
    })
  return (
    <Profile onSave={save} isBusy={change.isPending} error={change.error}>
      <Field label={w.publicName} error={fieldError(change.error, 'display_name')}>
        {(control) => (
          <Input
            {...control}
            maxLength={100}
            value={typed.display_name ?? data.display_name}
            onChange={(event) => setTyped({ ...typed, display_name: event.target.value })}
          />
        )}
      </Field>
      <Field label={w.bio} isOptional hint={w.bioHint} error={fieldError(change.error, 'bio')}>
        {(control) => (
          <Textarea
            {...control}
            maxLength={1_000}
            value={typed.bio ?? data.bio ?? ''}
            onChange={(event) => setTyped({ ...typed, bio: event.target.value })}
          />
        )}
      </Field>
      <Field label={w.website} isOptional error={fieldError(change.error, 'website')}>
        {(control) => (
          <Input
            {...control}
            type="url"
            maxLength={200}
            value={typed.website ?? data.website ?? ''}
            onChange={(event) => setTyped({ ...typed, website: event.target.value })}
          />
        )}
      </Field>
    </Profile>
  )
}

type Props = { onSave: () => Promise<unknown>; isBusy: boolean; error: unknown; children: ReactNode }

function Profile({ onSave, isBusy, error, children }: Props) {
  const w = said(settings).profile
  const { email } = useMe()
  const save = async () => {
    try {
      await onSave()
      toast(w.saved)
      await reloadMe()
    } catch {
      // The reason stands in the form.
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void save()
  }
  return (
    <Section title={w.title}>
      <form className="grid max-w-xl gap-4" onSubmit={submit}>
        {children}
        <Field label={w.email} hint={w.emailHint}>
          {(control) => <Input {...control} value={email} disabled />}
        </Field>
        {error !== null && <Failure error={error} isSmall />}
        <div>
          <Button type="submit" look="main" isBusy={isBusy}>
            {w.save}
          </Button>
        </div>
      </form>
    </Section>
  )
}
