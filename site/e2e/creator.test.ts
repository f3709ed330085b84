/** Somebody who writes prompts: from a draft to dollars that a chain has paid. */
import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, test } from 'vitest'
import { apiAs, eventually } from './api.ts'
import { newAccount } from './new-account.ts'
import { profile, theStack, watch, type Watched } from './world.ts'

/** EIP-1193: whoever was asked said no. */
const REFUSED = 4001
const PRICE = '12.5'
const DOCUMENT = `# Parcels

## Returns

A parcel from Svalbard may be sent back within 41 days of the day on which it arrived.

## Opening hours

The counter is open from nine to four, on weekdays.
`
const QUESTION = 'Until when can a parcel from Svalbard be returned?'
const agentName = `Parcel Clerk ${randomUUID().slice(0, 4)}`
const wallet = privateKeyToAccount(generatePrivateKey())
/** How the wallet in the browser answers. */
let isWilling = false

let creator: Watched
let agentId = ''
let me: Awaited<ReturnType<typeof apiAs>>
beforeAll(async () => {
  const account = await newAccount(await theStack(), { user_type: 'creator', display_name: 'Nora Vik' })
  me = await apiAs(await theStack(), account)
  const context = await profile(account)
  await context.exposeFunction('e2eWallet', answerAsWallet)
  await context.addInitScript(() => {
    const { e2eWallet } = globalThis as unknown as {
      e2eWallet: (asked: object) => Promise<{ result: unknown } | { code: number }>
    }
    Object.assign(globalThis, {
      ethereum: {
        request: async (asked: object) => {
          const answer = await e2eWallet(asked)
          if ('result' in answer) return answer.result
          throw Object.assign(new Error('The user said no.'), answer)
        },
      },
    })
  })
  creator = await watch(context)
})

test('a draft is asked for what is missing, keeps what was typed, and is saved', async () => {
  const { page, go, settled, complaints } = creator
  await go('/creator/agents/new')
  const [prompt, price] = [page.getByLabel('The system prompt'), page.getByLabel('Dollars a call')]
  await price.fill('0.0000001')
  await prompt.fill('Answer as the clerk of a parcel counter, from the documents alone, in one sentence.')
  await page.getByRole('button', { name: 'Save as a draft' }).click()
  await page.getByText('Give it a name.').waitFor()
  await page.getByText('A price is 0.001 to 100 dollars with at most six decimals.').waitFor()
  await expect
    .poll(() => page.getByLabel('Name', { exact: true }).evaluate((field) => field === document.activeElement))
    .toBe(true)
  expect(await price.inputValue()).toBe('0.0000001')
  await page.keyboard.type(agentName)
  await price.fill(PRICE)
  await page.getByText('$12.50 × 80 %').waitFor()
  await page.getByRole('button', { name: 'Save as a draft' }).click()
  await page.waitForURL('**/creator/agents/edit?id=*')
  agentId = new URL(page.url()).searchParams.get('id') ?? ''
  await settled()
  expect(await prompt.inputValue()).toContain('parcel counter')
  expect(await page.getByRole('button', { name: 'Publish' }).isDisabled()).toBe(true)
  expect(complaints.splice(0)).toEqual([])
})

test('a document is read while one looks, and a question finds its place in it', async () => {
  const { page, complaints } = creator
  await page.locator('input[type=file]').setInputFiles({
    name: 'parcels.md',
    mimeType: 'text/markdown',
    buffer: Buffer.from(DOCUMENT),
  })
  const file = page.getByRole('listitem').filter({ hasText: 'parcels.md' })
  await file.getByText('Ready').waitFor()
  await page.getByLabel('What would a caller ask?').fill(QUESTION)
  await page.keyboard.press('Enter')
  await page.getByText('within 41 days').waitFor()
  await page.getByText('given to the model').first().waitFor()
  expect(complaints.splice(0)).toEqual([])
})

test('it is described, previewed unsaved, and published when nothing is missing', async () => {
  const { page, settled, complaints } = creator
  await page
    .getByLabel('Description')
    .fill('Answers questions about parcels, for people at the counter. Send one question.')
  await choose(page, 'Category', 'Support')
  await page.getByRole('switch', { name: 'Answer from these documents' }).click()
  const message = page.getByLabel('A message to the agent')
  await message.fill(QUESTION)
  await page.keyboard.press('Enter')
  // The text of the documents is guarded until its owner says otherwise.
  await page.getByRole('alert').getByText('The answer was withheld').waitFor()
  await page.getByRole('switch', { name: 'Answers may quote them word for word' }).click()
  await message.focus()
  expect(await message.inputValue()).toBe(QUESTION)
  await page.keyboard.press('Enter')
  await page.getByText('According to the documents').waitFor()
  await page.getByText('Not saved yet').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved as version 2.').waitFor()
  await settled()
  await page.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('It is published.').waitFor()
  await page.getByRole('link', { name: 'Its public page' }).waitFor()
  expect(complaints.splice(0)).toEqual([])
})

test('what happened is counted at the bell until it is read', async () => {
  const { page, go, complaints } = creator
  const unread = page.locator('[data-unread]')
  await unread.waitFor()
  await go('/account/notifications')
  await page.getByText(`${agentName} is published`).waitFor()
  await page.getByRole('button', { name: 'Mark all as read' }).click()
  await unread.waitFor({ state: 'detached' })
  expect(complaints.splice(0)).toEqual([])
})

test('a call earns, and its creator sees it come without a reload', async () => {
  const { page, go, complaints } = creator
  await go('/creator')
  await page.getByText('Live', { exact: true }).waitFor()
  await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }))
  await aPaidCall()
  await page.getByRole('region', { name: 'Latest calls of your agents' }).getByText(agentName).waitFor()
  const { pending_usd: pending } = (await me('GET', '/api/v1/creators/me/earnings')) as { pending_usd: string }
  // Of a free call only what is above the unit is revenue.
  expect(['12.50', '12.495']).toContain(pending)
  await page.getByText(`$${pending}`).first().waitFor()
  expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true)
  expect(complaints.splice(0)).toEqual([])
})

test('a wallet is refused by its owner, then proven', async () => {
  const { page, go, complaints } = creator
  await go('/creator/wallet')
  const use = page.getByRole('button', { name: 'Use the wallet in this browser' })
  await use.click()
  await page.getByRole('alert').getByText('The wallet did not sign.').waitFor()
  await page.getByLabel('Address').fill('0x12')
  await page.getByRole('button', { name: 'Get the message to sign' }).click()
  await page.getByText('An address is 0x and 40 digits').waitFor()
  expect(await page.getByLabel('Address').inputValue()).toBe('0x12')
  isWilling = true
  await use.click()
  await page.getByText('This wallet is yours, and is paid from now on.').waitFor()
  await page.getByTitle(wallet.address).waitFor()
  expect(complaints.splice(0)).toEqual([])
})

test('what is settled is withdrawn, and every state up to the transaction is shown', async () => {
  const { page, go, complaints } = creator
  await settle()
  await go('/creator/earnings')
  await page.getByRole('button', { name: 'Withdraw', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const amount = dialog.getByLabel('Amount in dollars, before the fee')
  await amount.fill('9.99')
  await page.keyboard.press('Enter')
  await dialog.getByText('The least is $10.00.').waitFor()
  await amount.fill('10')
  await dialog.getByText('$10.00 − about $2.00 fee (20 %) = about $8.00 in USDC').waitFor()
  await dialog.getByRole('button', { name: 'Withdraw $10.00' }).click()
  await page.getByText('The withdrawal is asked for.').waitFor()
  await page.getByRole('region', { name: 'Withdrawals' }).locator('tbody').getByRole('button').first().click()
  await dialog
    .getByText('It is in a block that is safe, and booked as paid.')
    .or(dialog.getByText('Nothing can change it any more.'))
    .waitFor({ timeout: 45_000 })
  const steps = await dialog.getByRole('list').getByRole('listitem').allInnerTexts()
  for (const state of ['Queued', 'Sent to the chain', 'Paid'])
    expect(
      steps.some((step) => step.startsWith(state)),
      steps.join('; '),
    ).toBe(true)
  const [withdrawal] = ((await me('GET', '/api/v1/creators/me/withdrawals')) as { items: { tx_hash: string }[] }).items
  expect(withdrawal?.tx_hash).toMatch(/^0x[\da-f]{64}$/)
  expect(await dialog.getByTitle(withdrawal?.tx_hash ?? '').count()).toBe(1)
  await page.keyboard.press('Escape')
  await page.getByText('$10.00 − $2.00 fee').waitFor()
  expect(complaints.splice(0)).toEqual([])
})

/** What a wallet in the browser is asked, answered by a key of this test. */
async function answerAsWallet({ method, params }: { method: string; params?: [`0x${string}`, string] }) {
  if (method === 'eth_requestAccounts') return { result: [wallet.address] }
  if (method !== 'personal_sign' || !params || !isWilling) return { code: REFUSED }
  return { result: await wallet.signMessage({ message: { raw: params[0] } }) }
}

/** A developer tops up and calls the agent once. */
async function aPaidCall(): Promise<void> {
  const { api, stripe, demo } = await theStack()
  const developer = await apiAs({ api }, demo.developer)
  const { payment_id: id } = (await developer('POST', '/api/v1/payments/checkout', {
    top_up_usd: '20',
    method: 'stripe',
  })) as { payment_id: string }
  await fetch(`${stripe}/control/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ payment: id, how: 'card' }),
  })
  await eventually(
    async () => (await developer('GET', `/api/v1/payments/${id}?refresh=true`)) as { credited: boolean },
    ({ credited }) => credited,
  )
  const response = await fetch(`${api}/proxy/v1/agents/${agentId}/chat`, {
    method: 'POST',
    headers: { 'x-agentlink-key': demo.developer.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: QUESTION }] }),
  })
  expect(response.status, await response.text()).toBe(200)
}

/** An admin settles this creator: looks first, then does exactly that. */
async function settle(): Promise<void> {
  const stack = await theStack()
  const admin = await apiAs(stack, stack.demo.admin)
  const { id } = (await me('GET', '/api/v1/creators/me')) as { id: string }
  const wanted = { creator_id: id, to: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) }
  const { token, settlements } = (await admin('POST', '/api/v1/admin/settlements/trigger', wanted)) as {
    token: string
    settlements: object[]
  }
  expect(settlements.length).toBe(1)
  await admin('POST', '/api/v1/admin/settlements/trigger', {
    ...wanted,
    dry_run: false,
    token,
    reason: 'A creator waits.',
  })
  await eventually(
    async () => (await me('GET', '/api/v1/creators/me/earnings')) as { withdrawable_usd: string },
    ({ withdrawable_usd: most }) => Number(most) >= 12,
  )
}

/** Chooses one of the options of a select. */
async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByLabel(label).click()
  await page.getByRole('option', { name: option }).click()
}
