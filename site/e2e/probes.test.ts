/**
 * What people write is shown as what it is, also where it shows only when one asks for it. That none of it acts on the pages as
 * they open is looked at by `pages.test.ts`, which opens all of them over the same probes; what waits for moderation, by
 * `admin.test.ts`, which refuses it.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import { ASKS_FOR_PROBE, PROBE, READABLE, type Probed } from './probes.ts'
import { profile, theProbes, theStack, watch, type Watched } from './world.ts'

let probed: Probed
beforeAll(async () => {
  probed = await theProbes()
})

/** A page with a text of ours, and what brings the text out. */
type Place = [path: string, bring?: (page: Page) => Promise<void>]

/** On every place a probe can be read, and none has acted. */
async function nothingActs({ page, go, complaints }: Watched, places: readonly Place[]): Promise<void> {
  for (const [path, bring] of places) {
    await go(path)
    await bring?.(page)
    const text = page.getByText(READABLE).first()
    await text.waitFor({ state: 'attached' }).catch(() => expect.fail(`${path} shows no probe.`))
    // What acts when it is touched.
    await page.mouse.move(400, 400)
    expect(await page.evaluate((name) => name in globalThis, PROBE), path).toBe(false)
    expect(complaints.splice(0)).toEqual([])
  }
}

const opensFirst = (name: RegExp) => async (page: Page) => {
  await page.getByRole('button', { name }).first().click()
  await page.getByRole('dialog').getByText(READABLE).first().waitFor()
}

describe('texts of people', () => {
  test('as everybody reads them', async () => {
    await nothingActs(await watch(await profile('nobody')), [
      ['/marketplace?q=probe'],
      [`/agents/${probed.slug}?tab=reviews`],
      [`/playground?agent=${probed.slug}`],
    ])
  })

  test('as a developer reads them, and an answer', async () => {
    const { demo } = await theStack()
    await nothingActs(await watch(await profile('developer')), [
      ['/developer/keys'],
      ['/developer/webhooks'],
      [
        `/playground?agent=${probed.slug}`,
        async (page) => {
          await page.getByLabel('Your API key').fill(demo.developer.apiKey)
          await page.getByRole('switch', { name: 'Trial call' }).click()
          await page.getByLabel('Message').fill(ASKS_FOR_PROBE)
          await page.keyboard.press('ControlOrMeta+Enter')
          await page.getByText(`It says ${READABLE}`).waitFor()
          await page.getByText('Charged 1 call').waitFor()
        },
      ],
    ])
  })

  test('as a creator reads them, with documents and a preview', async () => {
    await nothingActs(await watch(await profile('creator')), [
      ['/creator/reviews'],
      ['/account/notifications'],
      [
        `/creator/agents/edit?id=${probed.agentId}`,
        async (page) => {
          await page.getByText('Document img src=x').first().waitFor()
          await page.getByRole('listitem').filter({ hasText: 'Document img' }).getByText('Ready').waitFor()
          await page.getByLabel('What would a caller ask?').fill('When are the lamps on the pier lit?')
          await page.keyboard.press('Enter')
          await page.getByText('lit at dusk').waitFor()
          await page.getByLabel('A message to the agent').fill(ASKS_FOR_PROBE)
          await page.keyboard.press('Enter')
          await page.getByText(`It says ${READABLE}`).waitFor()
        },
      ],
    ])
  })

  test('as an admin reads them, with reasons', async () => {
    await nothingActs(await watch(await profile('admin')), [
      ['/admin/agents?q=probe', opensFirst(/^Probe/)],
      ['/admin/users?q=ines', opensFirst(/ines/)],
      [
        '/admin/audit?action=flag.set',
        async (page) => {
          const entry = page.getByRole('row').filter({ hasText: 'flag enable_r' }).last()
          await entry.getByRole('button').first().click()
          await page.getByRole('dialog').getByText(READABLE).first().waitFor()
        },
      ],
    ])
  })
})
