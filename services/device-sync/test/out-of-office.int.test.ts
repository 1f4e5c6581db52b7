import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AutomaticReplies } from '@relais/proto/mail/v1/message.ts'
import { retryable, terminal } from '@relais/service-kit'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { childrenNamed, childrenOf, descendant, textChild, textOf } from '../src/wbxml/read.ts'
import type { EasResponse } from './eas-client.ts'
import { sharedTestService } from './test-service.ts'

const oof = (...children: WbxmlNode[]) => el('settings:Settings', [el('settings:Oof', children)])
const get = (type?: string) =>
  oof(el('settings:Get', type === undefined ? [] : [el('settings:BodyType', type)]))
const set = (...children: (WbxmlNode | false)[]) => oof(el('settings:Set', children))
const state = (value: number | string) => el('settings:OofState', value)

const message = (audience: string, text?: string, { type = 'Text', enabled = '1' } = {}) =>
  el('settings:OofMessage', [
    el(`settings:AppliesTo${audience}` as TagName),
    el('settings:Enabled', enabled),
    text !== undefined && el('settings:ReplyMessage', text),
    text !== undefined && el('settings:BodyType', type),
  ])

const text = ({ root }: EasResponse, ...path: TagName[]) => {
  const found = descendant(root, ...path)
  return found && textOf(found)
}
const statusOf = (response: EasResponse) => text(response, 'settings:Oof', 'settings:Status')

const shared = sharedTestService()
const reply = (words: string, enabled = true, type = 'plain') => ({ enabled, type, text: words })

const setUp = (replies: Parameters<typeof AutomaticReplies.fromPartial>[0] = { state: 'off' }) => {
  const service = shared()
  service.mail.replies = AutomaticReplies.fromPartial(replies)
  return { service, send: (root: WbxmlNode) => service.phone().post('Settings', root) }
}

describe('out of office', () => {
  for (const version of ['12.1', '14.0', '14.1', '16.0', '16.1'] as const)
    test(`${version}: is told for each audience, with its times`, async () => {
      const { service } = setUp({
        ...{ state: 'timed', start: Date.UTC(2026, 11, 24), end: Date.UTC(2027, 0, 2) },
        ...{
          inside: reply('in'),
          outsideKnown: reply('<p>known</p>', true, 'html'),
          outsideUnknown: reply('', false),
        },
      })
      const response = await service.phone({ version }).post('Settings', get('HTML'))
      assert.equal(statusOf(response), '1')
      const told = descendant(response.root, 'settings:Oof', 'settings:Get')!
      assert.deepEqual(
        ['settings:OofState', 'settings:StartTime', 'settings:EndTime'].map((tag) =>
          textChild(told, tag as TagName),
        ),
        ['2', '2026-12-24T00:00:00.000Z', '2027-01-02T00:00:00.000Z'],
      )
      assert.deepEqual(
        childrenNamed(told, 'settings:OofMessage').map((one) =>
          childrenOf(one).map((part) => `${part.tag.slice(9)} ${textOf(part)}`.trim()),
        ),
        [
          ['AppliesToInternal', 'Enabled 1', 'ReplyMessage in', 'BodyType Text'],
          ['AppliesToExternalKnown', 'Enabled 1', 'ReplyMessage <p>known</p>', 'BodyType HTML'],
          ['AppliesToExternalUnknown', 'Enabled 0'],
        ],
      )
    })
  test('that is off has no times', async () => {
    const { send } = setUp()
    const { root } = await send(get())
    assert.deepEqual(
      childrenOf(descendant(root, 'settings:Oof', 'settings:Get')!).map(({ tag }) => tag),
      ['settings:OofState', 'settings:OofMessage', 'settings:OofMessage', 'settings:OofMessage'],
    )
  })
  test('is set whole', async () => {
    const { service, send } = setUp()
    const response = await send(
      set(
        state(2),
        el('settings:StartTime', '2026-12-24T00:00:00.000Z'),
        el('settings:EndTime', '20270102T000000Z'),
        message('Internal', 'away'),
        message('ExternalKnown', '<p>away</p>', { type: 'HTML' }),
        message('ExternalUnknown', undefined, { enabled: '0' }),
      ),
    )
    assert.equal(statusOf(response), '1')
    assert.deepEqual(service.mail.replies, {
      ...{ state: 'timed', start: Date.UTC(2026, 11, 24), end: Date.UTC(2027, 0, 2) },
      inside: reply('away'),
      outsideKnown: reply('<p>away</p>', true, 'html'),
      outsideUnknown: reply('', false),
    })
  })
  test('what a request leaves out stays: other audiences, the text of one that is switched off, the state', async () => {
    const before = { state: 'on', inside: reply('in'), outsideKnown: reply('known') }
    const { service, send } = setUp(before)
    await send(set(message('Internal', undefined, { enabled: '0' })))
    assert.deepEqual(
      service.mail.replies,
      AutomaticReplies.fromPartial({ ...before, inside: reply('in', false) }),
    )
    await send(set(state(0)))
    assert.deepEqual([service.mail.replies.state, service.mail.replies.inside?.text], ['off', 'in'])
  })
  test('one message may be for several audiences', async () => {
    const { service, send } = setUp()
    const both = el('settings:OofMessage', [
      el('settings:AppliesToExternalKnown'),
      el('settings:AppliesToExternalUnknown'),
      el('settings:Enabled', '1'),
      el('settings:ReplyMessage', 'away'),
      el('settings:BodyType', 'TEXT'),
    ])
    assert.equal(statusOf(await send(set(state(1), both))), '1')
    const { inside, outsideKnown, outsideUnknown } = service.mail.replies
    assert.deepEqual([inside, outsideKnown, outsideUnknown], [undefined, reply('away'), reply('away')])
  })
  const invalid: Record<string, WbxmlNode> = {
    'a state that is none': set(state(3)),
    'a state that is no number': set(state('on')),
    'a time that is none': set(state(2), el('settings:StartTime', 'tomorrow')),
    'a message for nobody': set(state(1), el('settings:OofMessage', [el('settings:Enabled', '1')])),
    'a text of another kind': set(state(1), message('Internal', 'x', { type: 'RTF' })),
    'a text that is too long': set(state(1), message('Internal', 'x'.repeat(65_537))),
    'neither on nor off': set(state(1), message('Internal', 'x', { enabled: 'perhaps' })),
  }
  for (const [what, root] of Object.entries(invalid))
    test(`5: ${what}, and nothing is changed`, async () => {
      const { service, send } = setUp({ state: 'on', inside: reply('kept') })
      assert.equal(statusOf(await send(root)), '5')
      assert.equal(service.mail.replies.inside?.text, 'kept')
    })
  test('5: what the mail service finds wrong, such as an end before the start', async () => {
    const { service, send } = setUp()
    service.mail.failure = terminal('INVALID_ARGUMENT', 'no')
    assert.equal(statusOf(await send(set(state(1)))), '5')
  })
  test('5: a Get in a form that is none', async () => {
    const { send } = setUp()
    assert.equal(statusOf(await send(get('RTF'))), '5')
  })
  test('2: both Get and Set, or neither', async () => {
    const { send } = setUp()
    assert.equal(statusOf(await send(oof())), '2')
    assert.equal(statusOf(await send(oof(el('settings:Get'), el('settings:Set', [state(1)])))), '2')
  })
  test('a mail service that is away is a failure of the request, to be tried again', async () => {
    const { service, send } = setUp()
    service.mail.failure = retryable('UNAVAILABLE', 'away')
    assert.equal(text(await send(get()), 'settings:Status'), '111')
  })
  test('is asked about and set for the owner alone', async () => {
    const { service, send } = setUp()
    await send(get())
    await send(set(state(1)))
    for (const { identity, tenant, account } of service.mail.callers)
      assert.deepEqual(
        [tenant, account, identity.principal, identity.actor.kind],
        ['acme', 'u1', 'u1', 'device'],
      )
  })
})
