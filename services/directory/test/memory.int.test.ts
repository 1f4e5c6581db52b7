import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import { createFakeClock, type TestScope, temporaryFolder } from '@relais/testing'
import { createFingerprints } from '../src/sign-in/fingerprint.ts'
import { SignInMemory } from '../src/sign-in/sign-in-memory.ts'
import {
  eraseSubject,
  readPosition,
  SIGN_IN_SCHEMA,
  SIGN_IN_SCHEMA_VERSION,
  writePosition,
} from '../src/sign-in/sign-in-store.ts'
import { silent } from './start-directory.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const mike = { tenant: 'acme', account: 'u_1' }
const ben = { tenant: 'acme', account: 'u_2' }
const fingerprint = Buffer.alloc(32, 1)
const own = { credential: '', credentialExpires: 0 }

const setUp = async (scope: TestScope) => {
  let store: ReadStore | undefined
  scope.after(() => store?.close())
  const file = join(await temporaryFolder(scope), 'sign-in.db')
  store = await openSqliteStore({ file, schema: SIGN_IN_SCHEMA, version: SIGN_IN_SCHEMA_VERSION })
  const clock = createFakeClock()
  const fingerprints = createFingerprints(Buffer.alloc(32, 9))
  const memoryOn = (on: ReadStore, logger = silent) =>
    new SignInMemory({ store: on, fingerprints, clock: clock.now, logger })
  return { store, clock, memoryOn, memory: memoryOn(store) }
}

const countOf = async (store: ReadStore, table: string) =>
  (await store.get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`))?.count

test('what is remembered is there at once, and in another process after it was written', async (t) => {
  const { memory, memoryOn, store } = await setUp(t)
  memory.remember(mike, fingerprint, own)
  assert.equal((await memory.remembered(mike, fingerprint))?.credential, '')
  assert.equal(await memoryOn(store).remembered(mike, fingerprint), undefined)
  await memory.flush()
  assert.equal((await memoryOn(store).remembered(mike, fingerprint))?.credential, '')
})

test('another account’s fingerprint is not found, nor another fingerprint', async (t) => {
  const { memory, memoryOn, store } = await setUp(t)
  memory.remember(mike, fingerprint, own)
  await memory.flush()
  assert.equal(await memoryOn(store).remembered(ben, fingerprint), undefined)
  assert.equal(await memoryOn(store).remembered(mike, Buffer.alloc(32, 2)), undefined)
})

test('a credential is remembered for a week since the last renewal, in memory and in the store', async (t) => {
  const { memory, memoryOn, store, clock } = await setUp(t)
  memory.remember(mike, fingerprint, own)
  await memory.flush()
  clock.advance(7 * DAY - 1)
  assert.ok(await memory.remembered(mike, fingerprint))
  clock.advance(1)
  assert.equal(await memory.remembered(mike, fingerprint), undefined)
  assert.equal(await memoryOn(store).remembered(mike, fingerprint), undefined)
})

test('an app password is not remembered beyond its own end', async (t) => {
  const { memory, clock } = await setUp(t)
  memory.remember(mike, fingerprint, { credential: 'a_1', credentialExpires: clock.now() + HOUR })
  clock.advance(HOUR - 1)
  assert.equal((await memory.remembered(mike, fingerprint))?.credential, 'a_1')
  clock.advance(1)
  assert.equal(await memory.remembered(mike, fingerprint), undefined)
})

test('a credential in daily use is written twice a week, not with every sign-in', async (t) => {
  const { memory, store, clock } = await setUp(t)
  const expiries = new Set<number>()
  for (let day = 0; day < 14; day++) {
    for (let turn = 0; turn < 50; turn++) memory.remember(mike, fingerprint, own)
    await memory.flush()
    expiries.add((await store.get<{ expires: number }>('SELECT expires FROM remembered'))!.expires)
    clock.advance(DAY)
  }
  assert.equal(expiries.size, 4)
})

test('uses are written once an hour for each credential', async (t) => {
  const { memory, store, clock } = await setUp(t)
  const first = clock.now()
  memory.note(mike, '', '')
  memory.note(mike, 'a_1', '')
  clock.advance(HOUR - 1)
  memory.note(mike, '', '')
  assert.deepEqual(
    [...(await memory.uses(mike))],
    [
      ['', first],
      ['a_1', first],
    ],
  )
  clock.advance(1)
  memory.note(mike, '', '')
  assert.deepEqual(
    [...(await memory.uses(mike))],
    [
      ['', first + HOUR],
      ['a_1', first],
    ],
  )
  assert.equal(await countOf(store, 'last_use'), 2)
  assert.equal((await memory.uses(ben)).size, 0)
})

test('a network is known for sixty days after the last sign-in there, to the account that signed in', async (t) => {
  const { memory, memoryOn, store, clock } = await setUp(t)
  memory.note(mike, '', '192.0.2')
  await memory.flush()
  for (const one of [memory, memoryOn(store)]) {
    assert.equal(await one.isKnownNetwork(mike, '192.0.2'), true)
    assert.equal(await one.isKnownNetwork(mike, '192.0.3'), false)
    assert.equal(await one.isKnownNetwork(ben, '192.0.2'), false)
  }
  clock.advance(59 * DAY)
  memory.note(mike, '', '192.0.2')
  await memory.flush()
  clock.advance(60 * DAY - 1)
  assert.equal(await memoryOn(store).isKnownNetwork(mike, '192.0.2'), true)
  clock.advance(1)
  for (const one of [memory, memoryOn(store)]) assert.equal(await one.isKnownNetwork(mike, '192.0.2'), false)
})

test('no network is no known network', async (t) => {
  const { memory } = await setUp(t)
  memory.note(mike, '', '')
  assert.equal(await memory.isKnownNetwork(mike, ''), false)
})

test('the store has neither networks nor passwords, only keyed hashes', async (t) => {
  const { memory, store } = await setUp(t)
  memory.note(mike, '', '192.0.2')
  await memory.flush()
  const row = await store.get<{ network: Uint8Array }>('SELECT network FROM known_network')
  assert.equal(row?.network.length, 32)
  assert.ok(!Buffer.from(row?.network ?? []).includes('192.0.2'))
})

test('what has expired is swept', async (t) => {
  const { memory, store, clock } = await setUp(t)
  memory.remember(mike, fingerprint, own)
  memory.note(mike, '', '192.0.2')
  await memory.flush()
  clock.advance(61 * DAY)
  memory.note(ben, '', '')
  await memory.flush()
  assert.deepEqual([await countOf(store, 'remembered'), await countOf(store, 'known_network')], [0, 0])
  assert.equal(await countOf(store, 'last_use'), 2)
})

test('an account is erased from all of it, and no other is', async (t) => {
  const { memory, memoryOn, store } = await setUp(t)
  for (const subject of [mike, ben]) {
    memory.remember(subject, Buffer.alloc(32, subject === mike ? 1 : 2), own)
    memory.note(subject, '', '192.0.2')
  }
  await memory.flush()
  await eraseSubject(store, mike)
  for (const table of ['remembered', 'last_use', 'known_network'])
    assert.equal(await countOf(store, table), 1, table)
  assert.ok(await memoryOn(store).remembered(ben, Buffer.alloc(32, 2)))
})

test('a store that fails costs work, and is told in the log', async (t) => {
  const { store, memoryOn } = await setUp(t)
  const lines: string[] = []
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } })
  const broken: ReadStore = {
    dialect: store.dialect,
    get: (...args) => store.get(...args),
    all: (...args) => store.all(...args),
    snapshot: (read) => store.snapshot(read),
    transaction: () => Promise.reject(new Error('disk full')),
    close: () => store.close(),
  }
  const memory = memoryOn(broken, logger)
  memory.remember(mike, fingerprint, own)
  await memory.flush()
  assert.ok(await memory.remembered(mike, fingerprint))
  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /sign-ins were not remembered/)
})

test('thousands of sign-ins at one moment are all written', async (t) => {
  const { memory, store } = await setUp(t)
  for (let number = 0; number < 2500; number++) {
    const subject = { tenant: 'acme', account: `u_${number}` }
    const print = Buffer.alloc(32)
    print.writeUInt32BE(number)
    memory.remember(subject, print, own)
    memory.note(subject, '', '192.0.2')
  }
  await memory.flush()
  for (const table of ['remembered', 'last_use', 'known_network'])
    assert.equal(await countOf(store, table), 2500)
})

test('a process goes on where it was', async (t) => {
  const { store } = await setUp(t)
  assert.equal(await readPosition(store, 'erasure'), 0)
  await writePosition(store, 'erasure', 7)
  await writePosition(store, 'erasure', 9)
  assert.equal(await readPosition(store, 'erasure'), 9)
  assert.equal(await readPosition(store, 'other'), 0)
})
