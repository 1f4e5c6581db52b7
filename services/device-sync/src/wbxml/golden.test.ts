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
