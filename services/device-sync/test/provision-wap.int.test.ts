import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { descendant, textOf } from '../src/wbxml/read.ts'
import type { EasClientOptions, EasResponse } from './eas-client.ts'
import { startTestService } from './test-service.ts'

const WAP = 'MS-WAP-Provisioning-XML'
const folderSync = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])

const provision = (...children: readonly WbxmlNode[]) =>
  el('provision:Provision', [el('provision:Policies', [el('provision:Policy', children)])])
const asks = (type = WAP) => provision(el('provision:PolicyType', type))
const acknowledges = (key: string) =>
  provision(el('provision:PolicyType', WAP), el('provision:PolicyKey', key), el('provision:Status', 1))

const inPolicy = ({ root }: EasResponse, tag: TagName) => {
  const found = descendant(root, 'provision:Policies', 'provision:Policy', tag)
  return found && textOf(found)
}

const setUp = async (t: TestContext, policy: string, version: EasClientOptions['version'] = '2.5') => {
  const service = await startTestService(t)
  service.directory.settings.set('eas.policy', policy)
  return service.phone({ version })
}

describe('a phone of 2.5 where there is a policy', () => {
  test('is sent to Provision by HTTP 449, gets it as XML, and is let in with its key', async (t) => {
    const phone = await setUp(t, 'DevicePasswordEnabled=1; MinDevicePasswordLength=6')
    assert.equal((await phone.post('FolderSync', folderSync)).status, 449)
    const told = await phone.post('Provision', asks())
    assert.equal(inPolicy(told, 'provision:Status'), '1')
    assert.match(inPolicy(told, 'provision:Data') ?? '', /^<wap-provisioningdoc>.*"MinimumPasswordLength"/)
    const final = await phone.post('Provision', acknowledges(inPolicy(told, 'provision:PolicyKey')!))
    const headers = { 'X-MS-PolicyKey': inPolicy(final, 'provision:PolicyKey')! }
    assert.equal((await phone.post('FolderSync', folderSync, { headers })).status, 200)
  })
  test('is let in where the policy has nothing that 2.5 can say (Status 2)', async (t) => {
    const phone = await setUp(t, 'AllowCamera=0')
    assert.equal((await phone.post('FolderSync', folderSync)).status, 200)
    assert.equal(inPolicy(await phone.post('Provision', asks()), 'provision:Status'), '2')
  })
  test('knows no other type (3), nor do later versions know this one', async (t) => {
    const phone = await setUp(t, 'DevicePasswordEnabled=1')
    const other = await phone.post('Provision', asks('MS-EAS-Provisioning-WBXML'))
    assert.equal(inPolicy(other, 'provision:Status'), '3')
    const later = await setUp(t, 'DevicePasswordEnabled=1', '12.0')
    assert.equal(inPolicy(await later.post('Provision', asks()), 'provision:Status'), '3')
    assert.equal((await later.post('FolderSync', folderSync)).status, 449)
  })
})
