import { useEffect, useState } from 'react'
import { call } from '../api/client.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { auth } from '../words/auth.ts'
import { fill, href, said } from '../words/words.ts'
import { Form, isEmail, useForm } from './form.tsx'
import { Password, PASSWORD_CHARS_MIN } from './Password.tsx'

/** Has the mail sent. */
export function Forgot() {
  const w = said(auth)
  const [email, setEmail] = useState('')
  const [isSent, setSent] = useState(false)
  const state = useForm(
    () => ({ email: email === '' ? w.emailMissing : isEmail(email) ? undefined : w.emailWrong }),
    async () => {
      await call('POST /api/v1/auth/password/forgot', { body: { email: email.trim() }, isPublic: true })
      setSent(true)
    },
    ['email'],
  )
  return (
    <div className="grid gap-6">
      <div className="grid gap-1">
        <h1 className="text-3xl">{w.forgot.title}</h1>
        <p className="text-soft">{w.forgot.lead}</p>
      </div>
      {isSent ? (
        <p role="status">{fill(w.forgot.sent, { email: email.trim() })}</p>
      ) : (
        <Form state={state} action={w.forgot.action}>
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
        </Form>
      )}
      <a className="text-base" href={href('/login')}>
        {w.signIn.title}
      </a>
    </div>
  )
}

/** Where the link of that mail leads. */
export function Reset() {
  const w = said(auth)
  const [token, setToken] = useState<string | null>(() => new URLSearchParams(location.search).get('token'))
  const [password, setPassword] = useState('')
  const left = PASSWORD_CHARS_MIN - password.length
  useEffect(() => history.replaceState(null, '', location.pathname), [])
  const state = useForm(
    () => ({ password: password === '' ? w.passwordMissing : left > 0 ? fill(w.passwordShort, { left }) : undefined }),
    async () => {
      await call('POST /api/v1/auth/password/reset', { body: { token: token ?? '', password }, isPublic: true })
      setToken('')
    },
    ['password'],
  )
  return (
    <div className="grid gap-6">
      <div className="grid gap-1">
        <h1 className="text-3xl">{w.reset.title}</h1>
        {token !== '' && <p className="text-soft">{token === null ? w.verify.noToken : w.reset.lead}</p>}
      </div>
      {token === '' && <p role="status">{w.reset.done}</p>}
      {token !== null && token !== '' && (
        <Form state={state} action={w.reset.action}>
          <Password
            label={w.newPassword}
            value={password}
            onChange={setPassword}
            error={state.problems['password']}
            hint={w.passwordHint}
            autoComplete="new-password"
          />
        </Form>
      )}
      <Button asChild look={token === '' ? 'main' : 'plain'}>
        <a href={href(token === null ? '/forgot' : '/login')}>{token === null ? w.forgot.title : w.signIn.title}</a>
      </Button>
    </div>
  )
}
