import { Stage } from './zzstage.ts'
import { warm } from './load.ts'
import { cpuMs } from './process.ts'
const stage = await Stage.open()
const body = { text: 'Where should I begin?', stream: false }
try {
const norm = await stage.agentLink({ log: console.log })
const pid = norm.worker.processId
await warm(norm.arm, body, 500); await stage.drained()
for (const per of [1, 1, 4]) {
const c0 = await cpuMs(pid), p0 = await cpuMs(stage.stores.processId), q0 = (await norm.worker.queues())['call-logs'], t0 = performance.now()
await warm(norm.arm, body, 500 * per)
const c1 = await cpuMs(pid), t1 = performance.now(), q1 = (await norm.worker.queues())['call-logs']
await stage.drained()
await new Promise((r) => setTimeout(r, 500))
const c2 = await cpuMs(pid), p2 = await cpuMs(stage.stores.processId), q2 = (await norm.worker.queues())['call-logs']
console.log(per, 'load ms', (t1 - t0).toFixed(0), 'cpu/call load', (c1 - c0) / (500 * per), 'sent in load', q1!.sent - q0!.sent, 'drain cpu/msg', (c2 - c1) / (q2!.sent - q1!.sent), q2!.sent - q1!.sent, 'stores cpu/msg', (p2 - p0) / (q2!.sent - q0!.sent), 'batches', q2!.delivered - q0!.delivered)
}
} finally { await stage.close() }
