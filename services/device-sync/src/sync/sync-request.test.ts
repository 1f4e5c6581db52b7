import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncChange } from '@relais/proto/mail/v1/mail.ts'
import { StatusError } from '../commands/status-error.ts'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { type RequestedCollection, readSync } from './sync-request.ts'
import { LimitError } from './sync-status.ts'

type Parts = readonly (WbxmlNode | false | undefined)[]

const collection = (parts: Parts = [], key = 'k', id = 'inbox') =>
  el('airsync:Collection', [el('airsync:SyncKey', key), el('airsync:CollectionId', id), ...parts])
const sync = (parts: Parts, ...collections: WbxmlNode[]) =>
  el('airsync:Sync', [el('airsync:Collections', collections), ...parts])

const first = (parts: Parts = [], key = 'k') => readSync(sync([], collection(parts, key))).collections[0]!

const refusal = (body: WbxmlNode): StatusError => {
  try {
    readSync(body)
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error
  }
  return assert.fail('it was taken')
}

describe('a collection', () => {
  test('without a word about changes wants them, but for its first request', () => {
    assert.equal(first().getChanges, true)
    assert.equal(first([], '0').getChanges, false)
    assert.equal(first([el('airsync:GetChanges', false)]).getChanges, false)
    assert.equal(first([el('airsync:GetChanges')]).getChanges, true)
  })

  test('with key 0 may not ask for changes nor have commands (MS-ASCMD 3128)', () => {
    assert.equal(first([el('airsync:GetChanges')], '0').wrong, true)
    assert.equal(
      first([el('airsync:Commands', [el('airsync:Delete', [el('airsync:ServerId', '1')])])], '0').wrong,
      true,
    )
    assert.equal(first([el('airsync:GetChanges', false)], '0').wrong, false)
  })

  test('window sizes of 0 and over 512 are 512, none is 100 (MS-ASCMD 4767)', () => {
    const windowOf = (size?: number) =>
      first(size === undefined ? [] : [el('airsync:WindowSize', size)]).window
    assert.deepEqual(
      [windowOf(), windowOf(0), windowOf(1), windowOf(512), windowOf(513)],
      [100, 512, 1, 512, 512],
    )
  })

  test('deletes are moves and the server wins, unless it says otherwise', () => {
    assert.deepEqual([first().deletesAsMoves, first().options?.clientWins], [true, undefined])
    const said = first([
      el('airsync:DeletesAsMoves', false),
      el('airsync:Options', [el('airsync:Conflict', 0)]),
    ])
    assert.deepEqual([said.deletesAsMoves, said.options?.clientWins], [false, true])
  })

  test('options are a unit: there, or not', () => {
    assert.equal(first().options, undefined)
    const { options } = first([el('airsync:Options', [el('airsync:FilterType', 3)])])
    assert.equal(options?.filter, 3)
    assert.deepEqual(
      options?.content.bodies.map(({ type }) => type),
      ['plain'],
    )
    assert.equal(first([el('airsync:Options')]).options?.filter, undefined)
  })

  test('a filter that mail does not know is a protocol error', () => {
    assert.throws(() => first([el('airsync:Options', [el('airsync:FilterType', 8)])]), ValueError)
  })

  test('needs a key and an id, of at most 64 characters', () => {
    for (const bad of ['', 'x'.repeat(65)]) {
      assert.throws(() => readSync(sync([], collection([], bad))), ValueError)
      assert.throws(() => readSync(sync([], collection([], 'k', bad))), ValueError)
    }
  })
})

describe('options of a collection', () => {
  const of =
    (...blocks: Parts[]) =>
    () =>
      first(blocks.map((parts) => el('airsync:Options', parts)))

  test('of SMS ask for text messages, and say nothing about mail', () => {
    const sms = [el('airsync:Class', 'SMS'), el('airsync:FilterType', 1)]
    const mail = [el('airsync:FilterType', 3)]
    const filtersOf = ({ options }: RequestedCollection) => [options?.filter, options?.texts?.filter]
    for (const blocks of [
      [sms, mail],
      [mail, sms],
    ])
      assert.deepEqual(filtersOf(of(...blocks)()), [3, 1])
    assert.deepEqual(filtersOf(of(sms)()), [undefined, 1])
    assert.equal(of(mail)().options?.texts, undefined)
  })

  for (const [what, blocks] of [
    ['twice for one class', [[el('airsync:FilterType', 1)], [el('airsync:Class', 'Email')]]],
    ['for three classes', [[], [el('airsync:Class', 'SMS')], [el('airsync:Class', 'Notes')]]],
    ['with MaxItems, which is for the recipient cache', [[el('airsync:MaxItems', 50)]]],
    ['with a Conflict of 2', [[el('airsync:Conflict', 2)]]],
    ['with a FilterType of 8', [[el('airsync:FilterType', 8)]]],
    ['with MIMESupport 3', [[el('airsync:MIMESupport', 3)]]],
  ] as const)
    test(`${what} are a protocol error`, () => assert.throws(of(...blocks), ValueError))

  test('ConversationMode stands beside them, and is kept where it is not said', () => {
    assert.equal(first().conversations, undefined)
    assert.equal(first([el('airsync:ConversationMode')]).conversations, true)
    assert.equal(first([el('airsync:ConversationMode', false)]).conversations, false)
  })
})

describe('commands', () => {
  const commands = (...nodes: WbxmlNode[]) => first([el('airsync:Commands', nodes)]).commands
  const id = el('airsync:ServerId', 'a1')

  test('read, flag and categories may be changed', () => {
    const [change] = commands(
      el('airsync:Change', [id, el('airsync:ApplicationData', [el('email:Read', true)])]),
    )
    assert.equal(change?.kind, 'change')
    const value = change?.kind === 'change' && change.command.command?.value
    assert.deepEqual(value, SyncChange.fromPartial({ placement: 361, seen: true }))
  })

  test('deletes and fetches name their message', () => {
    const kinds = commands(el('airsync:Delete', [id]), el('airsync:Fetch', [id])).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['delete', 'fetch'])
  })

  test('an id that is none of ours, or empty, is not found (BlackBerry sends empty ones)', () => {
    for (const bad of ['', 'UPPER', 'x'.repeat(40), '../1'])
      assert.deepEqual(commands(el('airsync:Delete', [el('airsync:ServerId', bad)])), [
        { kind: 'refused', of: 'delete', id: bad, status: 8 },
      ])
  })

  test('what can not be changed about a message is refused, the message alone', () => {
    const change = el('airsync:Change', [id, el('airsync:ApplicationData', [el('email:Subject', 'x')])])
    assert.deepEqual(commands(change), [{ kind: 'refused', of: 'change', id: 'a1', status: 6 }])
  })

  test('mail can not be added', () => {
    const add = el('airsync:Add', [el('airsync:ClientId', '7'), el('airsync:ApplicationData')])
    assert.deepEqual(commands(add), [{ kind: 'refused', of: 'add', id: '7', status: 6 }])
  })

  test('more than 200 are a protocol error (MS-ASCMD 2.2.3.32)', () => {
    const many = (count: number) =>
      sync(
        [],
        collection([
          el(
            'airsync:Commands',
            Array.from({ length: count }, () => el('airsync:Delete', [id])),
          ),
        ]),
      )
    assert.equal(readSync(many(200)).collections[0]?.commands.length, 200)
    assert.equal(refusal(many(201)).status, 4)
  })
})

describe('a request', () => {
  const waits = (...parts: WbxmlNode[]) => readSync(sync(parts, collection())).waitMs

  test('may wait for minutes or seconds', () => {
    assert.equal(waits(), undefined)
    for (const minutes of [1, 59]) assert.equal(waits(el('airsync:Wait', minutes)), minutes * 60_000)
    for (const seconds of [60, 3540])
      assert.equal(waits(el('airsync:HeartbeatInterval', seconds)), seconds * 1000)
  })

  for (const [name, node, limit] of [
    ['Wait under a minute', el('airsync:Wait', 0), 1],
    ['Wait over 59 minutes', el('airsync:Wait', 60), 59],
    ['a heartbeat under a minute', el('airsync:HeartbeatInterval', 59), 60],
    ['a heartbeat over 3,540 seconds', el('airsync:HeartbeatInterval', 3541), 3540],
  ] as const)
    test(`${name} is told the nearest bound (Status 14)`, () => {
      const error = refusal(sync([node], collection()))
      assert.ok(error instanceof LimitError)
      assert.deepEqual([error.status, error.limit], [14, limit])
    })

  test('with both is a protocol error', () => {
    const both = [el('airsync:Wait', 5), el('airsync:HeartbeatInterval', 300)]
    assert.equal(refusal(sync(both, collection())).status, 4)
  })

  test('that is partial may leave out its collections, and what else was said before', () => {
    assert.deepEqual(readSync(sync([el('airsync:Partial'), el('airsync:Wait', 5)])), {
      ...{ partial: true, collections: [], window: undefined, waitMs: 300_000 },
    })
    assert.equal(readSync(sync([], collection())).partial, false)
  })

  test('that has no collections has to be sent whole (Status 13)', () => {
    assert.equal(refusal(el('airsync:Sync', [el('airsync:WindowSize', 5)])).status, 13)
  })

  test('with more than 1,000 collections is told the limit (Status 15)', () => {
    const many = (count: number) =>
      sync([], ...Array.from({ length: count }, (_, n) => collection([], 'k', `c${n}`)))
    assert.equal(readSync(many(1000)).collections.length, 1000)
    const error = refusal(many(1001))
    assert.ok(error instanceof LimitError)
    assert.deepEqual([error.status, error.limit], [15, 1000])
  })

  test('has one window for all collections', () => {
    assert.equal(readSync(sync([], collection())).window, undefined)
    assert.equal(readSync(sync([el('airsync:WindowSize', 513)], collection())).window, 512)
    assert.equal(readSync(sync([el('airsync:WindowSize', 7)], collection())).window, 7)
  })
})
