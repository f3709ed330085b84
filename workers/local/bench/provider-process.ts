/** A process of its own for the provider stand-in, so that it takes no time from whoever measures. */
import { startProviders } from '../providers.ts'

const { openaiBaseUrl, anthropicBaseUrl, googleBaseUrl } = await startProviders({ port: 0 })
process.send?.({ openaiBaseUrl, anthropicBaseUrl, googleBaseUrl })
