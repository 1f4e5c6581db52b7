import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from './scene.ts'
import type { Stage } from './stage.ts'
import { leave, trialStage } from './trial-stage.ts'

let stage: Stage

before(async () => {
  stage = (await trialStage('misled')).stage
})
after(() => leave(stage))

/** Replaces a process' clock. The kernel's is the machine's own: its time namespaces move only clocks that count from the start. */
const shifted = (ms: number): string => {
  const code = `const R=Date;const now=()=>R.now()+(${ms});
globalThis.Date=new Proxy(R,{construct:(t,a,n)=>Reflect.construct(t,a.length?a:[now()],n),apply:()=>new R(now()).toString(),get:(t,k)=>k==='now'?now:Reflect.get(t,k)})`
  return `--import=data:text/javascript,${encodeURIComponent(code)}`
}

const FIVE_MINUTES_MS = 300_000
const CLOCKS: Readonly<Record<string, number>> = {
  directory: FIVE_MINUTES_MS,
  mail: -FIVE_MINUTES_MS,
  'mail-transport': FIVE_MINUTES_MS,
  'device-sync': -FIVE_MINUTES_MS,
}

const setClock = async (service: string, ms: number): Promise<void> => {
  const own = service === 'device-sync' ? '--max-semi-space-size=4 ' : ''
  const options = `NODE_OPTIONS=${own}${ms === 0 ? '' : shifted(ms)}`
  await stage.installation.kubectl('set', 'env', `deployment/relais-${service}`, options)
  await stage.rolledOut(service)
}

/** By how much the clock of a service's programs is ahead. */
const aheadMs = async (service: string): Promise<number> => {
  const [pod] = await stage.installation.pods(service)
  const ask = ['/usr/bin/node', '-p', 'Date.now()']
  const said = await stage.installation.kubectl('exec', pod?.metadata.name ?? '', '--', ...ask)
  return Number(said) - Date.now()
}

test('services whose clocks differ by ten minutes: nothing lost, nothing unknown to phones', async (context) => {
  const misled = async () => {
    for (const [service, ms] of Object.entries(CLOCKS)) await setClock(service, ms)
    for (const [service, ms] of Object.entries(CLOCKS)) {
      const ahead = await aheadMs(service)
      assert.ok(Math.abs(ahead - ms) < 60_000, `${service}: ${ahead}`)
    }
  }
  await stage.survives(context, misled)
})

test('clocks that are set right again, back and forth: nothing lost, nothing unknown to phones', async (context) => {
  await stage.survives(context, async () => {
    for (const service of Object.keys(CLOCKS)) await setClock(service, 0)
  })
})

/** What restarted since, by the pod's name. */
const restartedSince = async (before: ReadonlyMap<string, number>): Promise<readonly string[]> =>
  [...(await stage.restarts())].filter(([pod, times]) => times > (before.get(pod) ?? 0)).map(([pod]) => pod)

test('a process that hangs is restarted by its liveness probe, and no other one', async (context) => {
  const before = await stage.restarts()
  const [pod] = await stage.installation.pods('device-sync')
  assert.ok(pod)
  const hang = async () => {
    stage.cluster.freezePod(pod.metadata.uid)
    await until('it is restarted', async () => (await restartedSince(before)).length > 0, 180_000)
    await stage.allReady('device-sync')
    assert.deepEqual(await restartedSince(before), [pod.metadata.name])
  }
  await stage.survives(context, hang, { cutOff: true, heartbeatSeconds: 60 })
})

test('a process that hangs while it starts is restarted by its startup probe, and no other one', async () => {
  const { installation, cluster } = stage
  const before = await stage.restarts()
  const containers = [{ name: 'administration', startupProbe: { failureThreshold: 3 } }]
  const spec = { template: { spec: { containers } } }
  await installation.kubectl('patch', 'deployment/relais-administration', '-p', JSON.stringify({ spec }))
  const fresh = async () =>
    (await installation.pods('administration')).find(({ metadata }) => !before.has(metadata.name))
  await until('it hangs', async () => cluster.freezePod((await fresh())?.metadata.uid ?? 'nobody') > 0)
  await until('it is restarted', async () => (await restartedSince(before)).length > 0)
  await stage.rolledOut('administration')
  assert.deepEqual(await restartedSince(before), [(await fresh())?.metadata.name])
})
