import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answered, answeredFirst, firstCursor, type KnownList, nameList, packKey } from '@relais/sync-state'
import { contentOptionsOf } from '../classes/body-options.ts'
import type { CommandContext } from '../commands/command.ts'
import { probeRows } from '../devices/probe-rows.ts'
import { collectionRows, collectionState } from './collection-rows.ts'
import { courseOf } from './course.ts'
import { notePresented } from './settle.ts'
import type { RequestedCollection } from './sync-request.ts'

const OPTIONS = {
  filter: undefined,
  content: contentOptionsOf(undefined),
  clientWins: false,
  conversations: false,
}

const listOf = (placement: number): KnownList => ({
  created: [placement],
  touches: [],
  corrections: new Map(),
  gone: [],
})

const keyOf = (generation: number, list: number) => {
  const cursor = {
    ...firstCursor(10, { epoch: 1, generation, filter: 0, level: 2, view: 0 }),
    list,
  }
  return { cursor, key: packKey(cursor) }
}

const requested = (key: string): RequestedCollection => ({
  ...{ collection: 'inbox', key, window: 5, getChanges: true, deletesAsMoves: true },
  ...{ options: undefined, conversations: undefined, commands: [], wrong: false },
})

/** A phone that holds a key with a list, and the context of its requests. */
const holding = () => {
  const rows = probeRows({ tenant: 'acme', account: 'u1', device: 'd1' })
  const context = { rows, now: 1 } as unknown as CommandContext
  const start = keyOf(5, 0)
  const list = listOf(77)
  const { key, cursor } = keyOf(6, nameList(list))
  const state = answered(answeredFirst(undefined, start.key, start.cursor), {
    ...{ presented: start.key, key, cursor, list, behind: false },
  })
  rows.put(collectionRows, { state, options: OPTIONS, quietAt: 0 }, 'inbox')
  return { context, key }
}

/** The request is answered with another list, and the answer is lost. */
const lost = (context: CommandContext, key: string, n: number): void => {
  const { rows } = context
  const course = courseOf(context, requested(key))
  assert.equal(course.kind, 'presented', `request ${n} is refused`)
  notePresented(context, course)
  const list = listOf(1000 + n)
  const next = keyOf(7, nameList(list))
  const former = collectionState(rows, 'inbox')
  const state = answered(former, {
    ...{ presented: key, key: next.key, cursor: next.cursor, list, behind: false },
  })
  rows.put(collectionRows, { state, options: OPTIONS, quietAt: 0 }, 'inbox')
}

describe('a key whose answers are lost', () => {
  test('is good however often it is repeated, though each answer has another list', () => {
    const { context, key } = holding()
    for (let n = 1; n <= 40; n += 1) lost(context, key, n)
  })

  test('writes nothing where neither it nor its list was anything new', () => {
    const { context, key } = holding()
    const course = courseOf(context, requested(key))
    assert.ok(course.kind === 'presented')
    notePresented(context, course)
    const noted = context.rows.get(collectionRows, 'inbox')
    const again = courseOf(context, requested(key))
    assert.ok(again.kind === 'presented')
    notePresented(context, again)
    assert.equal(context.rows.get(collectionRows, 'inbox'), noted)
  })
})
