import { Stage } from './zzstage.ts'
import { load, warm } from './load.ts'
import { agentLinkArm } from './arm.ts'
import { cpuMs } from './process.ts'
const stage = await Stage.open()
const body = { text: 'Where should I begin?', stream: false }
const run = async (label: string, arm: any, pid: number, connections: number, warmUpMs = 1500, measureMs = 3000) => {
  let c = 0
  const s = await load(arm, { body, connections, warmUpMs, measureMs, onMeasure: async (over) => { c = over ? await cpuMs(pid) - c : await cpuMs(pid) } })
  console.log(label.padEnd(34), 'rps', s.perSecond.toFixed(0), 'p50', s.p50Ms.toFixed(2), 'p99', s.p99Ms.toFixed(1), 'cpu/call', (c / s.calls).toFixed(3))
}
try {
const bare = await stage.bare()
const quiet = await stage.agentLink({ extra: { OUTBOX_LINGER_MS: '600000' } })
const norm = await stage.agentLink({ })
const few = (r: any, n: number) => agentLinkArm({ name: 'agentlink', url: r.worker.url, path: '/v1/chat/completions' }, stage.agent, stage.accounts.slice(0, n).map((a) => a.key))
for (let i = 0; i < 2; i++) {
await run('bare c32', bare.arm, bare.worker.processId, 32)
await run('bare c1', bare.arm, bare.worker.processId, 1)
await run('no drain 20 acc c32', few(quiet, 20), quiet.worker.processId, 32)
await run('no drain 20 acc c1', few(quiet, 20), quiet.worker.processId, 1)
await run('no drain 500 acc c32', quiet.arm, quiet.worker.processId, 32, 3000)
await run('drain 20 acc c32', few(norm, 20), norm.worker.processId, 32, 5500)
await run('drain 500 acc c32', norm.arm, norm.worker.processId, 32, 5500)
}
} finally { await stage.close() }
