import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startSpreadCrowd, until } from './scene.ts'
import { HELD_AGAIN_MS, PEOPLE, SERVICES, type Stage } from './stage.ts'
import { leave, trialStage } from './trial-stage.ts'

let stage: Stage

before(async () => {
  stage = (await trialStage('survival')).stage
})
after(() => leave(stage))

test('a rolling restart of device-sync: no phone is cut off, nothing is lost, all are held again within 30 s', async (context) => {
  await stage.survives(context, () => stage.restart('device-sync'), { heldAgainMs: HELD_AGAIN_MS })
})

test('a rolling restart of every service: no phone is cut off, nothing is lost', async (context) => {
  const all = async () => {
    for (const service of SERVICES) await stage.restart(service)
  }
  await stage.survives(context, all)
})

const scaleTo = async (replicas: number): Promise<void> => {
  await stage.installation.kubectl('scale', 'deployment/relais-device-sync', `--replicas=${replicas}`)
  await stage.rolledOut('device-sync')
  await until(`${replicas} are left`, async () => {
    const pods = await stage.installation.list('pods', 'app.kubernetes.io/component=device-sync')
    return pods.length === replicas
  })
}

test('device-sync goes from one pod to three and back: phones that came later wait elsewhere, none is cut off', async (context) => {
  await scaleTo(1)
  await stage.survives(context, async () => {
    await scaleTo(3)
    const { crowd: later, held } = await startSpreadCrowd(stage.installation, PEOPLE)
    await until('those that came later wait', () => later.waiting() >= PEOPLE.length * 0.9)
    context.diagnostic(`held by each of three: ${held.join(', ')}`)
    await scaleTo(1)
    await later.end()
    assert.deepEqual([...later.trouble.broken], [])
    assert.deepEqual(later.trouble.unknown, [])
  })
  await scaleTo(2)
})
