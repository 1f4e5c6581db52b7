import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import fc from 'fast-check'
import { type Element, encode, scan, T } from './wbxml.ts'

type Seen = readonly [page: number, token: number, text: string | undefined]

const seenIn = (bytes: Buffer): readonly Seen[] => {
  const all: Seen[] = []
  scan(bytes, (...one) => all.push(one))
  return all
}

const plain = (node: WbxmlNode): unknown => [
  node.tag,
  Array.isArray(node.content) ? (node.content as readonly WbxmlNode[]).map(plain) : node.content,
]

describe('a request', () => {
  test('is read by the product’s own codec as it was meant, with every page that it goes through', () => {
    const ping: Element = [
      T.ping,
      [T.heartbeat, '900'],
      [T.folders, [T.folder, [T.id, 'inbox'], [T.class, 'Email']]],
    ]
    assert.deepEqual(plain(decodeWbxml(encode(ping))), [
      'ping:Ping',
      [
        ['ping:HeartbeatInterval', '900'],
        [
          'ping:Folders',
          [
            [
              'ping:Folder',
              [
                ['ping:Id', 'inbox'],
                ['ping:Class', 'Email'],
              ],
            ],
          ],
        ],
      ],
    ])
    const sync: Element = [
      T.sync,
      [
        T.collections,
        [
          T.collection,
          [T.syncKey, 'k'],
          [T.collectionId, 'i'],
          [T.getChanges],
          [T.options, [T.bodyPreference, [T.bodyType, '2'], [T.truncationSize, '500']]],
          [T.commands, [T.change, [T.serverId, 'm'], [T.applicationData, [T.read, '1']]]],
        ],
      ],
    ]
    assert.deepEqual(plain(decodeWbxml(encode(sync))), [
      'airsync:Sync',
      [
        [
          'airsync:Collections',
          [
            [
              'airsync:Collection',
              [
                ['airsync:SyncKey', 'k'],
                ['airsync:CollectionId', 'i'],
                ['airsync:GetChanges', null],
                [
                  'airsync:Options',
                  [
                    [
                      'airsyncbase:BodyPreference',
                      [
                        ['airsyncbase:Type', '2'],
                        ['airsyncbase:TruncationSize', '500'],
                      ],
                    ],
                  ],
                ],
                [
                  'airsync:Commands',
                  [
                    [
                      'airsync:Change',
                      [
                        ['airsync:ServerId', 'm'],
                        ['airsync:ApplicationData', [['email:Read', '1']]],
                      ],
                    ],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ])
  })

  test('has any text in it, in UTF-8', () => {
    const texts = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((text) => !/\p{Cc}/u.test(text))
    fc.assert(
      fc.property(texts, (text) => {
        const [, content] = plain(decodeWbxml(encode([T.folderSync, [T.folderKey, text]]))) as [
          string,
          unknown[][],
        ]
        assert.equal(content[0]?.[1], text)
      }),
    )
  })
})

describe('an answer', () => {
  const tags = fc.constantFrom(
    'airsync:Add',
    'airsync:Change',
    'email:Subject',
    'airsyncbase:Data',
    'ping:Status',
  )
  const texts = fc.stringMatching(/^[a-z0-9 ]{1,30}$/)
  const document = fc.letrec<{ node: WbxmlNode }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.tuple(tags, texts).map(([tag, text]) => el(tag, text)),
      tags.map((tag) => el(tag)),
      fc.tuple(tags, fc.uint8Array({ minLength: 1, maxLength: 300 })).map(([tag, bytes]) => el(tag, bytes)),
      fc
        .tuple(tags, fc.array(tie('node'), { minLength: 1, maxLength: 3 }))
        .map(([tag, parts]) => el(tag, parts)),
    ),
  })).node

  const textsIn = (node: WbxmlNode): readonly (string | undefined)[] => {
    const { content } = node
    if (Array.isArray(content))
      return [undefined, ...(content as readonly WbxmlNode[]).flatMap((part) => textsIn(part))]
    return [typeof content === 'string' ? content : undefined]
  }

  test('of the product is seen element by element, with its texts, and bytes are passed over', () => {
    fc.assert(
      fc.property(document, (root) => {
        assert.deepEqual(
          seenIn(Buffer.from(encodeWbxml(root))).map(([, , text]) => text),
          textsIn(root),
        )
      }),
    )
  })

  test('is seen by page and token as they are written', () => {
    const bytes = Buffer.from(
      encodeWbxml(
        el('folderhierarchy:FolderSync', [
          el('folderhierarchy:Status', 1),
          el('folderhierarchy:SyncKey', 'f1'),
        ]),
      ),
    )
    assert.deepEqual(seenIn(bytes), [
      [...T.folderSync, undefined],
      [...T.folderStatus, '1'],
      [...T.folderKey, 'f1'],
    ])
  })

  test('that is cut off anywhere ends there, and isn’t read without end', () => {
    const whole = Buffer.from(
      encodeWbxml(
        el('airsync:Add', [el('email:Subject', 'hello'), el('airsyncbase:Data', Buffer.alloc(400, 7))]),
      ),
    )
    for (let length = 0; length <= whole.length; length++)
      assert.ok(seenIn(whole.subarray(0, length)).length <= 3)
  })

  test('of whatever bytes ends, and sees no more than there are bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const all = Buffer.concat([Buffer.from([3, 1, 0x6a, 0]), bytes])
        assert.ok(seenIn(all).length <= bytes.length)
      }),
      { numRuns: 2000 },
    )
  })

  test('with a length that can’t be is at its end', () => {
    for (const length of [
      [0xff, 0xff, 0xff, 0xff, 0x7f],
      [0x8f, 0xff, 0xff, 0xff, 0x7f],
      Array(50).fill(0xff),
    ])
      assert.deepEqual(seenIn(Buffer.from([3, 1, 0x6a, 0, 0x45, 0xc3, ...length, 0x46, 0x47])), [
        [0, 5, undefined],
      ])
  })
})
