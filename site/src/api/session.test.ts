import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const ME = { id: '1', email: 'ana@example.com', user_type: 'developer', admin_role: null }
const SIGNED_IN = { access_token: 'token-1', token_type: 'Bearer', expires_in: 900, user: ME }
const refused = (status: number, code: string) => () => Response.json({ error: { code, message: 'no' } }, { status })

class Storage {
  readonly kept = new Map<string, string>()
  getItem = (name: string) => this.kept.get(name) ?? null
  setItem = (name: string, value: string) => void this.kept.set(name, value)
  removeItem = (name: string) => void this.kept.delete(name)
  clear = () => this.kept.clear()
}

let storage: Storage
let tab: Storage
beforeEach(() => {
  vi.resetModules()
  storage = new Storage()
  tab = new Storage()
  vi.stubGlobal('localStorage', storage)
  vi.stubGlobal('sessionStorage', tab)
  vi.stubGlobal('BroadcastChannel', undefined)
})
afterEach(() => vi.unstubAllGlobals())

/** The session, with an API that gives these answers in turn; the last one stays. */
async function sessionWith(...answers: (() => Response)[]) {
  let next = 0
  const asked = vi.fn((_url: string, _init?: RequestInit) => {
    const answer = answers[Math.min(next, answers.length - 1)]
    next += 1
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('unreachable'))
  })
  vi.stubGlobal('fetch', asked)
  return { ...(await import('./session.ts')), asked }
}

test('who never signed in costs the API nothing', async () => {
  const { startSession, asked } = await sessionWith(() => Response.json(SIGNED_IN))
  expect((await startSession()).status).toBe('out')
  expect(asked).not.toHaveBeenCalled()
})

test('who was signed in is so again, by one request however many ask', async () => {
  storage.setItem('agentlink.signed-in', '1')
  const { startSession, accessToken, asked } = await sessionWith(() => Response.json(SIGNED_IN))
  const [session, token] = await Promise.all([startSession(), accessToken()])
  expect(session).toMatchObject({ status: 'in', me: ME })
  expect(token).toBe('token-1')
  expect(asked).toHaveBeenCalledTimes(1)
  expect(asked.mock.calls[0]?.[1]).toMatchObject({ credentials: 'include' })
})

test('a refresh that another tab was faster with is asked again', async () => {
  storage.setItem('agentlink.signed-in', '1')
  const { startSession, asked } = await sessionWith(refused(409, '40911'), () => Response.json(SIGNED_IN))
  expect((await startSession()).status).toBe('in')
  expect(asked).toHaveBeenCalledTimes(2)
})

test('a refused refresh signs out, and what the tab kept goes', async () => {
  storage.setItem('agentlink.signed-in', '1')
  tab.setItem('agentlink.playground-key', 'ak_x')
  const { startSession } = await sessionWith(refused(401, '40101'))
  expect((await startSession()).status).toBe('out')
  expect(storage.kept.size + tab.kept.size).toBe(0)
})

test('an API that does not answer signs nobody out', async () => {
  storage.setItem('agentlink.signed-in', '1')
  const { startSession } = await sessionWith()
  expect((await startSession()).status).toBe('unknown')
  expect(storage.getItem('agentlink.signed-in')).toBe('1')
})

test('signing out holds even if the API fails', async () => {
  const { signIn, signOut, currentSession } = await sessionWith(() => Response.json(SIGNED_IN), refused(500, '50001'))
  await signIn('ana@example.com', 'a sentence that is long')
  expect(currentSession().status).toBe('in')
  await expect(signOut()).rejects.toMatchObject({ code: '50001' })
  expect(currentSession().status).toBe('out')
})
