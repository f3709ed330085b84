/** What was told to whom, and what was done in the platform's name. */
import { ago, all, DAYS, peopleOf, type Size } from './numbers.ts'
import { into, unindexed, type Step } from './steps.ts'

export function eventSteps(size: Size): [string, Step][] {
  const people = peopleOf(size)
  const webhooks = Math.ceil(people.developers / 4)
  const many = Math.ceil(size.logs / 20)
  return [
    [
      'webhooks',
      into(
        'webhooks',
        {
          id: `bench_id('webhook', n)`,
          user_id: `bench_id('developer', CASE WHEN n < 10 THEN 0 ELSE n END)`,
          url: `'https://hooks.example.com/' || n`,
          events: `'["quota.low"]'`,
          secret: `'bench:' || left(md5(n::text), 22)`,
        },
        all(webhooks),
      ),
    ],
    [
      'deliveries',
      unindexed(
        'webhook_deliveries',
        into(
          'webhook_deliveries',
          {
            id: `bench_id('delivery', n)`,
            webhook_id: `bench_id('webhook', CASE WHEN n % 3 = 0 THEN 0 ELSE n % ${webhooks} END)`,
            event_id: `bench_id('event', n)`,
            event_type: `CASE WHEN n % 40 = 0 THEN 'quota.low' ELSE 'call.completed' END`,
            body: `'{"type":"call.completed","data":{}}'`,
            state: `CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'delivered' END`,
            attempts: '1',
            created_at: ago(`30 * (1 - n::float / ${many})`),
            finished_at: ago(`30 * (1 - n::float / ${many})`),
          },
          all(many),
        ),
      ),
    ],
    [
      'attempts',
      unindexed(
        'webhook_attempts',
        into(
          'webhook_attempts',
          {
            delivery_id: `bench_id('delivery', n)`,
            round: '0',
            number: '1',
            at: ago(`30 * (1 - n::float / ${many})`),
            status: '200',
            latency_ms: '80',
          },
          all(many),
        ),
      ),
    ],
    ...(['developer', 'creator', 'admin'] as const).map((kind): [string, Step] => [
      `notifications of ${kind}s`,
      into(
        'notifications',
        {
          user_id: `bench_id('${kind}', CASE WHEN n % 20 = 0 THEN 0 ELSE n % ${people[`${kind}s`]} END)`,
          id: `bench_id('notification of ${kind}', n)`,
          type: `'quota.low'`,
          title: `'Little is left'`,
          body: `'Half of your calls are used up.'`,
          created_at: ago(`${DAYS} * (1 - n::float / ${many})`),
          read_at: 'CASE WHEN n % 4 > 0 THEN now() END',
        },
        all(kind === 'admin' ? Math.ceil(many / 100) : many),
      ),
    ]),
    [
      'audit log',
      unindexed(
        'audit_log',
        into(
          'audit_log',
          {
            id: `bench_id('audit', n)`,
            actor_id: `bench_id('admin', n % 3)`,
            actor_role: `'super_admin'`,
            action: `(ARRAY['user.suspend', 'user.activate', 'agent.stop', 'review.approve', 'flag.set'])[1 + n % 5]`,
            subject_type: `'user'`,
            subject_id: `bench_id('developer', n % ${people.developers})::text`,
            created_at: ago(`${DAYS} * (1 - n::float / ${many})`),
          },
          all(many),
        ),
      ),
    ],
    [
      'dead letters',
      into(
        'dead_letters',
        {
          id: `'letter-' || n`,
          queue: `'call-logs'`,
          body: `'{}'`,
          attempts: '5',
          sent_at: ago('n / 100.0'),
          received_at: ago('n / 100.0'),
        },
        all(2_000),
      ),
    ],
  ]
}
