import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { EDGES, missing, startEdge } from './edges.ts'
import { phoneThrough, startProduct } from './product.ts'

/** The longest that a phone may ask for ([MS-ASCMD] HeartbeatInterval). */
const LONGEST_SECONDS = 3_540

let product: Awaited<ReturnType<typeof startProduct>>
const endings: (() => void | Promise<void>)[] = []
before(async () => {
  product = await startProduct((end) => endings.push(end))
})
after(async () => {
  for (const end of endings) await end()
})

/** Both at once: an hour is enough. */
describe('a Ping of 59 minutes', { concurrency: true }, () => {
  for (const edge of EDGES) {
    test(`${edge.name}: it ends by itself, and the one at an edge as it comes was cut after ${edge.defaultWait.seconds} seconds`, async (t) => {
      const why = await missing(edge)
      if (why !== false) return t.skip(why)
      const place = { folder: product.folder, relais: product.port }
      const whole = await startEdge(t, edge, place)
      const asItComes = await startEdge(t, edge, { ...place, changes: edge.defaultWait.changes })
      const phone = await phoneThrough(whole, `LONG${edge.name}`)
      const unlucky = await phoneThrough(whole, `CUT${edge.name}`)
      const startedAt = performance.now()
      const waiting = phone.ping(LONGEST_SECONDS)
      await assert.rejects(unlucky.ping(LONGEST_SECONDS, asItComes), /HTTP 50[34]/)
      t.diagnostic(`${edge.name} as it comes: cut after ${seconds(startedAt)} s`)
      assert.equal(await waiting, '1')
      t.diagnostic(`${edge.name} by the example: answered after ${seconds(startedAt)} s`)
    })
  }
})

const seconds = (since: number) => Math.round((performance.now() - since) / 1000)
