import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitOf, range } from '../contract/commits.ts'
import { openJetStreamLog } from './jetstream-log.ts'
import { noServer, serverFor } from './servers.fixture.ts'

const COMMITS = 100_000
const ACCOUNTS = 1_000
const AT_ONCE = 200

const accountOf = (n: number) => `u${n % ACCOUNTS}`

test(`the first append of a process to a log of ${COMMITS} commits reads what its own stream has, not what all have`, {
  skip: noServer,
}, async (context) => {
  const { url, monitor } = await serverFor(context)
  const options = { servers: [url], monitoring: [monitor], stream: 'unit', replicas: 1, deadline: 60_000 }
  const filling = await openJetStreamLog(options)
  for (let n = 0; n < COMMITS; n += AT_ONCE)
    await Promise.all(range(AT_ONCE).map((at) => filling.append(commitOf({ account: accountOf(n + at) }))))
  await filling.close()
  const sent = async (): Promise<number> => {
    const varz = (await (await fetch(`${monitor}/varz`)).json()) as { out_bytes: number }
    return varz.out_bytes
  }
  const log = await openJetStreamLog(options)
  context.after(() => log.close())
  const before = await sent()
  const began = performance.now()
  await log.append(commitOf({ account: accountOf(0) }))
  const [first, bytes] = [performance.now() - began, (await sent()) - before]
  const again = performance.now()
  await log.append(commitOf({ account: accountOf(0) }))
  const next = performance.now() - again
  context.diagnostic(
    `first append ${first.toFixed(0)} ms, ${(bytes / 1024).toFixed(0)} KiB read; the next one ${next.toFixed(1)} ms; ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`,
  )
  assert.ok(bytes < 10 * 2 ** 20 * (COMMITS / ACCOUNTS / 100), `${bytes} bytes were read`)
})
