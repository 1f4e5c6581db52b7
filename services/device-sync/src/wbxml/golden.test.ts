import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeWbxml } from './decode.ts'
import { encodeWbxml } from './encode.ts'
import { el, type WbxmlNode } from './node.ts'

// Written by hand from MS-ASWBXML 2.1.2 and WBXML 1.3 section 5: header, switches of page, tags, strings, opaque content.
const cases: readonly { name: string; bytes: string; node: WbxmlNode }[] = [
  {
    name: 'a first FolderSync',
    bytes: '03 01 6a 00  00 07 56  52 03 30 00 01  01',
    node: el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')]),
  },
  {
    name: 'a first Sync of one collection: page 0 needs no switch',
    bytes: '03 01 6a 00  45 5c 4f  4b 03 30 00 01  52 03 69 6e 62 6f 78 00 01  01 01 01',
    node: el('airsync:Sync', [
      el('airsync:Collections', [
        el('airsync:Collection', [el('airsync:SyncKey', '0'), el('airsync:CollectionId', 'inbox')]),
      ]),
    ]),
  },
  {
    name: 'GetChanges without a value: an empty tag has no content bit',
    bytes: '03 01 6a 00  45 13 01',
    node: el('airsync:Sync', [el('airsync:GetChanges')]),
  },
  {
    name: 'SendMail: Mime is opaque, SaveInSentItems an empty tag',
    bytes: '03 01 6a 00  00 15 45  51 03 37 00 01  08  50 c3 05 48 69 0d 0a 00 01  01',
    node: el('composemail:SendMail', [
      el('composemail:ClientId', '7'),
      el('composemail:SaveInSentItems'),
      el('composemail:Mime', Buffer.from('Hi\r\n\0')),
    ]),
  },
  {
    name: 'an opaque length of two bytes (mb_u_int32)',
    bytes: `03 01 6a 00  00 15 45  50 c3 81 00 ${'61 '.repeat(128)} 01  01`,
    node: el('composemail:SendMail', [el('composemail:Mime', Buffer.alloc(128, 'a'))]),
  },
  {
    name: 'a child on another page and back',
    bytes: '03 01 6a 00  45  00 11 4a 46 03 31 00 01 01  00 00 4e 03 31 00 01  01',
    node: el('airsync:Sync', [el('airsyncbase:Body', [el('airsyncbase:Type', 1)]), el('airsync:Status', 1)]),
  },
  {
    name: 'a Ping of one folder',
    bytes:
      '03 01 6a 00  00 0d 45  48 03 34 38 30 00 01  49 4a 4b 03 69 6e 62 6f 78 00 01  4c 03 45 6d 61 69 6c 00 01  01 01 01',
    node: el('ping:Ping', [
      el('ping:HeartbeatInterval', 480),
      el('ping:Folders', [el('ping:Folder', [el('ping:Id', 'inbox'), el('ping:Class', 'Email')])]),
    ]),
  },
  {
    name: 'a move of one item',
    bytes: '03 01 6a 00  00 05 45 46  47 03 61 00 01  48 03 62 00 01  49 03 63 00 01  01 01',
    node: el('move:MoveItems', [
      el('move:Move', [el('move:SrcMsgId', 'a'), el('move:SrcFldId', 'b'), el('move:DstFldId', 'c')]),
    ]),
  },
  {
    name: 'a first Provision of 14.1: Settings within Provision, and back',
    bytes: '03 01 6a 00  00 0e 45  00 12 56 48 57 03 78 00 01 01 01  00 0e 46 47 48 03 54 00 01 01 01  01',
    node: el('provision:Provision', [
      el('settings:DeviceInformation', [el('settings:Set', [el('settings:Model', 'x')])]),
      el('provision:Policies', [el('provision:Policy', [el('provision:PolicyType', 'T')])]),
    ]),
  },
  {
    name: 'an answer of GetItemEstimate',
    bytes: '03 01 6a 00  00 06 45 4d  4e 03 31 00 01  48 4a 03 69 00 01 4c 03 35 00 01 01  01 01',
    node: el('getitemestimate:GetItemEstimate', [
      el('getitemestimate:Response', [
        el('getitemestimate:Status', 1),
        el('getitemestimate:Collection', [
          el('getitemestimate:CollectionId', 'i'),
          el('getitemestimate:Estimate', 5),
        ]),
      ]),
    ]),
  },
  {
    name: 'an answer of FolderSync with one folder',
    bytes:
      '03 01 6a 00  00 07 56  4c 03 31 00 01  52 03 6b 00 01  4e 57 03 31 00 01  4f 48 03 69 00 01 49 03 30 00 01 47 03 49 00 01 4a 03 32 00 01 01  01 01',
    node: el('folderhierarchy:FolderSync', [
      el('folderhierarchy:Status', 1),
      el('folderhierarchy:SyncKey', 'k'),
      el('folderhierarchy:Changes', [
        el('folderhierarchy:Count', 1),
        el('folderhierarchy:Add', [
          el('folderhierarchy:ServerId', 'i'),
          el('folderhierarchy:ParentId', '0'),
          el('folderhierarchy:DisplayName', 'I'),
          el('folderhierarchy:Type', 2),
        ]),
      ]),
    ]),
  },
  {
    name: 'a message: Email, AirSyncBase and Email2 within AirSync, its conversation opaque',
    bytes:
      '03 01 6a 00  47 4d 03 31 00 01  5d  00 02 54 03 68 00 01 55 03 30 00 01  00 11 4a 46 03 31 00 01 4b 03 78 00 01 01  00 16 49 c3 02 01 02 01  01 01',
    node: el('airsync:Add', [
      el('airsync:ServerId', '1'),
      el('airsync:ApplicationData', [
        el('email:Subject', 'h'),
        el('email:Read', 0),
        el('airsyncbase:Body', [el('airsyncbase:Type', 1), el('airsyncbase:Data', 'x')]),
        el('email2:ConversationId', Buffer.from([1, 2])),
      ]),
    ]),
  },
  {
    name: 'a question for user information',
    bytes: '03 01 6a 00  00 12 45 5d 07 01 01',
    node: el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])]),
  },
  {
    name: 'a fetch of an attachment',
    bytes: '03 01 6a 00  00 14 45 46  47 03 4d 61 69 6c 62 6f 78 00 01  00 11 51 03 72 00 01  01 01',
    node: el('itemoperations:ItemOperations', [
      el('itemoperations:Fetch', [
        el('itemoperations:Store', 'Mailbox'),
        el('airsyncbase:FileReference', 'r'),
      ]),
    ]),
  },
  {
    name: 'SmartForward with ReplaceMime',
    bytes:
      '03 01 6a 00  00 15 46  51 03 63 00 01  4b 4c 03 66 00 01 4d 03 69 00 01 01  09  50 c3 01 6d 01  01',
    node: el('composemail:SmartForward', [
      el('composemail:ClientId', 'c'),
      el('composemail:Source', [el('composemail:FolderId', 'f'), el('composemail:ItemId', 'i')]),
      el('composemail:ReplaceMime'),
      el('composemail:Mime', Buffer.from('m')),
    ]),
  },
  {
    name: 'the last page, 25',
    bytes: '03 01 6a 00  00 19 45 46 03 31 00 01 01',
    node: el('find:Find', [el('find:SearchId', '1')]),
  },
  {
    name: 'text beyond ASCII is UTF-8',
    bytes: '03 01 6a 00  00 02 54 03 c3 a4 f0 9f 98 80 00 01',
    node: el('email:Subject', 'ä😀'),
  },
]

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

describe('golden bytes', () => {
  for (const { name, bytes, node } of cases) {
    test(`encode: ${name}`, () => {
      assert.equal(Buffer.from(encodeWbxml(node)).toString('hex'), bytesOf(bytes).toString('hex'))
    })
    test(`decode: ${name}`, () => {
      assert.deepEqual(decodeWbxml(bytesOf(bytes)), node)
    })
  }
})
