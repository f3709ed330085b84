import { call, type Answer } from '../api/client.ts'
import { refresh, useMe, useRoute } from '../api/query.ts'
import { reloadMe } from '../api/session.ts'
import { FormError, useForm } from '../consoles/form.tsx'
import { Loaded } from '../consoles/loaded.tsx'
import { Console } from '../layouts/Console.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Field, Input, Textarea } from '../ui/field.tsx'
import { PageHead } from '../ui/figures.tsx'
import { toast } from '../ui/toast.tsx'
import { account } from '../words/account.ts'
import { said } from '../words/words.ts'
import { Picture } from './Picture.tsx'

const WEB = /^https?:\/\/[^\s]+$/

/** Who one is, as others see it. */
export function Profile() {
  return (
    <Console place="account">
      <Page />
    </Console>
  )
}

function Page() {
  const w = said(account).profile
  const me = useMe()
  return (
    <>
      <PageHead title={w.title} lead={w.lead[me.user_type]} />
      <div className="grid max-w-xl gap-8">
        <div className="grid gap-1">
          <span className="text-sm font-medium">{w.email}</span>
          <span className="flex flex-wrap items-center gap-2">
            {me.email}
            <Badge tone={me.email_verified ? 'good' : 'warn'} hasDot>
              {me.email_verified ? w.verified : w.notVerified}
            </Badge>
          </span>
          <span className="text-sm text-soft">{w.emailNote}</span>
        </div>
        {me.user_type === 'creator' ? <Creator /> : me.user_type === 'developer' ? <Developer /> : <p>{w.nothing}</p>}
      </div>
    </>
  )
}

function Creator() {
  const me = useRoute('GET /api/v1/creators/me', {})
  return (
    <Loaded query={me}>
      {(profile) => (
        <>
          <Picture url={profile.avatar_url} />
          <CreatorForm profile={profile} />
        </>
      )}
    </Loaded>
  )
}

function CreatorForm({ profile }: { profile: Answer<'GET /api/v1/creators/me'> }) {
  const w = said(account).profile
  const form = useForm(
    { name: profile.display_name, bio: profile.bio ?? '', website: profile.website ?? '' },
    {
      check: ({ name, website }) => ({
        name: name.trim() === '' ? w.nameMissing : undefined,
        website: website.trim() === '' || WEB.test(website.trim()) ? undefined : w.websiteShape,
      }),
      send: async ({ name, bio, website }) => {
        const body = { display_name: name.trim(), bio: bio.trim() || null, website: website.trim() || null }
        await call('PUT /api/v1/creators/me', { body })
        await saved('GET /api/v1/creators/me')
      },
    },
  )
  const { values, set, problem } = form
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-5">
      <Field label={w.name} error={problem('name', 'display_name')}>
        {(control) => (
          <Input
            {...control}
            autoComplete="name"
            value={values.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label={w.bio} error={problem('bio')} isOptional>
        {(control) => (
          <Textarea
            {...control}
            maxLength={2_000}
            value={values.bio}
            onChange={(event) => set({ bio: event.target.value })}
          />
        )}
      </Field>
      <Field label={w.website} hint={w.websiteHint} error={problem('website')} isOptional>
        {(control) => (
          <Input
            {...control}
            type="url"
            autoComplete="url"
            value={values.website}
            onChange={(event) => set({ website: event.target.value })}
          />
        )}
      </Field>
      <FormError form={form} />
      <Button type="submit" look="main" className="justify-self-start" isBusy={form.isBusy}>
        {w.save}
      </Button>
    </form>
  )
}

function Developer() {
  const me = useRoute('GET /api/v1/developers/me', {})
  return <Loaded query={me}>{(profile) => <DeveloperForm profile={profile} />}</Loaded>
}

function DeveloperForm({ profile }: { profile: Answer<'GET /api/v1/developers/me'> }) {
  const w = said(account).profile
  const form = useForm(
    { name: profile.display_name ?? '', company: profile.company ?? '' },
    {
      send: async ({ name, company }) => {
        const body = { display_name: name.trim() || null, company: company.trim() || null }
        await call('PUT /api/v1/developers/me', { body })
        await saved('GET /api/v1/developers/me')
      },
    },
  )
  const { values, set, problem } = form
  return (
    <form ref={form.ref} onSubmit={form.onSubmit} noValidate className="grid gap-5">
      <Field label={w.name} error={problem('name', 'display_name')} isOptional>
        {(control) => (
          <Input
            {...control}
            autoComplete="name"
            value={values.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label={w.company} error={problem('company')} isOptional>
        {(control) => (
          <Input
            {...control}
            autoComplete="organization"
            value={values.company}
            onChange={(event) => set({ company: event.target.value })}
          />
        )}
      </Field>
      <FormError form={form} />
      <Button type="submit" look="main" className="justify-self-start" isBusy={form.isBusy}>
        {w.save}
      </Button>
    </form>
  )
}

/** The head shows the name, so it is read anew as well. */
async function saved(route: 'GET /api/v1/creators/me' | 'GET /api/v1/developers/me'): Promise<void> {
  refresh(route)
  toast(said(account).profile.saved)
  await reloadMe()
}
