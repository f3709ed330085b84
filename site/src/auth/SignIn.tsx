import { useEffect, useState } from 'react'
import { call } from '../api/client.ts'
import { signIn, startSession, type Me } from '../api/session.ts'
import { Field, Input } from '../ui/field.tsx'
import { auth } from '../words/auth.ts'
import { href, said } from '../words/words.ts'
import { Form, isEmail, useForm } from './form.tsx'
import { Password } from './Password.tsx'

const query = () => new URLSearchParams(location.search)

/** Where somebody goes after signing in: back to where they were, if that is one of our pages, or to their console. */
export function goOn(me: Me): void {
  const next = query().get('next')
  const isOurs = next !== null && /^\/(?![/\\])/.test(next)
  location.assign(isOurs ? next : href(me.user_type === 'admin' ? '/admin' : `/${me.user_type}`))
}

/** E-mail and password. Who is signed in already goes on at once. */
export function SignIn() {
  const w = said(auth)
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [isResent, setResent] = useState(false)
  useEffect(() => {
    const pass = async () => {
      const session = await startSession()
      if (session.status === 'in') goOn(session.me)
    }
    void pass()
  }, [])
  const state = useForm(
    () => ({
      email: email === '' ? w.emailMissing : isEmail(email) ? undefined : w.emailWrong,
      password: password === '' ? w.passwordMissing : undefined,
    }),
    async () => goOn(await signIn(email.trim(), password)),
    ['email', 'password'],
  )
  const resend = async () => {
    await call('POST /api/v1/auth/verify-email/resend', { body: { email: email.trim() }, isPublic: true }).catch(
      () => undefined,
    )
    setResent(true)
  }
  return (
    <div className="grid gap-6">
      <h1 className="text-3xl">{w.signIn.title}</h1>
      {query().has('next') && <p className="text-soft">{w.signIn.ended}</p>}
      <Form state={state} action={w.signIn.action}>
        <Field label={w.email} error={state.problems['email']}>
          {(control) => (
            <Input
              {...control}
              name="email"
              type="email"
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
              className="h-11"
            />
          )}
        </Field>
        <Password
          label={w.password}
          value={password}
          onChange={setPassword}
          error={state.problems['password']}
          autoComplete="current-password"
        />
      </Form>
      <div className="grid gap-1.5 text-base text-soft">
        <a href={href('/forgot')}>{w.signIn.forgot}</a>
        <span>
          {w.noAccount} <a href={href(`/register${location.search}`)}>{w.register.title}</a>
        </span>
        {state.error !== undefined &&
          isEmail(email) &&
          (isResent ? (
            <span role="status">{w.signIn.resent}</span>
          ) : (
            <span>
              {w.signIn.unverified}
              <button
                type="button"
                className="cursor-pointer rounded-sm text-action underline underline-offset-3"
                onClick={() => void resend()}
              >
                {w.signIn.resend}
              </button>
            </span>
          ))}
      </div>
    </div>
  )
}
