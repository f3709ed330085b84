/** The parties that take money, by the name of the method; and which of them can be used at this moment. */
import { AppError } from '../base/errors.ts'
import { flags } from '../base/flags.ts'
import { coinbase } from './coinbase.ts'
import { stripe } from './stripe.ts'
import type { Bindings } from '../env.ts'
import type { Method, Provider } from './provider.ts'

const PROVIDERS: Record<Method, Provider> = { stripe, coinbase }
export const METHODS = Object.keys(PROVIDERS) as [Method, ...Method[]]

export function providerOf(method: Method): Provider {
  return PROVIDERS[method]
}

/** The ways to pay that are open to new payments. */
export async function openMethods(env: Bindings): Promise<Method[]> {
  const { enable_crypto_payments } = await flags(env)
  return METHODS.filter((method) => PROVIDERS[method].isOn(env) && (method !== 'coinbase' || enable_crypto_payments))
}

/** The provider for a new payment. Throws `paymentMethodOff`, naming what can be used instead. */
export async function openProvider(env: Bindings, method: Method): Promise<Provider> {
  const available = await openMethods(env)
  if (!available.includes(method)) throw new AppError('paymentMethodOff', { details: { method, available } })
  return PROVIDERS[method]
}
