import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { retryable, terminal } from '@relais/service-kit'
import { longIdOf } from '../src/classes/long-id.ts'
import { serverIdOf } from '../src/classes/server-id.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import type { EasResponse } from './eas-client.ts'
import { testMessage } from './mail-double.ts'
import { sharedTestService, startTestService } from './test-service.ts'

const MIME = Buffer.from(
  'From: mike@example.org\r\nTo: ann@example.org\r\nMessage-ID: <1@x>\r\nSubject: Hi\r\n\r\nHello\r\n',
)

const clientId = (id = 'c1') => el('composemail:ClientId', id)
const mime = (bytes: Buffer = MIME) => el('composemail:Mime', bytes)
const save = el('composemail:SaveInSentItems')
const source = (...children: WbxmlNode[]) => el('composemail:Source', children)
const item = (placement = 123) => [
  el('composemail:FolderId', 'inbox'),
  el('composemail:ItemId', serverIdOf(placement)),
]

const sendMail = (...children: WbxmlNode[]) => el('composemail:SendMail', children)
const smart = (verb: 'SmartReply' | 'SmartForward', ...children: WbxmlNode[]) =>
  el(`composemail:${verb}`, children)

const statusOf = ({ root, status, bytes }: EasResponse) =>
  root ? textOf(child(root, 'composemail:Status')!) : `${status}/${bytes.length}`

/** 200 with an empty body. */
const SENT = '200/0'

const shared = sharedTestService()

const setUp = () => {
  const service = shared()
  const send = (command: string, root: WbxmlNode) => service.phone().post(command, root)
  return { service, send }
}

describe('SendMail', () => {
  for (const version of ['14.1', '16.1'] as const)
    test(`${version}: hands the message over as it is, and answers with an empty body`, async () => {
      const { service } = setUp()
      const response = await service.phone({ version }).post('SendMail', sendMail(clientId(), save, mime()))
      assert.equal(statusOf(response), SENT)
      const [{ header, mime: sent } = {}] = service.mail.submitted
      assert.deepEqual(sent, MIME)
      assert.deepEqual(
        [header?.tenant, header?.account, header?.device, header?.saveInSent, header?.source],
        ['acme', 'u1', 'APPLF17L2KX1', true, undefined],
      )
    })
  test('saves a copy only if it is asked to', async () => {
    const { service, send } = setUp()
    await send('SendMail', sendMail(clientId(), mime()))
    assert.equal(service.mail.submitted[0]?.header.saveInSent, false)
  })
  test('takes its elements in any order, and Mime as text', async () => {
    const { service, send } = setUp()
    const text = el('composemail:Mime', MIME.toString('latin1').replaceAll('\r', '\r'))
    assert.equal(statusOf(await send('SendMail', sendMail(text, save, clientId()))), SENT)
    assert.deepEqual(service.mail.submitted[0]?.mime, MIME)
  })
  test('118: the same message with the same ClientId was sent before, and is sent once', async () => {
    const { service, send } = setUp()
    assert.equal(statusOf(await send('SendMail', sendMail(clientId(), mime()))), SENT)
    assert.equal(statusOf(await send('SendMail', sendMail(clientId(), mime()))), '118')
    const anew = Buffer.from(MIME.toString().replace('Hello', 'Hello, written anew'))
    assert.equal(statusOf(await send('SendMail', sendMail(clientId(), mime(anew)))), '118')
    const otherId = Buffer.from(MIME.toString().replace('<1@x>', '<2@x>'))
    assert.equal(statusOf(await send('SendMail', sendMail(clientId(), mime(otherId)))), '118')
    assert.equal(service.mail.submitted.length, 1)
  })
  test('a new ClientId for the same message is left to the mail service, which knows its Message-ID', async () => {
    const { service, send } = setUp()
    await send('SendMail', sendMail(clientId('c2'), mime()))
    assert.equal(service.mail.submitted[0]?.header.messageIdOnce, true)
  })
  test('the same message twice at once is sent once', async () => {
    const { service, send } = setUp()
    const answers = await Promise.all(
      [1, 2, 3].map(() => send('SendMail', sendMail(clientId('twice'), mime()))),
    )
    assert.deepEqual(answers.map(statusOf).sort(), ['118', '118', SENT])
    assert.equal(service.mail.submitted.length, 1)
  })
  test('another message with another ClientId is sent', async () => {
    const { service, send } = setUp()
    for (const [id, word] of [
      ['c1', 'one'],
      ['c2', 'two'],
      ['c3', 'two'],
    ] as const) {
      const root = sendMail(clientId(id), mime(Buffer.from(`To: a@b\r\n\r\n${word}`)))
      assert.equal(statusOf(await send('SendMail', root)), SENT)
    }
    assert.equal(service.mail.submitted.length, 3)
  })
  test('another device with the same ClientId is another sender', async () => {
    const { service } = setUp()
    for (const deviceId of ['A1', 'A2'])
      await service.phone({ deviceId }).post('SendMail', sendMail(clientId(), mime()))
    assert.equal(service.mail.submitted.length, 2)
  })
  test('of many megabytes goes on in pieces', async () => {
    const { service, send } = setUp()
    const large = Buffer.concat([MIME, Buffer.alloc(12 * 1024 * 1024, 'x')])
    assert.equal(statusOf(await send('SendMail', sendMail(clientId(), save, mime(large)))), SENT)
    const [{ mime: sent, chunks } = {}] = service.mail.submitted
    assert.ok(sent?.equals(large))
    assert.equal(chunks, Math.ceil(large.length / (256 * 1024)))
  })
  const malformed: Record<string, [WbxmlNode, string]> = {
    'no ClientId': [sendMail(save, mime()), '103'],
    'an empty ClientId': [sendMail(clientId(''), mime()), '103'],
    'a ClientId over 40 characters': [sendMail(clientId('x'.repeat(41)), mime()), '103'],
    'no Mime': [sendMail(clientId(), save), '103'],
    'an empty Mime': [sendMail(clientId(), mime(Buffer.alloc(0))), '107'],
    'an account that isn’t there': [sendMail(clientId(), el('composemail:AccountId', 'x'), mime()), '166'],
    'rights management': [sendMail(clientId(), el('rightsmanagement:TemplateID', 'x'), mime()), '168'],
  }
  for (const [name, [root, status]] of Object.entries(malformed))
    test(`${status}: ${name}`, async () => {
      const { service, send } = setUp()
      assert.equal(statusOf(await send('SendMail', root)), status)
      assert.equal(service.mail.submitted.length, 0)
    })
})

describe('what the mail service refuses', () => {
  const cases: readonly [code: string, retry: boolean, status: string][] = [
    ['MESSAGE_EMPTY', false, '107'],
    ['QUOTA_EXCEEDED', false, '113'],
    ['SEND_RATE_EXCEEDED', true, '115'],
    ['RECIPIENT_INVALID', false, '116'],
    ['NO_RECIPIENTS', false, '119'],
    ['MESSAGE_TOO_LARGE', false, '122'],
    ['ACCOUNT_SUSPENDED', false, '126'],
    ['SENDER_NOT_ALLOWED', false, '130'],
    ['UNAVAILABLE', true, '111'],
    ['SOMETHING_ELSE', false, '120'],
  ]
  for (const [code, retry, status] of cases)
    test(`${status}: ${code}`, async () => {
      const service = shared()
      service.mail.failure = retry ? retryable(code, '') : terminal(code, '')
      assert.equal(statusOf(await service.phone().post('SendMail', sendMail(clientId(), mime()))), status)
    })
  test('122: a message over the limit isn’t even read', async (t) => {
    const small = await startTestService(t, { config: { maxMessageBytes: 100_000 } })
    const large = sendMail(clientId(), mime(Buffer.alloc(300_000, 'x')))
    assert.equal(statusOf(await small.phone().post('SendMail', large)), '122')
    assert.deepEqual(small.mail.calls, [])
  })
})

for (const [command, verb] of [
  ['SmartReply', 'reply'],
  ['SmartForward', 'forward'],
] as const)
  describe(command, () => {
    test('names its source; the server completes the message', async () => {
      const { service, send } = setUp()
      const root = smart(command, clientId(), source(...item(4711)), save, mime())
      assert.equal(statusOf(await send(command, root)), SENT)
      assert.deepEqual(service.mail.submitted[0]?.header.source, {
        placement: 4711,
        verb,
        replaceMime: false,
      })
    })
    test('ReplaceMime: the message is complete as it is', async () => {
      const { service, send } = setUp()
      await send(
        command,
        smart(command, clientId(), source(...item()), el('composemail:ReplaceMime'), mime()),
      )
      assert.equal(service.mail.submitted[0]?.header.source?.replaceMime, true)
    })
    test('InstanceId is for meetings, and changes nothing about a message', async () => {
      const { send } = setUp()
      const instance = el('composemail:InstanceId', '2026-01-05T09:00:00.000Z')
      assert.equal(
        statusOf(await send(command, smart(command, clientId(), source(...item(), instance), mime()))),
        SENT,
      )
    })
    test('104: an InstanceId that is no time', async () => {
      const { send } = setUp()
      const instance = el('composemail:InstanceId', 'yesterday')
      assert.equal(
        statusOf(await send(command, smart(command, clientId(), source(...item(), instance), mime()))),
        '104',
      )
    })
    test('118: a repeat, as with SendMail', async () => {
      const { service, send } = setUp()
      const root = smart(command, clientId(), source(...item()), mime())
      await send(command, root)
      assert.equal(statusOf(await send(command, root)), '118')
      assert.equal(service.mail.submitted.length, 1)
    })
    test('150: the source is gone', async () => {
      const { service, send } = setUp()
      service.mail.failure = terminal('MESSAGE_NOT_FOUND', 'gone')
      assert.equal(
        statusOf(await send(command, smart(command, clientId(), source(...item()), mime()))),
        '150',
      )
    })
    test('takes the message that a search has named, wherever it is now', async () => {
      const { service, send } = setUp()
      service.mail.messages.set(77, testMessage(78, { item: 77 }))
      const longId = source(el('composemail:LongId', longIdOf(77)))
      assert.equal((await send(command, smart(command, clientId(), longId, mime()))).bytes.length, 0)
      assert.equal(service.mail.submitted.at(-1)!.header.source!.placement, 78)
    })
    test('150: a LongId, which nobody was given', async () => {
      const { send } = setUp()
      const root = smart(command, clientId(), source(el('composemail:LongId', 'x')), mime())
      assert.equal(statusOf(await send(command, root)), '150')
    })
    const refused: Record<string, [WbxmlNode[], string]> = {
      'no source': [[clientId(), mime()], '103'],
      'a source without its folder': [[clientId(), source(el('composemail:ItemId', '1')), mime()], '105'],
      'a source without its item': [[clientId(), source(el('composemail:FolderId', 'inbox')), mime()], '105'],
      'LongId with ItemId': [[clientId(), source(...item(), el('composemail:LongId', 'x')), mime()], '105'],
      'an id that never was one': [
        [
          clientId(),
          source(el('composemail:FolderId', 'inbox'), el('composemail:ItemId', 'INBOX/7')),
          mime(),
        ],
        '106',
      ],
    }
    for (const [name, [children, status]] of Object.entries(refused))
      test(`${status}: ${name}`, async () => {
        const { service, send } = setUp()
        assert.equal(statusOf(await send(command, smart(command, ...children))), status)
        assert.equal(service.mail.submitted.length, 0)
      })
  })

describe('SmartForward of 16.x', () => {
  const forwardee = (email: string, name?: string) =>
    el('composemail:Forwardee', [
      name !== undefined && el('composemail:Name', name),
      el('composemail:Email', email),
    ])
  const forwardees = (...named: WbxmlNode[]) => el('composemail:Forwardees', named)
  const body = (type: number, text: string) =>
    el('airsyncbase:Body', [el('airsyncbase:Type', type), el('airsyncbase:Data', text)])
  const forward = (...children: WbxmlNode[]) =>
    smart('SmartForward', clientId(), source(...item()), ...children)

  for (const version of ['16.0', '16.1'] as const)
    test(`${version}: names whom it goes to; the server writes the message, and completes it`, async () => {
      const { service } = setUp()
      service.mail.messages.set(123, testMessage(123, { envelope: { subject: 'Grüße' } }))
      const root = forward(
        forwardees(forwardee('a@b.example', 'Ann, B'), forwardee('c@d.example')),
        body(1, 'See\nbelow'),
      )
      assert.equal(statusOf(await service.phone({ version }).post('SmartForward', root)), SENT)
      const [{ header, mime: sent } = {}] = service.mail.submitted
      assert.deepEqual(header?.source, { placement: 123, verb: 'forward', replaceMime: false })
      assert.equal(header?.saveInSent, true)
      const [fields, text = ''] = sent!.toString().split('\r\n\r\n')
      assert.ok(fields?.startsWith('To: "Ann, B" <a@b.example>,\r\n c@d.example\r\nSubject: =?utf-8?B?'))
      assert.equal(Buffer.from(text, 'base64').toString(), 'See\r\nbelow')
    })
  test('with HTML, and with no text at all', async () => {
    const { service, send } = setUp()
    service.mail.messages.set(123, testMessage(123))
    await send('SmartForward', forward(forwardees(forwardee('a@b.example')), body(2, '<p>x</p>')))
    assert.match(service.mail.submitted[0]!.mime.toString(), /^Content-Type: text\/html/m)
    const other = smart(
      'SmartForward',
      clientId('c2'),
      source(...item()),
      forwardees(forwardee('a@b.example')),
    )
    assert.equal(statusOf(await send('SmartForward', other)), SENT)
  })
  test('118: repeated, it is sent once', async () => {
    const { service, send } = setUp()
    service.mail.messages.set(123, testMessage(123))
    const root = forward(forwardees(forwardee('a@b.example')))
    assert.deepEqual(
      [statusOf(await send('SmartForward', root)), statusOf(await send('SmartForward', root))],
      [SENT, '118'],
    )
    assert.equal(service.mail.submitted.length, 1)
  })
  test('150: the message is gone', async () => {
    const { send } = setUp()
    assert.equal(statusOf(await send('SmartForward', forward(forwardees(forwardee('a@b'))))), '150')
  })
  const wrong: Record<string, [WbxmlNode, string]> = {
    'Mime and Body': [forward(mime(), body(1, 'x')), '178'],
    'Mime and Forwardees': [forward(mime(), forwardees(forwardee('a@b'))), '178'],
    'ReplaceMime and Forwardees': [
      forward(el('composemail:ReplaceMime'), forwardees(forwardee('a@b'))),
      '178',
    ],
    'a Body for nobody': [forward(body(1, 'x')), '179'],
    'nobody named': [forward(forwardees()), '179'],
    'a forwardee without an address': [
      forward(forwardees(el('composemail:Forwardee', [el('composemail:Name', 'x')]))),
      '179',
    ],
    'an address that is none': [forward(forwardees(forwardee('x'))), '179'],
    'an address with a field behind it': [forward(forwardees(forwardee('a@b\r\nBcc: c@d'))), '179'],
    'two addresses in one': [forward(forwardees(forwardee('a@b,c@d'))), '179'],
    'too many': [forward(forwardees(...Array.from({ length: 501 }, () => forwardee('a@b')))), '179'],
    'a text that is a message': [forward(forwardees(forwardee('a@b')), body(4, 'x')), '179'],
    'an account that isn’t there': [
      forward(forwardees(forwardee('a@b')), el('composemail:AccountId', 'x')),
      '166',
    ],
  }
  for (const [what, [root, status]] of Object.entries(wrong))
    test(`${status}: ${what}`, async () => {
      const { service, send } = setUp()
      service.mail.messages.set(123, testMessage(123))
      assert.equal(statusOf(await send('SmartForward', root)), status)
      assert.equal(service.mail.submitted.length, 0)
    })
  test('a name with control characters or of another script ends no field', async () => {
    const { service, send } = setUp()
    service.mail.messages.set(123, testMessage(123))
    await send(
      'SmartForward',
      forward(forwardees(forwardee('a@b', 'x\r\nBcc: evil@x'), forwardee('c@d', 'Jürgen 😀'))),
    )
    const fields = service.mail.submitted[0]!.mime.toString().split('\r\n\r\n')[0]!
    assert.ok(!/^bcc/im.test(fields))
    assert.match(fields, /^ =\?utf-8\?B\?[A-Za-z0-9+/=]+\?= <c@d>$/m)
  })
})

describe('a message before 14.0 that is sent again', () => {
  const raw = async (message: string, deviceId = 'OLD1') => {
    const { bytes, status } = await shared()
      .phone({ version: '12.1', deviceId })
      .post('SendMail', Buffer.from(message), { headers: { 'Content-Type': 'message/rfc822' } })
    return `${status}/${bytes.length}`
  }
  const letter = (field: string, word = 'x') =>
    `To: a@b\r\nDate: Mon, 5 Jan 2026 09:00:00 +0000\r\n${field}\r\n${word}`
  const sentAfter = async (...messages: string[]) => {
    shared().mail.submitted.length = 0
    for (const one of messages) assert.equal(await raw(one), SENT)
    return shared().mail.submitted.length
  }
  test('with its Message-ID, also folded, is sent once, and that is a success', async () => {
    assert.equal(
      await sentAfter(letter('Message-ID: <1@x>\r\n', 'one'), letter('MESSAGE-ID:\r\n <1@x>\r\n', 'two')),
      1,
    )
  })
  test('without one is sent once if it is the same, byte for byte', async () => {
    assert.equal(await sentAfter(letter('', 'one'), letter('', 'one'), letter('', 'two')), 2)
  })
  test('a Message-ID in the text isn’t the message’s', async () => {
    assert.equal(
      await sentAfter(letter('', '1\r\nMessage-ID: <2@x>'), letter('', '2\r\nMessage-ID: <2@x>')),
      2,
    )
  })
})

describe('a message as it is, from a client before 14.0', () => {
  const raw = Buffer.from('From: a@b\r\nTo: c@d\r\nMessage-ID: <raw@b>\r\n\r\nHi\r\n')
  const send = (command: string, parameters: string, type = 'message/rfc822') =>
    shared()
      .phone({ version: '12.1' })
      .post(command, raw, { parameters, headers: { 'Content-Type': type } })

  test('is sent, and kept where the query says so (MS-ASHTTP 2.2.1.1.1.2.5)', async () => {
    for (const [parameters, saveInSent] of [
      ['', false],
      ['&SaveInSent=T', true],
      ['&SaveInSent=F', false],
    ] as const) {
      shared().mail.submitted.length = 0
      const { status, bytes } = await send('SendMail', parameters)
      assert.deepEqual([status, bytes.length], [200, 0])
      const [one] = shared().mail.submitted
      assert.equal(one?.header.saveInSent, saveInSent)
      assert.deepEqual(one?.mime, raw)
    }
  })
  test('answers or forwards what the query names', async () => {
    for (const [command, verb] of [
      ['SmartReply', 'reply'],
      ['SmartForward', 'forward'],
    ] as const) {
      assert.equal((await send(command, '&CollectionId=inbox&ItemId=a1')).status, 200)
      const { source } = shared().mail.submitted.at(-1)!.header
      assert.deepEqual([source?.placement, source?.verb, source?.replaceMime], [361, verb, false])
    }
  })
  test('fails by HTTP: 400 without its source, and where WBXML comes instead', async () => {
    assert.equal((await send('SmartReply', '')).status, 400)
    assert.equal((await send('SendMail', '', 'application/vnd.ms-sync.wbxml')).status, 400)
    assert.equal((await shared().phone({ version: '12.0' }).post('SendMail')).status, 400)
  })
  test('may come packed, and with no type at all', async () => {
    const { status } = await shared()
      .phone({ version: '2.5' })
      .post('SendMail', gzipSync(raw), { headers: { 'Content-Encoding': 'gzip', 'Content-Type': '' } })
    assert.equal(status, 200)
  })
})
