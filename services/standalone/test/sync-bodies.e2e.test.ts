import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, childrenOf, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { letter, lettersOf } from './phones/letters.ts'
import {
  bodyOf,
  changeItem,
  commands,
  dataOf,
  options,
  type Parts,
  responsesIn,
  SyncTalk,
  serverId,
  statusesIn,
} from './phones/sync-talk.ts'
import { createWorld } from './phones/worlds.ts'
import { testFolder } from './process.ts'

const folder = testFolder()
const world = createWorld(`${folder.path}/data`)
const talk = new SyncTalk(world, 'BOD')
const { withLetters } = lettersOf(world, talk)
before(() => world.start())
after(async () => {
  talk.close()
  await world.stop()
  folder.remove()
})

describe('bodies', () => {
  const preference = (type: number, more: Parts = []) =>
    el('airsyncbase:BodyPreference', [el('airsyncbase:Type', type), ...more])
  const size = (bytes: number) => el('airsyncbase:TruncationSize', bytes)
  const mime = (support: number, truncation?: number) => [
    el('airsync:MIMESupport', support),
    truncation !== undefined && el('airsync:MIMETruncation', truncation),
  ]
  const html = letter(
    'html',
    ['Content-Type: text/html; charset=utf-8'],
    `<p>${'W\u00c3\u00b6rter '.repeat(2000)}</p>`,
  )
  const both = letter(
    'both',
    ['MIME-Version: 1.0', 'Content-Type: multipart/alternative; boundary=b'],
    [
      '--b',
      'Content-Type: text/plain',
      '',
      'plain words',
      '--b',
      'Content-Type: text/html',
      '',
      '<p>rich words</p>',
      '--b--',
      '',
    ].join('\r\n'),
  )
  const told = async (text: string, ...parts: Parts) => {
    const { client, key } = await withLetters([{ text }])
    const { operations } = await talk.all(client, key, [options(...parts)])
    return dataOf(operations[0])
  }
  const bodyIn = (data: WbxmlNode | undefined) => child(data, 'airsyncbase:Body')
  const typeOf = (data: WbxmlNode | undefined) => textChild(bodyIn(data), 'airsyncbase:Type')

  for (const [what, parts, type] of [
    ['plain', [preference(1)], '1'],
    ['HTML', [preference(2)], '2'],
    ['RTF alone, which is not made', [preference(3)], '1'],
    ['RTF or HTML', [preference(3), preference(2)], '2'],
    ['MIME without MIMESupport', [preference(4)], '1'],
    ['MIME with MIMESupport 1, of a letter', [...mime(1), preference(4), preference(2)], '2'],
    ['MIME with MIMESupport 2', [...mime(2), preference(4), preference(2)], '4'],
    ['nothing', [], '1'],
  ] as const)
    test(`asked for as ${what} come as type ${type}`, async () => {
      assert.equal(typeOf(await told(both, ...parts)), type)
    })

  test('are cut on a character, and say how long they are', async () => {
    for (const bytes of [1, 5, 6, 7, 100, 4096]) {
      const data = await told(html, preference(2, [size(bytes)]))
      const text = bodyOf(data) ?? ''
      assert.ok(Buffer.byteLength(text) <= bytes && Buffer.byteLength(text) > bytes - 4, `${bytes}`)
      assert.ok(!text.includes('\ufffd'))
      assert.equal(textChild(bodyIn(data), 'airsyncbase:Truncated'), '1')
      assert.ok(Number(textChild(bodyIn(data), 'airsyncbase:EstimatedDataSize')) > 16_000)
    }
  })

  test('with AllOrNone come whole, or in the next form, or not', async () => {
    const none = el('airsyncbase:AllOrNone', true)
    const fits = await told(both, preference(2, [size(5000), none]))
    assert.match(bodyOf(fits) ?? '', /rich words/)
    const next = await told(both, preference(2, [size(5), none]), preference(1, [size(5000)]))
    assert.match(bodyOf(next) ?? '', /^plain words/)
    const not = await told(both, preference(2, [size(5), none]))
    assert.equal(bodyOf(not), undefined)
    assert.equal(textChild(bodyIn(not), 'airsyncbase:Truncated'), '1')
  })

  test('have a preview of up to 255 characters where it is asked for', async () => {
    for (const length of [1, 255]) {
      const data = await told(html, preference(1, [size(0), el('airsyncbase:Preview', length)]))
      assert.equal(textChild(bodyIn(data), 'airsyncbase:Preview')?.length, length)
    }
    assert.equal(textChild(bodyIn(await told(html, preference(1))), 'airsyncbase:Preview'), undefined)
    const { client, key } = await talk.synced(0)
    const long = options(preference(1, [el('airsyncbase:Preview', 256)]))
    assert.equal((await talk.sync(client, key, [long])).status, '4')
  })

  test('MIMETruncation cuts MIME at each of its levels', async () => {
    const large = letter('large', [], `${'x'.repeat(70)}\r\n`.repeat(2000))
    for (const [level, bytes] of [
      [0, undefined],
      [1, 4096],
      [5, 20_480],
      [7, 102_400],
      [8, large.length],
    ] as const) {
      const data = await told(large, ...mime(2, level), preference(4))
      assert.equal(bodyOf(data)?.length, bytes, `level ${level}`)
    }
  })

  test('a type twice, a size of 2^32 and a type of 5 are protocol errors (Status 4)', async () => {
    const { client, key } = await talk.synced(0)
    for (const parts of [
      [preference(1), preference(1)],
      [preference(1, [size(0x1_0000_0000)])],
      [preference(5)],
      [el('airsync:MIMESupport', 3)],
      [el('airsync:MIMETruncation', 9)],
    ])
      assert.equal((await talk.sync(client, key, [options(...parts)])).status, '4')
  })

  test('of type 3 are none that is served: the next preference is, or plain text', async () => {
    assert.equal(typeOf(await told(both, preference(3), preference(2))), '2')
    assert.equal(typeOf(await told(both, preference(3))), '1')
  })

  test('come in the form that the message has, of all that are asked for, whatever their order', async () => {
    const plain = letter('only', [], 'plain words')
    for (const parts of [
      [preference(1), preference(2)],
      [preference(2), preference(1)],
    ]) {
      assert.equal(typeOf(await told(both, ...parts)), '2')
      assert.equal(typeOf(await told(plain, ...parts)), '1')
      assert.equal(typeOf(await told(both, preference(4), ...parts)), '2')
      assert.equal(typeOf(await told(both, el('airsync:MIMESupport', 2), preference(4), ...parts)), '4')
    }
  })

  test('as MIME only where MIMESupport says so, cut at TruncationSize before MIMETruncation', async () => {
    for (const [support, type] of [
      [0, '1'],
      [1, '1'],
      [2, '4'],
    ] as const)
      assert.equal(typeOf(await told(both, ...mime(support, 8), preference(4))), type)
    const large = letter('two sizes', [], 'x'.repeat(9000))
    assert.equal(bodyOf(await told(large, ...mime(2, 1), preference(4, [size(100)])))?.length, 100)
    assert.equal(bodyOf(await told(large, ...mime(2, 1), preference(4)))?.length, 4096)
  })

  test('at the very size of TruncationSize come whole, and one byte below it cut', async () => {
    const text = letter('exact', [], 'x'.repeat(1000))
    const whole = bodyOf(await told(text, preference(1)))!
    const none = el('airsyncbase:AllOrNone', true)
    for (const [bytes, truncated] of [
      [whole.length, undefined],
      [whole.length - 1, '1'],
    ] as const) {
      const data = await told(text, preference(1, [size(bytes)]))
      assert.equal(bodyOf(data)?.length, bytes)
      assert.equal(textChild(bodyIn(data), 'airsyncbase:Truncated'), truncated)
      const all = await told(text, preference(1, [size(bytes), none]))
      assert.equal(bodyOf(all)?.length, truncated ? undefined : bytes)
    }
  })

  test('what a message adds to its conversation comes beside them as HTML; in another form it is Status 164', async () => {
    const part = (type: number) =>
      el('airsyncbase:BodyPartPreference', [el('airsyncbase:Type', type), size(9)])
    const data = await told(both, preference(1), part(2))
    const found = child(data, 'airsyncbase:BodyPart')
    assert.deepEqual(
      ['airsyncbase:Status', 'airsyncbase:Type', 'airsyncbase:Truncated'].map((tag) =>
        textChild(found, tag as 'airsyncbase:Status'),
      ),
      ['1', '2', '1'],
    )
    assert.equal(textChild(found, 'airsyncbase:Data')?.length, 9)
    assert.match(bodyOf(data) ?? '', /^plain/)
    const { client, key } = await talk.synced(0)
    for (const type of [1, 3, 4])
      assert.equal((await talk.sync(client, key, [options(preference(1), part(type))])).status, '164')
  })
})

describe('the part of a message that is new (14.1 and later)', () => {
  const part = (...more: Parts) => el('airsyncbase:BodyPartPreference', [el('airsyncbase:Type', 2), ...more])
  const reply = letter(
    'reply',
    ['Content-Type: text/html; charset=utf-8'],
    '<p>A new word</p><div class="gmail_quote">On Monday, 5 May, Anna wrote:<blockquote>an old one</blockquote></div>',
  )

  const partIn = async (text: string, preference: WbxmlNode, version?: '14.1' | '16.1') => {
    const { client, key } = await withLetters([{ text }], version)
    const { operations } = await talk.all(client, key, [options(preference)])
    return child(dataOf(operations[0]), 'airsyncbase:BodyPart')
  }

  test('is without the conversation that it quotes, in size, data and preview', async () => {
    for (const version of ['14.1', '16.1'] as const) {
      const found = await partIn(reply, part(el('airsyncbase:Preview', 255)), version)
      assert.equal(textChild(found, 'airsyncbase:Status'), '1')
      assert.equal(textChild(found, 'airsyncbase:Data')?.trim(), '<p>A new word</p>')
      assert.equal(textChild(found, 'airsyncbase:Preview'), 'A new word')
      const size = Number(textChild(found, 'airsyncbase:EstimatedDataSize'))
      assert.equal(size, textChild(found, 'airsyncbase:Data')?.length)
    }
  })

  test('of a message without text is Status 176, with nothing but its type and size', async () => {
    const sealed = letter(
      'sealed',
      ['Content-Type: application/pkcs7-mime; smime-type=enveloped-data'],
      'AAAA',
    )
    const found = await partIn(sealed, part())
    assert.deepEqual(
      childrenOf(found!).map(({ tag }) => tag),
      ['airsyncbase:Status', 'airsyncbase:Type', 'airsyncbase:EstimatedDataSize'],
    )
    assert.equal(textChild(found, 'airsyncbase:Status'), '176')
  })
})

describe('a Sync of many long bodies', () => {
  const LENGTH = 220 * 1024
  const html = (n: number) =>
    letter(`long ${n}`, ['Content-Type: text/html; charset=utf-8'], `<p>${String(n).repeat(LENGTH)}</p>`)
  const preference = (type: number) => el('airsyncbase:BodyPreference', [el('airsyncbase:Type', type)])

  test('brings each of them whole, more than one answer of mail has room for', async () => {
    const texts = Array.from({ length: 40 }, (_, n) => html(n % 10))
    for (const version of ['14.1', '16.1'] as const) {
      const { client, key } = await withLetters(
        texts.map((text) => ({ text })),
        version,
      )
      const { operations } = await talk.all(client, key, [
        options(el('airsync:MIMESupport', 2), preference(version === '14.1' ? 2 : 4)),
      ])
      assert.equal(operations.length, texts.length)
      for (const operation of operations) {
        const data = dataOf(operation)
        const n = textChild(data, 'email:Subject')!.at(-1)!
        const found = bodyOf(data)!
        assert.equal(found.split(n).length - 1 >= LENGTH, true)
        const said = textChild(child(data, 'airsyncbase:Body'), 'airsyncbase:EstimatedDataSize')
        assert.equal(Buffer.byteLength(found), Number(said))
      }
    }
  })
})

describe('S/MIME', () => {
  const signed = letter(
    'signed',
    [
      'MIME-Version: 1.0',
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s',
    ],
    [
      '--s',
      'Content-Type: text/plain',
      '',
      'Signed words \t',
      '--s',
      'Content-Type: application/pkcs7-signature; name=smime.p7s',
      'Content-Transfer-Encoding: base64',
      '',
      'MIIB',
      '--s--',
      '',
    ].join('\r\n'),
  )
  const sealed = letter(
    'sealed',
    [
      'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
      'Content-Transfer-Encoding: base64',
    ],
    'MIIC\r\n',
  )

  test('comes byte for byte as it is, with MIMESupport 1 already, and says its class', async () => {
    for (const [text, itemClass] of [
      [signed, 'IPM.Note.SMIME.MultipartSigned'],
      [sealed, 'IPM.Note.SMIME'],
    ] as const) {
      const { client, key } = await withLetters([{ text }])
      const wanted = options(
        el('airsync:MIMESupport', 1),
        el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 4)]),
        el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 2)]),
      )
      const data = dataOf((await talk.all(client, key, [wanted])).operations[0])
      assert.equal(bodyOf(data), text)
      assert.equal(textChild(data, 'email:MessageClass'), itemClass)
    }
  })
})

describe('Fetch inside Sync', () => {
  test('brings messages with the options of now, beside changes; what is not there is Status 8', async () => {
    const { client, key, ids } = await talk.synced(2)
    const fetch = (id: string) => el('airsync:Fetch', [serverId(id)])
    const html = options(el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 2)]))
    const both = commands(fetch(ids[0]!), changeItem(ids[1]!, [el('email:Read', true)]), fetch('zzzz'))
    const { node } = await talk.sync(client, key, [html, both])
    const responses = responsesIn(node)
    assert.deepEqual(statusesIn(node), ['1', '8'])
    const body = descendant(responses[0], 'airsync:ApplicationData', 'airsyncbase:Body')
    assert.equal(textChild(body, 'airsyncbase:Type'), '2')
    assert.equal(childrenNamed(child(node, 'airsync:Responses')!, 'airsync:Change').length, 0)
  })
})
