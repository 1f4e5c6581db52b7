import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NetworkName, Plan } from '../eas/plan.ts'
import { Measurements } from '../load/measurements.ts'
import { startCrowd } from './crowd.ts'
import { emptyServer } from './empty-server.fixture.ts'

const plan = (phones: number, networks: Partial<Record<NetworkName, number>> = { good: 1 }): Plan => ({
  name: 'test',
  phones,
  mix: { ios: 1, android: 1, outlook: 1 },
  networks,
  rampSeconds: 0.1,
  durationSeconds: 60,
  users: { looks: 0, marks: 0, sends: 0 },
  post: { perSecond: 0, whileAway: 0 },
})

const ACCOUNTS = [
  { address: 'a@load.example', password: 'one' },
  { address: 'b@load.example', password: 'two' },
]

/** Leads the phones until `shown`, and then ends. */
const lead = async (
  url: string,
  order: { plan: Plan; processes: number },
  shown: (measured: Measurements) => boolean,
) => {
  const measured = new Measurements()
  const target = { url, insecure: false, from: [] }
  const crowd = await startCrowd({ ...order, target, accounts: ACCOUNTS, seed: 1 }, measured)
  crowd.begin(Date.now())
  const look = setInterval(() => shown(measured) && crowd.stop(), 20)
  await crowd.ended.finally(() => clearInterval(look))
  return { measured, residentMiB: crowd.residentMiB() }
}

const allWait = (count: number) => (measured: Measurements) =>
  measured.total('held begun') - measured.total('held ended') >= count

describe('processes of the simulator', () => {
  test('lead every phone until it waits, and end when they are told to', async (context) => {
    const { url, seen } = await emptyServer(context)
    const { measured, residentMiB } = await lead(url, { plan: plan(12), processes: 2 }, allWait(12))
    assert.equal(measured.total('phones up'), 12)
    assert.equal(measured.total('unexpected'), 0)
    assert.ok(residentMiB > 0)
    const waiting = seen.filter(({ command }) => command === 'Ping').length
    assert.ok(waiting >= 1 && waiting <= 12)
  })

  test('ask where the gateway has it, with the server’s name, and sign in as their account', async (context) => {
    const { url, seen } = await emptyServer(context)
    await lead(`${url}/eas`, { plan: plan(2), processes: 1 }, allWait(2))
    const accounts = new Set(seen.map(({ headers }) => headers.authorization))
    assert.deepEqual(
      [...accounts].map((one) => Buffer.from(one?.slice(6) ?? '', 'base64').toString()).sort(),
      ['a@load.example:one', 'b@load.example:two'],
    )
    for (const { url: path, headers } of seen) {
      assert.equal(path, '/eas/Microsoft-Server-ActiveSync')
      assert.equal(headers.host, new URL(url).host)
    }
  })

  test('reach the server through networks that are slow', async (context) => {
    const { url } = await emptyServer(context)
    const { measured } = await lead(url, { plan: plan(2, { slow: 1 }), processes: 1 }, allWait(2))
    assert.ok(measured.times('OPTIONS').percentile(50) >= 140, 'two ways of 75 ms at least')
  })

  test('a server that ends every connection breaks no process, and each loss is counted', async (context) => {
    const { url } = await emptyServer(context, (_, response) => {
      response.destroy()
      return true
    })
    const { measured } = await lead(url, { plan: plan(3), processes: 1 }, (one) => one.total('broken') >= 3)
    assert.equal(measured.total('phones up'), 0)
    assert.equal(measured.total('answered'), 0)
  })

  test('a server that says 503 is asked again no sooner than it wants', async (context) => {
    const { url, seen } = await emptyServer(context, (one, response) => {
      if (one.command !== 'FolderSync') return false
      response.writeHead(503, { 'Retry-After': '3600', 'Content-Length': 0 }).end()
      return true
    })
    const { measured } = await lead(
      url,
      { plan: plan(2), processes: 1 },
      (one) => one.total('told to come later') >= 2,
    )
    assert.equal(measured.total('told to come later'), 2)
    assert.equal(seen.filter(({ command }) => command === 'FolderSync').length, 2)
  })
})
