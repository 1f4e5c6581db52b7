import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '@relais/testing/wait-until.ts'
import { QUIET_PLAN } from '../eas/world.fixture.ts'
import { Measurements } from '../load/measurements.ts'
import { emptyServer } from './empty-server.fixture.ts'
import type { Command, FromProcess, Share } from './share.ts'

const PROGRAM = fileURLToPath(new URL('phone-process.ts', import.meta.url))

const shareOf = (url: string, more: Partial<Share> = {}): Share => ({
  plan: { ...QUIET_PLAN, phones: 3, mix: { ios: 1, outlook: 1 }, durationSeconds: 60 },
  target: { url, insecure: false, from: [] },
  accounts: [
    { address: 'a@load.example', password: 'p' },
    { address: 'b@load.example', password: 'q' },
  ],
  first: 0,
  count: 3,
  seed: 1,
  ...more,
})

/** A process of the simulator that was told its share, and what it told. */
const started = (context: TestContext, share: Share) => {
  const child: ChildProcess = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  context.after(() => void child.kill('SIGKILL'))
  const told: FromProcess[] = []
  const measured = new Measurements()
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  child.on('message', (message: FromProcess) => {
    told.push(message)
    if (message.kind !== 'ready') measured.take(message.at, message.batch)
  })
  child.send(share)
  const tell = (command: Command) => void child.send(command)
  return { child, told, measured, tell, exit: once(child, 'exit'), said: () => said }
}

const isReady = (told: readonly FromProcess[]) => () => told.some(({ kind }) => kind === 'ready')

describe('a process of the simulator', () => {
  test('says that it is ready, asks nothing before it may, and then leads its phones until it is told to end', async (context) => {
    const { url, seen } = await emptyServer(context)
    const { told, measured, tell, exit } = started(context, shareOf(url))
    await waitUntil(isReady(told))
    assert.deepEqual(seen, [])
    tell({ kind: 'begin', began: Date.now() })
    await waitUntil(() => measured.total('held begun') === 3)
    tell({ kind: 'stop' })
    assert.deepEqual(await exit, [0, null])
    assert.equal(measured.total('phones up'), 3)
    assert.equal(told.at(-1)?.kind, 'ended')
    assert.equal(told.filter(({ kind }) => kind === 'ended').length, 1)
  })

  test('tells what happened once, and how much memory it had', async (context) => {
    const { url } = await emptyServer(context)
    const { told, measured, tell, exit } = started(context, shareOf(url))
    await waitUntil(isReady(told))
    tell({ kind: 'begin', began: Date.now() })
    await waitUntil(() => measured.total('held begun') === 3)
    const before = measured.total('answered')
    await waitUntil(() => told.length > 4, { what: 'it tells each second' })
    assert.equal(measured.total('answered'), before)
    assert.ok(told.every((one) => one.kind === 'ready' || one.residentMiB > 10))
    tell({ kind: 'stop' })
    await exit
  })

  test('leads those phones that are its own, as their accounts', async (context) => {
    const { url, seen } = await emptyServer(context)
    const { told, measured, tell, exit } = started(context, shareOf(url, { first: 7, count: 2 }))
    await waitUntil(isReady(told))
    tell({ kind: 'begin', began: Date.now() })
    await waitUntil(() => measured.total('held begun') === 2)
    tell({ kind: 'stop' })
    await exit
    const signedIn = new Set(seen.map(({ headers }) => headers.authorization ?? ''))
    assert.deepEqual([...signedIn].map((text) => Buffer.from(text.slice(6), 'base64').toString()).sort(), [
      'a@load.example:p',
      'b@load.example:q',
    ])
  })

  test('that is told to end before it began ends', async (context) => {
    const { url, seen } = await emptyServer(context)
    const { told, tell, exit } = started(context, shareOf(url))
    await waitUntil(isReady(told))
    tell({ kind: 'stop' })
    assert.deepEqual(await exit, [0, null])
    assert.deepEqual(seen, [])
  })

  test('ends with whoever started it', async (context) => {
    const { url } = await emptyServer(context)
    const { child, told, measured, tell, exit } = started(context, shareOf(url))
    await waitUntil(isReady(told))
    tell({ kind: 'begin', began: Date.now() })
    await waitUntil(() => measured.total('held begun') === 3)
    child.disconnect()
    assert.deepEqual(await exit, [0, null])
  })

  test('that can’t find its server says so in one line, and ends with 1', async (context) => {
    const { exit, said } = started(context, shareOf('http://nowhere.invalid'))
    assert.deepEqual(await exit, [1, null])
    assert.match(said(), /^relais: [^\n]*nowhere\.invalid\n$/)
  })

  test('counts a phone whose connections break, and tries again', async (context) => {
    let n = 0
    const { url } = await emptyServer(context, (_, response) => {
      if (n++ >= 3) return false
      response.destroy()
      return true
    })
    const { told, measured, tell, exit } = started(context, shareOf(url, { count: 1 }))
    await waitUntil(isReady(told))
    tell({ kind: 'begin', began: Date.now() })
    await waitUntil(() => measured.total('held begun') === 1)
    tell({ kind: 'stop' })
    await exit
    assert.equal(measured.total('broken'), 3)
    assert.ok(measured.wonders.every(([why]) => /: .*(closed|ECONNRESET)/.test(why)))
  })
})
