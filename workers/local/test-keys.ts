/** The keys that the payment stand-ins and the Worker of a test run share. */
export const TEST_STRIPE = {
  secretKey: 'sk_test_of_the_test_run',
  webhookSecrets: { current: 'whsec_of_the_test_run', previous: 'whsec_before_the_test_run' },
}
