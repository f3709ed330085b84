import { useState } from 'react'
import { call } from '../api/client.ts'
import { Button } from '../ui/button.tsx'
import { Field, Input } from '../ui/field.tsx'
import { auth } from '../words/auth.ts'
import { fill, href, said } from '../words/words.ts'
import { Form, isEmail, useForm } from './form.tsx'
import { Password, PASSWORD_CHARS_MIN } from './Password.tsx'

type Type = 'developer' | 'creator'

/** A new account of a developer or a creator; then the mail decides. */
export function Register() {
  const w = said(auth)
  const [type, setType] = useState<Type>(
    new URLSearchParams(location.search).get('as') === 'creator' ? 'creator' : 'developer',
  )
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [name, setName] = useState('')
  const [isSent, setSent] = useState(false)
  const left = PASSWORD_CHARS_MIN - password.length
  const state = useForm(
    () => ({
      display_name: type === 'creator' && name.trim() === '' ? w.nameMissing : undefined,
      email: email === '' ? w.emailMissing : isEmail(email) ? undefined : w.emailWrong,
      password: password === '' ? w.passwordMissing : left > 0 ? fill(w.passwordShort, { left }) : undefined,
    }),
    async () => {
      const body = { email: email.trim(), password }
      await call('POST /api/v1/auth/register', {
        body:
          type === 'creator'
            ? { ...body, user_type: 'creator', display_name: name.trim() }
            : { ...body, user_type: 'developer', ...(name.trim() === '' ? {} : { display_name: name.trim() }) },
        isPublic: true,
      })
      setSent(true)
    },
    ['display_name', 'email', 'password'],
  )
  if (isSent) return <Sent email={email.trim()} onChange={() => setSent(false)} />
  return (
    <div className="grid gap-6">
      <div className="grid gap-1">
        <h1 className="text-3xl">{w.register.title}</h1>
        <p className="text-soft">{w.register.lead}</p>
      </div>
      <Form state={state} action={w.register.action}>
        <fieldset className="grid gap-1.5">
          <legend className="pb-1.5 text-sm font-medium">{w.register.as}</legend>
          <div className="grid grid-cols-2 gap-2">
            <Choice
              value="developer"
              chosen={type}
              onChoose={setType}
              label={w.register.developer}
              hint={w.register.developerHint}
            />
            <Choice
              value="creator"
              chosen={type}
              onChoose={setType}
              label={w.register.creator}
              hint={w.register.creatorHint}
            />
          </div>
        </fieldset>
        <Field
          label={type === 'creator' ? w.publicName : w.name}
          isOptional={type === 'developer'}
          hint={type === 'creator' ? w.publicNameHint : undefined}
          error={state.problems['display_name']}
        >
          {(control) => (
            <Input
              {...control}
              name="display_name"
              autoComplete="name"
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
              className="h-11"
            />
          )}
        </Field>
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
          hint={w.passwordHint}
          autoComplete="new-password"
        />
      </Form>
      <p className="text-base text-soft">
        {w.haveAccount} <a href={href(`/login${location.search}`)}>{w.signIn.title}</a>
      </p>
    </div>
  )
}

function Choice({
  value,
  chosen,
  onChoose,
  label,
  hint,
}: {
  value: Type
  chosen: Type
  onChoose: (type: Type) => void
  label: string
  hint: string
}) {
  return (
    <label className="grid cursor-pointer content-start gap-1 rounded-md border border-strong bg-sheet p-3 has-checked:border-action has-checked:bg-tint has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-action">
      <input
        type="radio"
        name="user_type"
        className="only-heard"
        checked={chosen === value}
        onChange={() => onChoose(value)}
      />
      <span className="text-base font-medium">{label}</span>
      <span className="text-sm text-soft">{hint}</span>
    </label>
  )
}

function Sent({ email, onChange }: { email: string; onChange: () => void }) {
  const w = said(auth).register
  const [isAgain, setAgain] = useState(false)
  const again = async () => {
    await call('POST /api/v1/auth/verify-email/resend', { body: { email }, isPublic: true }).catch(() => undefined)
    setAgain(true)
  }
  return (
    <div className="grid gap-4" role="status">
      <h1 className="text-3xl">{w.sentTitle}</h1>
      <p>{fill(w.sent, { email })}</p>
      <div className="flex flex-wrap items-center gap-3 text-base text-soft">
        {isAgain ? (
          w.sentAgain
        ) : (
          <>
            {w.nothing}
            <Button size="s" onClick={() => void again()}>
              {w.again}
            </Button>
          </>
        )}
        <Button look="quiet" size="s" onClick={onChange}>
          {w.wrong}
        </Button>
      </div>
    </div>
  )
}
