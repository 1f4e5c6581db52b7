import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeviceRows, RowKind } from '../devices/device-rows.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { collectionRows } from './collection-rows.ts'
import type { Course } from './course.ts'
import { emptyRequest, noteLast, wholeRequest } from './last-request.ts'
import { readSync, type SyncRequest } from './sync-request.ts'

/** Rows of a device in memory. */
const memory = (run = 'a', rows = new Map<string, unknown>()): DeviceRows => {
  const nameOf = (kind: RowKind<never>, name = '') => `${kind.name}/${name}`
  return {
    run,
    get: (kind: RowKind<never>, name?: string) => rows.get(nameOf(kind, name)),
    put: (kind: RowKind<never>, value: unknown, name?: string) => void rows.set(nameOf(kind, name), value),
  } as unknown as DeviceRows
}

const collection = (id: string, key: string) =>
  el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', id)])
const body = (parts: readonly WbxmlNode[], ...collections: WbxmlNode[]) =>
  el('airsync:Sync', [...parts, collections.length > 0 && el('airsync:Collections', collections)])
const PARTIAL = el('airsync:Partial')

/** A request that was answered; `news`: the collections with something to tell. */
const answered = (rows: DeviceRows, request: SyncRequest, news: readonly string[] = []): void => {
  for (const { collection: id } of request.collections)
    rows.put(collectionRows, { state: { presented: 0 } } as never, id)
  noteLast(rows, request, {
    courses: request.collections.map(
      (requested) => ({ kind: 'presented', requested, cursor: { generation: 1 } }) as unknown as Course,
    ),
    settled: request.collections.map(({ collection: id }) => (news.includes(id) ? ({} as never) : undefined)),
  })
}

const after = (news: readonly string[] = [], parts: readonly WbxmlNode[] = []) => {
  const rows = memory()
  const first = readSync(body(parts, collection('a', 'ka'), collection('b', 'kb'), collection('c', 'kc')))
  answered(rows, wholeRequest(rows, first), news)
  return rows
}

const keysOf = ({ collections }: SyncRequest) => collections.map(({ collection: id, key }) => `${id}=${key}`)
const partial = (rows: DeviceRows, parts: readonly WbxmlNode[], ...collections: WbxmlNode[]) =>
  wholeRequest(rows, readSync(body([PARTIAL, ...parts], ...collections)))

describe('an empty Sync', () => {
  test('stands for the last one, with its wait and window', () => {
    const request = emptyRequest(after([], [el('airsync:Wait', 5), el('airsync:WindowSize', 7)]))
    assert.deepEqual(keysOf(request), ['a=ka', 'b=kb', 'c=kc'])
    assert.deepEqual([request.waitMs, request.window], [300_000, 7])
  })

  test('whose last one may be lost is Status 13: in a crash the rows may have gone back to one before it', () => {
    const stored = new Map<string, unknown>()
    const rows = memory('before the crash', stored)
    answered(rows, wholeRequest(rows, readSync(body([], collection('a', 'ka'), collection('b', 'kb')))))
    assert.deepEqual(keysOf(emptyRequest(rows)), ['a=ka', 'b=kb'])
    const later = memory('after it', stored)
    assert.throws(() => emptyRequest(later), { status: 13 })
    assert.throws(() => partial(later, [], collection('a', 'ka')), { status: 13 })
  })

  test('after news, and of a phone that never synced, is Status 13', () => {
    assert.throws(() => emptyRequest(after(['b'])), { status: 13 })
    assert.throws(() => emptyRequest(memory()), { status: 13 })
  })
})

describe('a partial Sync', () => {
  test('is the last one with what it says anew, in the old order, and what it adds behind', () => {
    const request = partial(after(['b']), [], collection('d', '0'), collection('b', 'kb2'))
    assert.deepEqual(keysOf(request), ['a=ka', 'b=kb2', 'c=kc', 'd=0'])
  })

  test('keeps wait and window, or says them', () => {
    const before = [el('airsync:Wait', 5), el('airsync:WindowSize', 7)]
    const kept = partial(after([], before), [], collection('a', 'ka2'))
    assert.deepEqual([kept.waitMs, kept.window], [300_000, 7])
    const said = partial(after([], before), [
      el('airsync:HeartbeatInterval', 60),
      el('airsync:WindowSize', 9),
    ])
    assert.deepEqual([said.waitMs, said.window, said.collections.length], [60_000, 9, 3])
  })

  test('that leaves out a collection whose answer may be lost is Status 13: nobody knows its key', () => {
    assert.throws(() => partial(after(['b']), [], collection('a', 'ka2')), { status: 13 })
  })

  test('of a phone of which nothing is remembered is Status 13', () => {
    assert.throws(() => partial(memory(), [], collection('a', 'k')), { status: 13 })
  })

  test('that says nothing is a protocol error', () => {
    assert.throws(() => partial(after(), []), { status: 4 })
  })

  test('is what the next one is a part of', () => {
    const rows = after()
    answered(rows, partial(rows, [], collection('d', 'kd')))
    assert.deepEqual(keysOf(partial(rows, [el('airsync:Wait', 1)])), ['a=ka', 'b=kb', 'c=kc', 'd=kd'])
    assert.deepEqual(keysOf(emptyRequest(rows)), ['a=ka', 'b=kb', 'c=kc', 'd=kd'])
  })

  test('has no more collections than a whole one (Status 15)', () => {
    const many = Array.from({ length: 998 }, (_, n) => collection(`x${n}`, 'k'))
    assert.throws(() => partial(after(), [], ...many), { status: 15, limit: 1000 })
    assert.equal(partial(after(), [], ...many.slice(1)).collections.length, 1000)
  })
})
