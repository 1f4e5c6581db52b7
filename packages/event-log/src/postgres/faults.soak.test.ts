import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '@relais/servers/postgres.ts'
import { startTcpProxy, type TcpProxy } from '@relais/servers/tcp-proxy.ts'
import { chance } from '@relais/testing/chance.ts'
import { range } from '../contract/commits.ts'
import { BusyLogs } from '../history/busy-logs.fixture.ts'
import { openFor, startForTest } from './postgres.fixture.ts'

type Hurt = { readonly server: PostgresServer; readonly proxy: TcpProxy; readonly random: () => number }

const FAULTS: Readonly<Record<string, (hurt: Hurt) => Promise<void>>> = {
  killed: async ({ server }) => {
    await server.kill()
    await server.start()
  },
  restarted: async ({ server }) => {
    await server.stop()
    await server.start()
  },
  paused: async ({ server, random }) => {
    server.pause()
    await delay(random() * 1500)
    server.resume()
  },
  ended: async ({ server }) => {
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relais event log'`,
    )
  },
  ...Object.fromEntries(
    (['cut', 'stalled', 'deaf'] as const).map((how) => [
      how,
      async ({ proxy, random }: Hurt) => {
        proxy.become(how)
        await delay(random() * 1500)
        proxy.become('open')
      },
    ]),
  ),
}

for (const round of [1, 2, 3, 4]) {
  const seed = (Date.now() + round * 7919) >>> 0
  test(`after 50 faults at random moments the log has what it acknowledged, once and in order (round ${round}, seed ${seed})`, async (t) => {
    const random = chance(seed)
    const server = await startForTest(t)
    const proxy = await startTcpProxy(server.port)
    t.after(() => proxy.close())
    const near = { answerWithinMs: 400, patienceMs: 800, recheckMs: 200, schema: 'log_1' }
    const behindProxy = { ...server.connection, port: proxy.port }
    const logs = [await openFor(t, behindProxy, near), await openFor(t, server.connection, near)]
    const busy = new BusyLogs(logs)
    const names = Object.keys(FAULTS)
    for (const _ of range(50)) {
      await busy.progress(10)
      await FAULTS[names[Math.floor(random() * names.length)]!]!({ server, proxy, random })
    }
    await busy.progress()
    await busy.stop()
    assert.deepEqual(await busy.faults(), [])
    const [known, unknown] = [busy.recorder.count('known'), busy.recorder.count('unknown')]
    t.diagnostic(
      `${known} appends acknowledged, ${unknown} of unknown outcome, ${busy.recorder.count('refused')} refused`,
    )
  })
}
