/** Fills the ledger of one call with real figures. */
import { call } from '../api/client.ts'
import { onChosen } from '../live/published.ts'
import { part } from '../ui/dom.ts'
import { dollars } from '../ui/format.ts'
import { landing } from '../words/landing.ts'
import { fill, said } from '../words/words.ts'

const FEE = 0.2

/** Follows the agent that is chosen in the live box. */
export function creators(root: HTMLElement): void {
  const w = said(landing).creators
  onChosen((agent) => {
    const price = Number(agent.price_per_call)
    part(root, 'of', HTMLElement).textContent = fill(w.of, { name: agent.name })
    part(root, 'price', HTMLElement).textContent = dollars(price)
    part(root, 'fee', HTMLElement).textContent = dollars(-price * FEE)
    part(root, 'earned', HTMLElement).textContent = dollars(price * (1 - FEE))
  })
  void chain()

  async function chain(): Promise<void> {
    const status = await call('GET /api/v1/chain/status', { isPublic: true }).catch(() => undefined)
    if (!status) return
    part(root, 'network', HTMLElement).textContent = fill(w.chain, { network: status.chain.name })
    if (status.chain.explorer === null) return
    const link = part(root, 'contract', HTMLAnchorElement)
    link.href = `${status.chain.explorer}/address/${status.settlement}`
    link.textContent = status.settlement
    link.title = w.contract
    link.hidden = false
  }
}
