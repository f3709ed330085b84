import { Stage } from './stage.ts'
import { load, warm } from './load.ts'
import { cpuMs } from './process.ts'
const t = performance.now()
const stage = await Stage.open()
const bare = await stage.bare(); const al = await stage.agentLink({ log: (l) => console.log(l) })
console.log('up', performance.now() - t)
const body = { text: 'Where should I begin?', stream: false }
try {
await warm(al.arm, body, 500)
for (const [arm, pid] of [[stage.direct, stage.provider.processId], [bare.arm, bare.worker.processId], [al.arm, al.worker.processId]] as const) {
  let c = 0, g = 0, p = 0
  const s = await load(arm, { body, connections: 32, warmUpMs: arm.name === 'agentlink' ? 5000 : 1000, measureMs: 3000, onMeasure: async (over) => { if (!over) { c = await cpuMs(pid); g = process.cpuUsage().user + process.cpuUsage().system; p = await cpuMs(stage.provider.processId) } else { c = await cpuMs(pid) - c; g = process.cpuUsage().user + process.cpuUsage().system - g; p = await cpuMs(stage.provider.processId) - p } } })
  console.log(arm.name, s, 'cpu/call', c / s.calls, 'gen', g/1000/s.calls, 'prov', p / s.calls)
}
const t2 = performance.now()
await stage.drained(); console.log('drained', performance.now() - t2, await al.worker.queues(), await stage.stores.ask())
} finally { await stage.close() }
