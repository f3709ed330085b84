/** The keys that the payment stand-ins and the Worker of a test run share. */
export const TEST_STRIPE = {
  secretKey: 'sk_test_of_the_test_run',
  webhookSecrets: { current: 'whsec_of_the_test_run', previous: 'whsec_before_the_test_run' },
}

export const TEST_COINBASE = {
  keyId: 'key-of-the-test-run',
  keySecret: 'zB6lObzrYGwt49ARAjk6cbUr/+JeyE4XqyQZ+8m4NFE6MkA+msx8/yz1LI36L83OYe7NyRQQBwwJ4ZfNHo3lZQ==',
  webhookSecrets: { current: 'coinbase secret of the test run', previous: 'coinbase secret before the test run' },
}
