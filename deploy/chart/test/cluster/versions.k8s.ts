import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { NEXT_TAG, TAG } from './given.ts'
import { allMail, endTraffic, makeAccounts, startTraffic, type Traffic, until } from './scene.ts'
import { SERVICES, type Stage, told } from './stage.ts'
import { leave, trialAdministrator, trialStage } from './trial-stage.ts'

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

/** Accounts that the newer version makes. */
const NEWCOMERS = Array.from({ length: 8 }, (_, n) => `newcomer${n}of${process.pid}@acme.example`)

test('and back: the older one goes on with accounts, phones, keys and mail of the newer one', async (context) => {
  await makeAccounts(await trialAdministrator(stage.installation), NEWCOMERS)
  const newcomers = await startTraffic(stage.installation, { addresses: NEWCOMERS, perSecond: 1 })
  try {
    await stage.survives(context, (traffic) => move(traffic, TAG), AS_BEFORE)
    assert.deepEqual(await endTraffic(newcomers), [])
  } finally {
    newcomers.deliveries.abandon()
    newcomers.phones.abandon()
  }
  context.diagnostic(`of accounts that the newer one made: ${told(newcomers)}`)
  const found = await allMail(stage.installation, NEWCOMERS)
  const { accepted, unsure } = newcomers.deliveries
  assert.ok(found >= accepted && found <= accepted + unsure, `${found} are there, ${accepted} were accepted`)
})
