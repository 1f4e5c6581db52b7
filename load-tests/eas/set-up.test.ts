import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { type Ask, NO_ANSWER } from './effects.ts'
import { FAMILY_NAMES, type FamilyName } from './families.ts'
import { type PhoneState, phoneOf } from './phone-state.ts'
import { folderAnswer, ok, policyAnswer } from './scripted-server.fixture.ts'
import { folders, provision, setUp } from './set-up.ts'
import { Trouble } from './trouble.ts'
import { ACCOUNT, asQuiet, converse, knowing, QUIET_PLAN } from './world.fixture.ts'

const fresh = (family: FamilyName = 'ios') => phoneOf({ ...QUIET_PLAN, mix: { [family]: 1 } }, 0, ACCOUNT)

const kindOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.kind : undefined)
const commandsOf = (effects: readonly unknown[]) => (effects as Ask[]).map(({ command }) => command)

describe('a phone that is set up', () => {
  for (const family of FAMILY_NAMES)
    test(`of ${family} knows its folders, has taken them, and says so`, () => {
      const phone = fresh(family)
      const { error } = converse(phone, setUp, asQuiet)
      assert.equal(error, undefined)
      assert.deepEqual(
        phone.folders.map(({ type, key }) => [type, key]),
        phone.family.keeps.map((type) => [type, `folder${type}-next`]),
      )
      assert.equal(phone.isSetUp, true)
    })

  test('isn’t, where one step failed: it begins anew', () => {
    const phone = fresh()
    const { error } = converse(phone, setUp, (ask, asked, n) =>
      ask.command === 'Settings' ? { ...NO_ANSWER, status: 503, retryAfter: '9' } : asQuiet(ask, asked, n),
    )
    assert.equal(kindOf(error), 'later')
    assert.equal(phone.isSetUp, false)
  })
})

describe('taking the policy', () => {
  const provisioning = (phone: PhoneState, ...answers: readonly WbxmlNode[]) =>
    converse(phone, provision, (_, __, n) => ok(answers[n]))

  test('MS-ASPROV 3.1.5.1: asks with what it is, takes the key that it is told, and keeps the last one', () => {
    const phone = fresh()
    const { noted } = provisioning(phone, policyAnswer('111'), policyAnswer('222'))
    const [first, second] = noted.asked
    assert.equal(
      textChild(descendant(first, 'settings:DeviceInformation', 'settings:Set'), 'settings:Model'),
      'iPhone',
    )
    const policy = descendant(second, 'provision:Policies', 'provision:Policy')
    assert.equal(textChild(policy, 'provision:PolicyKey'), '111')
    assert.equal(textChild(policy, 'provision:Status'), '1')
    assert.equal(phone.policyKey, '222')
  })

  test('where there is no policy there is nothing to take', () => {
    const phone = fresh()
    const { noted, error } = provisioning(phone, el('provision:Provision', [el('provision:Status', 1)]))
    assert.equal(error, undefined)
    assert.equal(noted.asked.length, 1)
    assert.equal(phone.policyKey, '0')
  })

  test('a Status that isn’t success is no policy, and a policy without a key isn’t taken', () => {
    const phone = fresh()
    const failed = el('provision:Provision', [el('provision:Status', 3)])
    assert.equal(kindOf(provisioning(phone, failed).error), 'unexpected')
    const keyless = el('provision:Provision', [
      el('provision:Status', 1),
      el('provision:Policies', [el('provision:Policy', [el('provision:Status', 5)])]),
    ])
    const { error } = provisioning(phone, policyAnswer('111'), keyless)
    assert.equal((error as Error).message, 'Provision Status 5')
    assert.equal(phone.policyKey, '0')
  })
})

describe('taking the folders', () => {
  const hierarchy = (key: string, ...kept: readonly (readonly [id: string, type: string])[]) =>
    el('folderhierarchy:FolderSync', [
      el('folderhierarchy:Status', 1),
      el('folderhierarchy:SyncKey', key),
      el(
        'folderhierarchy:Changes',
        kept.map(([id, type]) =>
          el('folderhierarchy:Add', [el('folderhierarchy:ServerId', id), el('folderhierarchy:Type', type)]),
        ),
      ),
    ])
  const status = (code: number) => el('folderhierarchy:FolderSync', [el('folderhierarchy:Status', code)])
  const asking = (phone: PhoneState, answer: (n: number) => WbxmlNode) =>
    converse(phone, folders, (_, __, n) => ok(answer(n)))

  test('keeps those of its family, the inbox first, whatever the server’s order', () => {
    const phone = fresh('outlook')
    asking(phone, () => hierarchy('f1', ['s', '5'], ['user', '12'], ['t', '4'], ['i', '2'], ['c', '8']))
    assert.deepEqual(
      phone.folders.map(({ id }) => id),
      ['i', 't', 's'],
    )
    assert.equal(phone.folderKey, 'f1')
  })

  test('asked for anew with a key of 0 knows what it held of those that are the same', () => {
    const phone = knowing('ios')
    phone.folderKey = '0'
    asking(phone, () => hierarchy('f2', ['folder2', '2'], ['new', '5']))
    assert.deepEqual(phone.folders, [
      { id: 'folder2', type: '2', key: 'key2' },
      { id: 'new', type: '5', key: '0' },
    ])
  })

  test('asked for with a key is told of changes alone, and keeps its folders', () => {
    const phone = knowing('ios')
    phone.folderKey = 'f1'
    const { noted } = asking(phone, () => hierarchy('f2'))
    assert.equal(textChild(noted.asked[0], 'folderhierarchy:SyncKey'), 'f1')
    assert.equal(phone.folders.length, 2)
    assert.equal(phone.folderKey, 'f2')
  })

  test('without an inbox there is no mailbox', () => {
    const { error } = asking(fresh(), () => hierarchy('f1', ['s', '5']))
    assert.equal(kindOf(error), 'unexpected')
    assert.match((error as Error).message, /no inbox/)
  })

  test('MS-ASCMD 2.2.3.177.4: Status 9 begins anew, 6 is for later, others no phone expects', () => {
    const phone = knowing()
    phone.folderKey = 'f1'
    assert.equal(kindOf(asking(phone, () => status(9)).error), 'folders')
    assert.equal(phone.folderKey, '0')
    assert.equal(kindOf(asking(phone, () => status(6)).error), 'later')
    assert.equal(kindOf(asking(phone, () => status(10)).error), 'unexpected')
  })

  test('told of a policy takes it and asks again, once', () => {
    const phone = fresh()
    const { noted, error } = converse(phone, folders, (ask, _, n) => {
      if (n === 0) return { ...NO_ANSWER, status: 449 }
      return ask.command === 'Provision' ? ok(policyAnswer(`${n}`)) : ok(folderAnswer())
    })
    assert.equal(error, undefined)
    assert.deepEqual(commandsOf(noted.effects), ['FolderSync', 'Provision', 'Provision', 'FolderSync'])
    assert.equal(phone.policyKey, '2')
  })

  test('told of a policy again and again doesn’t ask without end', () => {
    const { noted, error } = converse(fresh(), folders, (ask) =>
      ask.command === 'Provision' ? ok(policyAnswer('7')) : { ...NO_ANSWER, status: 449 },
    )
    assert.equal(kindOf(error), 'policy')
    assert.equal(noted.asked.length, 4)
  })
})
