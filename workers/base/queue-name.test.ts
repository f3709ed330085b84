import { expect, test } from 'vitest'
import { queueName } from './queue-name.ts'

test('a queue is known by one name in every environment', () => {
  expect(['mails', 'mails-staging', 'mails-production'].map(queueName)).toEqual(['mails', 'mails', 'mails'])
  expect(queueName('webhook-deliveries-slow-dead-staging')).toBe('webhook-deliveries-slow-dead')
  expect(queueName('staging-mails')).toBe('staging-mails')
})
