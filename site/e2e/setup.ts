/**
 * Opened before the tests in the browser: a small door that starts the stack and the browser when the first test asks, so
 * that neither stands beside tests that measure time.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserServer } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { launchServer } from './chromium.ts'
import { fillWithProbes, type Probed } from './probes.ts'
import { aStack, type RunningStack, type Stack } from './stack.ts'

/** What the door answers. */
export type Started = { stack: Stack; browser: string; dist: string; probed: Probed }

declare module 'vitest' {
  interface ProvidedContext {
    e2eDoor: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<[RunningStack & { probed: Probed }, BrowserServer]> | undefined
  const door = createServer((_, response) => {
    starting ??= openBoth()
    void starting.then(
      ([{ stack, dist, probed }, browser]) =>
        response.end(JSON.stringify({ stack, browser: browser.wsEndpoint(), dist, probed } satisfies Started)),
      (thrown: unknown) => response.writeHead(500).end(String(thrown)),
    )
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  project.provide('e2eDoor', `http://127.0.0.1:${(door.address() as AddressInfo).port}`)
  return async () => {
    door.closeAllConnections()
    door.close()
    const started = await starting?.catch(() => undefined)
    await Promise.all([started?.[0].stop(), started?.[1].close()])
  }
}

/** The stack and the browser, or neither. */
async function openBoth(): Promise<[RunningStack & { probed: Probed }, BrowserServer]> {
  const browser = await launchServer()
  try {
    return [await aFilledStack(), browser]
  } catch (thrown) {
    await browser.close()
    throw thrown
  }
}

async function aFilledStack(): Promise<RunningStack & { probed: Probed }> {
  const running = await aStack()
  try {
    return { ...running, probed: await fillWithProbes(running.stack) }
  } catch (thrown) {
    await running.stop()
    throw thrown
  }
}
