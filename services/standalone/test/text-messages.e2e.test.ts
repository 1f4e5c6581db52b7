import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { letter, lettersOf } from './phones/letters.ts'
import {
  addItem,
  bodyOf,
  changeItem,
  collection,
  commands,
  dataOf,
  deleteItem,
  idsIn,
  operationsIn,
  options,
  type Parts,
  SyncTalk,
  statusesIn,
  statusOf,
  syncOf,
} from './phones/sync-talk.ts'
import type { Person } from './phones/world.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const talk = new SyncTalk(world, 'SMS')
before(() => world.start())
after(async () => {
  talk.close()
  await world.stop()
  folder.remove()
})

const DAY = 24 * 3600_000
const VERSIONS = ['14.0', '14.1', '16.0', '16.1'] as const
type Version = (typeof VERSIONS)[number]

const sms = (...parts: Parts) => options(el('airsync:Class', 'SMS'), ...parts)
const filter = (type: number) => el('airsync:FilterType', type)
const preference = (type: number, ...more: Parts) =>
  el('airsyncbase:BodyPreference', [el('airsyncbase:Type', type), ...more])

const text = (words: string, ageMs = 0): Parts => [
  el('email:From', '+49 160 1234567'),
  el('email:To', '"Me" <[MOBILE:+491601111111]>'),
  el('email:DateReceived', new Date(Date.now() - ageMs).toISOString()),
  el('email:Read', true),
  el('airsyncbase:Body', [el('airsyncbase:Type', 1), el('airsyncbase:Data', words)]),
]

/** Text messages that one phone of a new account has put into a folder, in order. */
const withTexts = async (texts: readonly Parts[], id = 'inbox') => {
  const author = await talk.synced(0, { id, version: '14.1' })
  const adds = texts.map((one, n) => addItem(`t${n}`, one, 'SMS'))
  const { node, key } = await talk.sync(author.client, author.key, [sms(), commands(...adds)], id)
  assert.deepEqual(
    statusesIn(node),
    texts.map(() => '1'),
  )
  return { person: author.person, author: { client: author.client, key } }
}

const wordsOf = (operations: readonly WbxmlNode[]) =>
  operations.map((one) => bodyOf(dataOf(one))?.trim()).toSorted()

const held = (person: Person, version: Version, parts: Parts, id = 'inbox') =>
  talk.another(person, { id, version, parts })

describe('text messages are synchronised for who asks for them (MS-ASMS 3.1.4.1.1)', () => {
  test('with a block of Options of their own; without one a phone gets mail alone', async () => {
    const { person } = await withTexts([text('first'), text('second')])
    await world.deliver(person, 'inbox', 1)
    for (const version of VERSIONS) {
      const both = await held(person, version, [options(filter(0)), sms()])
      assert.equal(both.operations.length, 3, version)
      for (const parts of [[], [options()], [options(el('airsync:Class', 'Email'))]])
        assert.equal((await held(person, version, parts)).operations.length, 1, version)
    }
  })

  test('each class is filtered by its own FilterType', async () => {
    const { person } = await withTexts([text('new'), text('old', 10 * DAY)])
    await world.deliver(person, 'inbox', 1)
    for (const version of VERSIONS) {
      const wordsWith = async (...parts: Parts) =>
        wordsOf((await held(person, version, parts)).operations).filter((one) => /new|old/.test(one ?? ''))
      assert.deepEqual(await wordsWith(options(filter(1)), sms(filter(0))), ['new', 'old'])
      assert.deepEqual(await wordsWith(options(filter(0)), sms(filter(3))), ['new'])
      assert.deepEqual(await wordsWith(sms(filter(5))), ['new', 'old'])
    }
  })

  test('a narrowed filter of theirs SoftDeletes, a widened one adds, and mail stays as it is', async () => {
    const { person } = await withTexts([text('new'), text('old', 10 * DAY)])
    await world.deliver(person, 'inbox', 1)
    for (const version of VERSIONS) {
      const { client, key } = await held(person, version, [sms()])
      const narrowed = await talk.sync(client, key, [options(), sms(filter(2))])
      assert.equal(idsIn(narrowed.node, 'airsync:SoftDelete').length, 1)
      const same = await talk.sync(client, narrowed.key)
      assert.equal(same.node, undefined)
      const widened = await talk.sync(client, same.key, [options(), sms(filter(0))])
      assert.deepEqual(wordsOf(operationsIn(widened.node)), ['old'])
      const gone = await talk.sync(client, widened.key, [options()])
      assert.equal(idsIn(gone.node, 'airsync:SoftDelete').length, 2)
      assert.equal(operationsIn(gone.node).length, 2)
    }
  })

  test('each class has its own body preferences', async () => {
    const { person } = await withTexts([text('a text of some length')])
    await world.deliver(person, 'inbox', 1)
    const cut = sms(preference(1, el('airsyncbase:TruncationSize', 6)))
    for (const version of VERSIONS) {
      const { operations } = await held(person, version, [options(preference(2)), cut])
      const types = operations.map((one) => {
        const body = descendant(dataOf(one), 'airsyncbase:Body')
        return [textChild(body, 'airsyncbase:Type'), textChild(body, 'airsyncbase:Truncated') ?? '0']
      })
      assert.deepEqual(types.toSorted(), [
        ['1', '1'],
        ['2', '0'],
      ])
    }
  })

  test('their changes and deletions say their class, but for deletions in 14.0', async () => {
    for (const version of VERSIONS) {
      const { person, author } = await withTexts([text('x')])
      const reader = await held(person, version, [sms()])
      const [id] = reader.ids
      const change = changeItem(id!, [el('email:Read', false)])
      const changed = await talk.sync(author.client, author.key, [commands(change)])
      const told = await talk.sync(reader.client, reader.key)
      assert.equal(textChild(operationsIn(told.node, 'airsync:Change')[0], 'airsync:Class'), 'SMS')
      await talk.sync(author.client, changed.key, [commands(deleteItem(id!))])
      const [removed] = operationsIn((await talk.sync(reader.client, told.key)).node, 'airsync:Delete')
      assert.equal(textChild(removed, 'airsync:Class'), version === '14.0' ? undefined : 'SMS')
    }
  })

  test('14.0 has them in three folders, later versions in every folder of mail', async () => {
    const { person, author } = await withTexts([text('moved')])
    const id = (await held(person, '14.1', [sms()])).ids[0]!
    const move = ['SrcMsgId', 'SrcFldId', 'DstFldId'] as const
    const places = { SrcMsgId: id, SrcFldId: 'inbox', DstFldId: 'archive' }
    const parts = move.map((name) => el(`move:${name}`, places[name]))
    await author.client.post('MoveItems', el('move:MoveItems', [el('move:Move', parts)]))
    for (const version of VERSIONS)
      assert.equal(
        (await held(person, version, [sms()], 'archive')).operations.length,
        version === '14.0' ? 0 : 1,
      )
  })

  test('are none of 12.1', async () => {
    const { person } = await withTexts([text('x')])
    const client = await talk.started(person, '12.1')
    const { key } = await talk.sync(client, '0', [])
    assert.equal((await talk.all(client, key, [sms()])).operations.length, 0)
  })

  test('what a phone adds without asking for them is kept, and it isn’t told to forget it', async () => {
    const { client, key, person } = await talk.synced(0)
    const added = await talk.sync(client, key, [commands(addItem('t', text('mine'), 'SMS'))])
    assert.deepEqual(statusesIn(added.node), ['1'])
    assert.equal((await talk.sync(client, added.key)).node, undefined)
    assert.equal((await held(person, '16.1', [sms()])).operations.length, 1)
  })

  test('are counted by GetItemEstimate as they are asked for', async () => {
    const { person } = await withTexts([text('new'), text('old', 10 * DAY)])
    await world.deliver(person, 'inbox', 1)
    const client = await talk.started(person, '14.1')
    const { key } = await talk.sync(client, '0')
    const estimate = async (...parts: Parts) => {
      const asked = [el('airsync:SyncKey', key), el('getitemestimate:CollectionId', 'inbox'), ...parts]
      const { root } = await client.post(
        'GetItemEstimate',
        el('getitemestimate:GetItemEstimate', [
          el('getitemestimate:Collections', [el('getitemestimate:Collection', asked)]),
        ]),
      )
      const response = child(root, 'getitemestimate:Response')
      return textChild(child(response, 'getitemestimate:Collection'), 'getitemestimate:Estimate')
    }
    assert.equal(await estimate(), '1')
    assert.equal(await estimate(options(), sms(filter(1))), '2')
    assert.equal(await estimate(options(), sms()), '3')
  })

  test('more than two blocks, or two of one class, are a protocol error (Status 4)', async () => {
    const { client, key } = await talk.synced(0)
    for (const blocks of [
      [sms(), sms()],
      [options(), sms(), options(el('airsync:Class', 'Notes'))],
    ]) {
      const response = await client.post('Sync', syncOf([collection(key, blocks)]))
      assert.equal(statusOf(response), '4')
    }
  })
})

describe('text messages are found', () => {
  const search = async (client: EasClient, ...classes: string[]) => {
    const { root } = await client.post(
      'Search',
      el('search:Search', [
        el('search:Store', [
          el('search:Name', 'Mailbox'),
          el('search:Query', [
            el('search:And', [
              ...classes.map((one) => el('airsync:Class', one)),
              el('airsync:CollectionId', 'inbox'),
              el('search:FreeText', 'walnut'),
            ]),
          ]),
          el('search:Options', [el('search:Range', '0-9'), el('search:DeepTraversal')]),
        ]),
      ]),
    )
    const store = child(child(root, 'search:Response'), 'search:Store')!
    return childrenNamed(store, 'search:Result').flatMap((one) => textChild(one, 'airsync:Class') ?? [])
  }

  const find = async (client: EasClient, ofClass: string) => {
    const { root } = await client.post(
      'Find',
      el('find:Find', [
        el('find:SearchId', 'a'),
        el('find:ExecuteSearch', [
          el('find:MailBoxSearchCriterion', [
            el('find:Query', [el('airsync:Class', ofClass), el('find:FreeText', 'walnut')]),
          ]),
        ]),
      ]),
    )
    const response = child(root, 'find:Response')!
    return childrenNamed(response, 'find:Result').flatMap((one) => textChild(one, 'airsync:Class') ?? [])
  }

  test('by Search for their class, and mail by its own, in every version', async () => {
    const { person } = await withTexts([text('a walnut')])
    await world.deliver(person, 'inbox', 1)
    await put(person, 'walnut')
    for (const version of VERSIONS) {
      const client = await talk.started(person, version)
      await until(async () => (await search(client)).length === 2)
      assert.deepEqual(await search(client, 'SMS'), ['SMS'])
      assert.deepEqual(await search(client, 'Email'), ['Email'])
      assert.deepEqual((await search(client, 'Email', 'SMS')).toSorted(), ['Email', 'SMS'])
      assert.deepEqual(await search(client, 'Notes'), [])
    }
  })

  test('by Find of 16.1', async () => {
    const { person } = await withTexts([text('a walnut')])
    await put(person, 'walnut')
    const client = await talk.started(person, '16.1')
    await until(async () => (await search(client)).length === 2)
    assert.deepEqual(await find(client, 'SMS'), ['SMS'])
    assert.deepEqual(await find(client, 'Email'), ['Email'])
  })

  test('not by who keeps none', async () => {
    const person = await world.person()
    await put(person, 'walnut')
    const client = await talk.started(person, '16.1')
    await until(async () => (await search(client)).length === 1)
    assert.deepEqual(await search(client, 'SMS'), [])
    assert.deepEqual(await search(client, 'Email'), ['Email'])
  })
})

const put = (person: Person, subject: string) => letters.put(person, { text: letter(subject) })
const letters = lettersOf(world, talk)

/** The index follows the log a moment behind. */
const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!(await isSo()));
}
