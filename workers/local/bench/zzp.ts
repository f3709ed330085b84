import { Stage } from './stage.ts'
import { load, warm } from './load.ts'
import { cpuMs } from './process.ts'
import { Inspector } from './inspector.ts'
import { writeFileSync } from 'node:fs'
const T = (l: string) => console.log(l, Math.round(performance.now()))
const stage = await Stage.open(); T('stage')
const al = await stage.agentLink({ inspect: true, log: (l) => console.log(l) }); T('up')
const body = { text: 'Where should I begin?', stream: false }
try {
await warm(al.arm, body, 500); T('warm')
console.log(await (await fetch(al.worker.inspectorUrl + '/json/list')).text())
const insp = await Inspector.open(al.worker.inspectorUrl!, process.argv[2] ?? 'core')
let c = 0, stop: any
const s = await load(al.arm, { body, connections: 32, warmUpMs: 6000, measureMs: 5000, onMeasure: async (over) => { if (!over) { c = await cpuMs(al.worker.processId); stop = await insp.profile(200) } else { c = await cpuMs(al.worker.processId) - c; writeFileSync('/tmp/exp/p.cpuprofile', JSON.stringify(await stop())) } } })
console.log(s, 'cpu/call', c / s.calls)
insp.close()
await stage.drained(); T('drained'); console.log(await al.worker.queues(), al.arm.asked())
} finally { await stage.close() }
