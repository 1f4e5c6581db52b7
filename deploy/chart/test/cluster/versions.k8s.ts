import { after, before, test } from 'node:test'
import { NEXT_TAG, TAG } from './given.ts'
import { type Traffic, until } from './scene.ts'
import { SERVICES, type Stage } from './stage.ts'
import { leave, trialStage } from './trial-stage.ts'

let stage: Stage

before(async () => {
  stage = (await trialStage('versions')).stage
})
after(() => leave(stage))

/** So long two pods of device-sync of two versions answer the same phones. */
const SIDE_BY_SIDE_SECONDS = 20
const PUSHED_BETWEEN = 12
/** How phones are told goodbye is the ending version's: rolling restarts show this one's. */
const AS_BEFORE = { cutOff: true }

const give = async (service: string, tag: string): Promise<void> => {
  const containers = [{ name: service, image: `localhost/relais:${tag}` }]
  const spec = { minReadySeconds: SIDE_BY_SIDE_SECONDS, template: { spec: { containers } } }
  const deployment = `deployment/relais-${service}`
  await stage.installation.kubectl('patch', deployment, '-p', JSON.stringify({ spec }))
  await stage.rolledOut(service)
}

/** One service after the other, with mail pushed through each mixture of versions. */
const move = async ({ phones }: Traffic, tag: string): Promise<void> => {
  for (const service of SERVICES) {
    await give(service, tag)
    const before = phones.received()
    await until('mail is pushed', () => phones.received() >= before + PUSHED_BETWEEN)
  }
}

test('services of two versions work side by side while one after the other becomes the newer one', async (context) => {
  await stage.survives(context, (traffic) => move(traffic, NEXT_TAG), AS_BEFORE)
})

test('and back: the older one reads what the newer one wrote', async (context) => {
  await stage.survives(context, (traffic) => move(traffic, TAG), AS_BEFORE)
})
