import type { TagName } from '@relais/device-sync/wbxml/code-pages.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'

/** Valid requests of every command, whose bytes are damaged. */
export type Seed = { readonly command: string; readonly body: Buffer; readonly type?: 'message' }

const text = (tag: TagName, value: string | number) => el(tag, value)

const document = (root: TagName, ...children: readonly WbxmlNode[]): Buffer =>
  Buffer.from(encodeWbxml(el(root, children)))

const collection = (key: string, ...more: readonly WbxmlNode[]) =>
  el('airsync:Collections', [
    el('airsync:Collection', [text('airsync:SyncKey', key), text('airsync:CollectionId', 'inbox'), ...more]),
  ])

const KEY = 'EAACEQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

const options = el('airsync:Options', [
  text('airsync:FilterType', 3),
  text('airsync:MIMESupport', 2),
  text('airsync:Truncation', 4),
  el('airsyncbase:BodyPreference', [
    text('airsyncbase:Type', 2),
    text('airsyncbase:TruncationSize', 500),
    text('airsyncbase:Preview', 100),
  ]),
])

const change = el('airsync:Commands', [
  el('airsync:Change', [
    text('airsync:ServerId', 'a1'),
    el('airsync:ApplicationData', [
      text('email:Read', 1),
      el('email:Flag', [text('email:Status', 2), text('tasks:DueDate', '2026-01-05T09:00:00.000Z')]),
      el('email:Categories', [text('email:Category', 'Work')]),
    ]),
  ]),
  el('airsync:Add', [
    text('airsync:ClientId', '1'),
    el('airsync:ApplicationData', [text('email:To', 'a@b')]),
  ]),
  el('airsync:Fetch', [text('airsync:ServerId', 'a1')]),
  el('airsync:Delete', [text('airsync:ServerId', 'a2')]),
])

const MIME = Buffer.from(
  'From: a@acme.example\r\nTo: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= <nobody@acme.example>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGFsbG8=\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nz\r\n--b--\r\n',
)

const composed = (root: TagName, ...more: readonly WbxmlNode[]) =>
  document(root, text('composemail:ClientId', 'c'), ...more, el('composemail:Mime', MIME))

const source = el('composemail:Source', [
  text('composemail:FolderId', 'inbox'),
  text('composemail:ItemId', 'a1'),
])

const folder = (...more: readonly WbxmlNode[]): readonly WbxmlNode[] => [
  text('folderhierarchy:SyncKey', 'f1.2m.b.a'),
  ...more,
]

const provision = el('provision:Policies', [
  el('provision:Policy', [
    text('provision:PolicyType', 'MS-EAS-Provisioning-WBXML'),
    text('provision:PolicyKey', 1),
    text('provision:Status', 1),
  ]),
])

export const SEEDS: readonly Seed[] = [
  { command: 'Sync', body: document('airsync:Sync', collection('0', options)) },
  { command: 'Sync', body: document('airsync:Sync', collection(KEY, options, change)) },
  { command: 'Sync', body: document('airsync:Sync', text('airsync:Wait', 59), collection(KEY)) },
  { command: 'Sync', body: document('airsync:Sync', el('airsync:Partial'), text('airsync:WindowSize', 5)) },
  { command: 'FolderSync', body: document('folderhierarchy:FolderSync', ...folder()) },
  {
    command: 'FolderCreate',
    body: document(
      'folderhierarchy:FolderCreate',
      ...folder(
        text('folderhierarchy:ParentId', '0'),
        text('folderhierarchy:DisplayName', 'New'),
        text('folderhierarchy:Type', 12),
      ),
    ),
  },
  {
    command: 'FolderUpdate',
    body: document(
      'folderhierarchy:FolderUpdate',
      ...folder(
        text('folderhierarchy:ServerId', 'x'),
        text('folderhierarchy:ParentId', '0'),
        text('folderhierarchy:DisplayName', 'Newer'),
      ),
    ),
  },
  {
    command: 'FolderDelete',
    body: document('folderhierarchy:FolderDelete', ...folder(text('folderhierarchy:ServerId', 'x'))),
  },
  {
    command: 'Ping',
    body: document(
      'ping:Ping',
      text('ping:HeartbeatInterval', 60),
      el('ping:Folders', [el('ping:Folder', [text('ping:Id', 'inbox'), text('ping:Class', 'Email')])]),
    ),
  },
  {
    command: 'GetItemEstimate',
    body: document(
      'getitemestimate:GetItemEstimate',
      el('getitemestimate:Collections', [
        el('getitemestimate:Collection', [
          text('airsync:SyncKey', KEY),
          text('getitemestimate:CollectionId', 'inbox'),
          options,
        ]),
      ]),
    ),
  },
  {
    command: 'MoveItems',
    body: document(
      'move:MoveItems',
      el('move:Move', [
        text('move:SrcMsgId', 'a1'),
        text('move:SrcFldId', 'inbox'),
        text('move:DstFldId', 'archive'),
      ]),
    ),
  },
  {
    command: 'ItemOperations',
    body: document(
      'itemoperations:ItemOperations',
      el('itemoperations:Fetch', [
        text('itemoperations:Store', 'Mailbox'),
        text('airsyncbase:FileReference', 'a1:2'),
        el('itemoperations:Options', [text('itemoperations:Range', '0-10')]),
      ]),
      el('itemoperations:EmptyFolderContents', [text('airsync:CollectionId', 'trash')]),
    ),
  },
  {
    command: 'Search',
    body: document(
      'search:Search',
      el('search:Store', [
        text('search:Name', 'Mailbox'),
        el('search:Query', [
          el('search:And', [text('airsync:CollectionId', 'inbox'), text('search:FreeText', 'plan')]),
        ]),
        el('search:Options', [text('search:Range', '0-9'), el('search:DeepTraversal')]),
      ]),
    ),
  },
  {
    command: 'Find',
    body: document(
      'find:Find',
      text('find:SearchId', '7a1d3b1e-0f0a-4c58-8e3a-0d1f2c3b4a59'),
      el('find:ExecuteSearch', [
        el('find:MailBoxSearchCriterion', [
          el('find:Query', [text('find:FreeText', 'subject:plan AND from:ann')]),
          el('find:Options', [text('find:Range', '0-9')]),
        ]),
      ]),
    ),
  },
  {
    command: 'Settings',
    body: document(
      'settings:Settings',
      el('settings:Oof', [el('settings:Get', [text('settings:BodyType', 'Text')])]),
      el('settings:DeviceInformation', [el('settings:Set', [text('settings:Model', 'm')])]),
      el('settings:UserInformation', [el('settings:Get')]),
    ),
  },
  { command: 'Provision', body: document('provision:Provision', provision) },
  {
    command: 'ResolveRecipients',
    body: document(
      'resolverecipients:ResolveRecipients',
      text('resolverecipients:To', 'ann'),
      el('resolverecipients:Options', [text('resolverecipients:CertificateRetrieval', 2)]),
    ),
  },
  {
    command: 'ValidateCert',
    body: document(
      'validatecert:ValidateCert',
      el('validatecert:Certificates', [text('validatecert:Certificate', 'MIIBAA==')]),
    ),
  },
  { command: 'SendMail', body: composed('composemail:SendMail') },
  { command: 'SmartReply', body: composed('composemail:SmartReply', source) },
  { command: 'SmartForward', body: composed('composemail:SmartForward', source) },
  { command: 'SendMail', body: MIME, type: 'message' },
  { command: 'SmartReply', body: MIME, type: 'message' },
  { command: 'GetAttachment', body: Buffer.alloc(0) },
  { command: 'GetHierarchy', body: Buffer.alloc(0) },
]

export const AUTODISCOVER = Buffer.from(
  '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request><EMailAddress>a@acme.example</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>',
)
