/** Who is in the market, where they are signed in, and their keys. */
import { hashKey, prefixOf } from '../../keys/key-format.ts'
import { ago, all, DAYS, peopleOf, WORDS, type Size } from './numbers.ts'
import { inTurn, into, type Step } from './steps.ts'

/** Of developer 0, beyond their first. */
export const KEYS_MORE = 40
const SESSIONS_MORE = 40
const ROLES = `(ARRAY['super_admin', 'moderator', 'support'])[1 + n]`

/** `key` is that of developer 0. */
export function peopleSteps(size: Size, key: string): [string, Step][] {
  const people = peopleOf(size)
  return [
    [
      'people',
      inTurn(
        person('creator', 'creator', people.creators),
        person('developer', 'developer', people.developers),
        person('visitor', 'developer', people.visitors),
        person('admin', 'admin', people.admins, ROLES),
      ),
    ],
    [
      'sessions',
      inTurn(
        ...(['creator', 'developer', 'visitor', 'admin'] as const).map((kind) => session(kind, people[`${kind}s`])),
        session('further', SESSIONS_MORE, '0'),
      ),
    ],
    [
      'profiles',
      inTurn(
        into(
          'creator_profiles',
          {
            user_id: `bench_id('creator', n)`,
            display_name: `initcap(bench_word('${WORDS.trait}', n)) || ' Studio ' || n`,
          },
          all(people.creators),
        ),
        into(
          'developer_profiles',
          { user_id: `bench_id('developer', n)`, display_name: `'Developer ' || n` },
          all(people.developers),
        ),
      ),
    ],
    [
      'keys',
      inTurn(
        into(
          'api_keys',
          {
            id: `bench_id('key', n)`,
            user_id: `bench_id('developer', n)`,
            key_hash: `CASE n WHEN 0 THEN '${hashKey(key)}' ELSE md5('a' || n) || md5('b' || n) END`,
            key_prefix: `'${prefixOf(key)}'`,
            name: `'Key ' || n`,
          },
          all(people.developers),
        ),
        into(
          'api_keys',
          {
            id: `bench_id('further key', n)`,
            user_id: `bench_id('developer', 0)`,
            key_hash: `md5('c' || n) || md5('d' || n)`,
            key_prefix: `'ak_bench'`,
            name: `'Further key ' || n`,
          },
          all(KEYS_MORE),
        ),
      ),
    ],
  ]
}

function person(kind: string, type: string, count: number, role = 'NULL'): Step {
  return into(
    'users',
    {
      id: `bench_id('${kind}', n)`,
      email: `'${kind}-' || n || '@bench.test'`,
      password_hash: `'none'`,
      user_type: `'${type}'`,
      admin_role: role,
      email_verified: 'TRUE',
      status: type === 'admin' ? `'active'` : `CASE WHEN n % 50 = 49 THEN 'suspended' ELSE 'active' END`,
      created_at: ago(`${DAYS} * (1 - n::float / ${count})`),
    },
    all(count),
  )
}

/** Sessions of each of a kind, or further ones of a developer. */
function session(kind: string, count: number, developer?: string): Step {
  return into(
    'sessions',
    {
      id: `bench_id('${kind} session', n)`,
      user_id: developer === undefined ? `bench_id('${kind}', n)` : `bench_id('developer', ${developer})`,
      expires_at: ago('-365'),
      last_used_at: ago('n / 1000.0'),
    },
    all(count),
  )
}
