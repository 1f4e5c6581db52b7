import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { openSqliteStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { retryable, terminal } from '@relais/service-kit/errors.ts'
import { temporaryFolder, waitUntil } from '@relais/testing'
import { Following, PROCESS_SCHEMA } from '../src/process/follow.ts'

const setUp = async (t: TestContext) => {
  let close = async () => {}
  t.after(() => close())
  const folder = await temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
  const store = await openSqliteStore({
    file: join(folder, 'processes.sqlite'),
    schema: PROCESS_SCHEMA,
    version: 1,
  })
  const following: Following[] = []
  close = async () => {
    for (const one of following) await one.stop()
    await store.close()
    await log.close()
  }
  const lines: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } })
  let n = 0
  const append = () =>
    log.append({
      ...{
        stream: { tenant: 'acme', account: 'u_1', service: 'directory' },
        commandId: `c${n++}`,
        principal: '',
        at: 1,
      },
      ...{ events: [{ type: 'AccountCreated', version: 1, payload: new Uint8Array(0) }] },
      actor: { kind: 'service', id: 'directory', device: '' },
    })
  const start = (handle: (positions: readonly number[]) => Promise<void>) => {
    const process = {
      name: 'test',
      filter: { service: 'directory' },
      handle: (commits: readonly { position: number }[]) => handle(commits.map(({ position }) => position)),
    }
    const one = new Following({ log, store, logger }, process)
    following.push(one)
    return one
  }
  return { log, store, lines, append, start }
}

test('a process sees every commit, and after a restart only those that came since', async (t) => {
  const { append, start } = await setUp(t)
  const seen: number[] = []
  const handle = async (positions: readonly number[]) => void seen.push(...positions)
  const { position } = await append()
  const first = start(handle)
  await waitUntil(() => seen.includes(position))
  await first.stop()
  const later = (await append()).position
  start(handle)
  await waitUntil(() => seen.includes(later))
  assert.deepEqual(seen, [position, later])
})

test('what may pass is tried again; nothing is passed over', async (t) => {
  const { append, start, lines } = await setUp(t)
  const { position } = await append()
  const tried: number[] = []
  start(async (positions) => {
    tried.push(...positions)
    if (tried.length < 3) throw retryable('UNAVAILABLE', 'not now')
  })
  await waitUntil(() => tried.length >= 3)
  assert.deepEqual(tried, [position, position, position])
  assert.ok(lines.some((line) => line.includes('a process waits to go on')))
})

test('what fails for good is tried again too, and told as an error', async (t) => {
  const { append, start, lines } = await setUp(t)
  await append()
  let tries = 0
  start(async () => {
    if (++tries < 2) throw terminal('BROKEN', 'for good')
  })
  await waitUntil(() => tries >= 2)
  assert.ok(lines.some((line) => line.includes('"level":"error"') && line.includes('a process fails')))
})

test('a checkpoint of another log is forgotten', async (t) => {
  const { append, start, store } = await setUp(t)
  await store.transaction((writer) => writer.run('INSERT INTO processes VALUES (?, ?)', 'test', 1_000_000))
  const { position } = await append()
  const seen: number[] = []
  start(async (positions) => void seen.push(...positions))
  await waitUntil(() => seen.includes(position))
})
