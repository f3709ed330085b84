/**
 * Worker code: the least that a gateway on this platform can do. It reads the request's body, asks the provider and lets
 * the runtime pass the answer's body on untouched. It knows no key, counts nothing and looks at nothing.
 */
export default {
  async fetch(request: Request, env: { UPSTREAM: string }): Promise<Response> {
    const body = await request.text()
    return fetch(env.UPSTREAM, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: request.headers.get('authorization') ?? '' },
      body,
    })
  },
}
