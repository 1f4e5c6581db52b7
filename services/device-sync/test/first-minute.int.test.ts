import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Mailbox } from '@relais/proto/mail/v1/mail.ts'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasClient, EasClientOptions } from './eas-client.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService()

const MOBILE_SYNC = 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006'

const folders = (key: string) => el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', key)])
const set = (...children: WbxmlNode[]) => el('settings:DeviceInformation', [el('settings:Set', children)])
const information = set(el('settings:Model', 'm'), el('settings:OS', 'o'))
const policies = el('provision:Policies', [
  el('provision:Policy', [el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML')]),
])
const userInformation = el('settings:UserInformation', [el('settings:Get')])

const answered = async (phone: EasClient, command: string, body: WbxmlNode, ...path: TagName[]) => {
  const { status, root } = await phone.post(command, body)
  assert.equal(status, 200)
  const found = descendant(root, ...path)
  return found && textOf(found)
}

const steps = {
  autodiscoverXml: async (phone: EasClient) => {
    const body = Buffer.from(
      `<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request><EMailAddress>mike@example.org</EMailAddress><AcceptableResponseSchema>${MOBILE_SYNC}</AcceptableResponseSchema></Request></Autodiscover>`,
    )
    const { status, bytes } = await phone.request('/autodiscover/autodiscover.xml', { method: 'POST', body })
    assert.equal(status, 200)
    assert.match(bytes.toString(), /<Url>http:\/\/127\.0\.0\.1:\d+\/Microsoft-Server-ActiveSync<\/Url>/)
  },
  autodiscoverJson: async (phone: EasClient) => {
    const path = '/autodiscover/autodiscover.json?Email=mike%40example.org&Protocol=ActiveSync'
    const { status, bytes } = await phone.request(path, { method: 'GET' })
    assert.equal(status, 200)
    assert.equal(JSON.parse(bytes.toString()).Protocol, 'ActiveSync')
  },
  options: async (phone: EasClient) => {
    const { status, headers } = await phone.optionsRequest()
    assert.equal(status, 200)
    assert.ok(String(headers['ms-asprotocolversions']).split(',').includes(phone.options.version))
  },
  firstFolders: async (phone: EasClient) => {
    assert.equal(await answered(phone, 'FolderSync', folders('0'), 'folderhierarchy:Status'), '1')
  },
  folders: async (phone: EasClient) => {
    const { root } = await phone.post('FolderSync', folders('0'))
    const key = textOf(child(root, 'folderhierarchy:SyncKey')!)
    assert.equal(textOf(descendant(root, 'folderhierarchy:Changes', 'folderhierarchy:Count')!), '2')
    assert.equal(await answered(phone, 'FolderSync', folders(key), 'folderhierarchy:SyncKey'), key)
  },
  provision: async (phone: EasClient) => {
    const body = el('provision:Provision', [information, policies])
    assert.equal(await answered(phone, 'Provision', body, 'provision:Status'), '1')
  },
  provisionBare: async (phone: EasClient) => {
    const body = el('provision:Provision', [policies])
    assert.equal(await answered(phone, 'Provision', body, 'provision:Status'), '1')
  },
  settings: async (phone: EasClient) => {
    const body = el('settings:Settings', [information, userInformation])
    const status = await answered(phone, 'Settings', body, 'settings:UserInformation', 'settings:Status')
    assert.equal(status, '1')
  },
} as const

type Step = keyof typeof steps

/** The order in which clients do it (field notes, section 2). */
const clients: readonly { name: string; options: Partial<EasClientOptions>; does: readonly Step[] }[] = [
  {
    name: 'iPhone',
    options: {
      deviceId: 'APPLF17L2KX1',
      deviceType: 'iPhone',
      userAgent: 'Apple-iPhone14C2/1904.1',
      version: '16.1',
    },
    does: [
      'autodiscoverXml',
      'autodiscoverJson',
      'options',
      'firstFolders',
      'provision',
      'settings',
      'folders',
    ],
  },
  {
    name: 'Android’s own client',
    options: {
      deviceId: 'androidc259148960',
      deviceType: 'Android',
      userAgent: 'Android/4.4.2-EAS-1.3',
      version: '14.1',
    },
    does: ['options', 'firstFolders', 'provision', 'settings', 'folders'],
  },
  {
    name: 'Gmail',
    options: {
      deviceId: 'android1513698456',
      deviceType: 'Android',
      userAgent: 'Android-Mail/2026.01.05',
      version: '16.1',
    },
    does: ['autodiscoverXml', 'options', 'firstFolders', 'provision', 'settings', 'folders'],
  },
  {
    name: 'Samsung',
    options: {
      deviceId: 'SEC1CAB12345ABC',
      deviceType: 'SAMSUNGSMS928B',
      userAgent: 'SAMSUNG-SM-S928B/101',
      version: '14.1',
    },
    does: ['options', 'provision', 'firstFolders', 'settings', 'folders'],
  },
  {
    name: 'Outlook on Windows',
    options: {
      deviceId: '0F2DCA8E6CC4D04A',
      deviceType: 'WindowsOutlook15',
      userAgent: 'Microsoft.Outlook.15',
      version: '14.1',
    },
    does: ['autodiscoverXml', 'options', 'provision', 'firstFolders', 'settings', 'folders'],
  },
  {
    name: 'Outlook on a phone',
    options: {
      deviceId: '9E7F4B5F6AA2D3C1',
      deviceType: 'Outlook',
      userAgent: 'Outlook-iOS-Android/1.0',
      version: '16.1',
      query: 'base64',
    },
    does: ['autodiscoverJson', 'options', 'firstFolders', 'provision', 'settings', 'folders'],
  },
  {
    name: 'Windows Phone',
    options: {
      deviceId: 'A6D8B29C11',
      deviceType: 'WP8',
      userAgent: 'MSFT-WP/8.10.14219',
      version: '14.1',
      query: 'base64',
    },
    does: ['options', 'provisionBare', 'firstFolders', 'settings', 'folders'],
  },
  {
    name: 'Nine',
    options: { deviceId: 'nine0a1b2c3d4e5f', deviceType: 'Android', userAgent: 'Nine/4.9', version: '16.1' },
    does: ['autodiscoverXml', 'options', 'firstFolders', 'provision', 'settings', 'folders'],
  },
  {
    name: 'TbSync',
    options: {
      deviceId: 'MZTB4711',
      deviceType: 'Thunderbird',
      userAgent: 'Thunderbird ActiveSync',
      version: '14.1',
    },
    does: [
      'autodiscoverJson',
      'autodiscoverXml',
      'options',
      'provision',
      'firstFolders',
      'settings',
      'folders',
    ],
  },
]

describe('a client’s first minute', () => {
  for (const { name, options, does } of clients)
    test(`${name}: ${does.join(', ')}`, async () => {
      const hierarchy = ['inbox', 'sent'].map((role) => ({
        added: true,
        mailbox: Mailbox.fromPartial({ mailbox: role, role, name: role }),
      }))
      shared().mail.hierarchy.set(0, { changes: hierarchy, removed: [], position: 5, stale: false })
      const phone = shared().phone(options)
      for (const step of does) await steps[step](phone)
    })
  test('Android asks with the device id "validate" first, and leaves nothing behind', async () => {
    const before = await shared().log.head({ service: 'device-sync' })
    const probe = shared().phone({ deviceId: 'validate', deviceType: 'Android', version: '14.1' })
    await steps.options(probe)
    await steps.firstFolders(probe)
    await steps.provision(probe)
    assert.equal(await shared().log.head({ service: 'device-sync' }), before)
  })
})
