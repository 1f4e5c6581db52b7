import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCoded } from '@relais/service-kit'
import fc from 'fast-check'
import { COMMAND_NAMES } from './protocol.ts'
import { parseRequestLine } from './request-line.ts'

const refuses = (query: string, code: string) =>
  assert.throws(
    () => parseRequestLine(query),
    (error) => isCoded(error) && error.code === code,
  )

const field = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length]), bytes])

type Fields = { version?: number; code?: number; device?: Buffer; key?: Buffer; type?: Buffer; rest?: Buffer }

const query = ({ version = 141, code = 0, device, key, type, rest }: Fields): string =>
  Buffer.concat([
    Buffer.from([version, code, 0x09, 0x04]),
    field(device ?? Buffer.from('DEV1')),
    field(key ?? Buffer.alloc(0)),
    field(type ?? Buffer.from('iPhone')),
    rest ?? Buffer.alloc(0),
  ]).toString('base64')

const nothingMore = {
  saveInSent: false,
  attachmentName: '',
  collectionId: '',
  itemId: '',
  longId: '',
  occurrence: '',
}

describe('the plain query', () => {
  test('names command, user, device and its type', () => {
    const line = parseRequestLine('Cmd=Sync&User=mike%40example.org&DeviceId=APPL1&DeviceType=iPhone')
    assert.deepEqual(line, {
      command: 'Sync',
      user: 'mike@example.org',
      deviceId: 'APPL1',
      deviceType: 'iPhone',
      version: undefined,
      policyKey: undefined,
      locale: undefined,
      acceptMultipart: false,
      ...nothingMore,
    })
  })
  test('before 14.0 says of a message where it goes and what it answers', () => {
    const line = parseRequestLine('Cmd=SmartReply&CollectionId=inbox&ItemId=a1&SaveInSent=T&Occurrence=o')
    assert.deepEqual(
      [line.collectionId, line.itemId, line.saveInSent, line.occurrence, line.longId],
      ['inbox', 'a1', true, 'o', ''],
    )
    assert.equal(parseRequestLine('Cmd=SendMail&SaveInSent=F').saveInSent, false)
    assert.equal(parseRequestLine('Cmd=SendMail').saveInSent, false)
    assert.equal(parseRequestLine('Cmd=GetAttachment&AttachmentName=a1%3a2').attachmentName, 'a1:2')
  })
  test('has its parameters in any order and case', () => {
    const line = parseRequestLine('devicetype=SP&DEVICEID=x&user=acme%5cmike&cmd=Ping')
    assert.deepEqual(
      [line.command, line.user, line.deviceId, line.deviceType],
      ['Ping', 'acme\\mike', 'x', 'SP'],
    )
  })
  test('may have parameters that nobody knows, and broken percent-encoding', () => {
    const line = parseRequestLine('Cmd=Sync&User=100%&foo=bar&SaveInSent=T&=x&y')
    assert.deepEqual([line.command, line.user], ['Sync', '100%'])
  })
  test('that leaves everything out names nothing', () => {
    assert.equal(parseRequestLine('Cmd=Sync').deviceId, '')
  })
})

describe('the base64 query', () => {
  test('MS-ASHTTP: the vector of the specification', () => {
    assert.deepEqual(parseRequestLine('jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l'), {
      command: 'Sync',
      user: '',
      deviceId: 'v140Device',
      deviceType: 'SmartPhone',
      version: 140,
      policyKey: undefined,
      locale: 0x0409,
      acceptMultipart: false,
      ...nothingMore,
    })
  })
  test('may use the URL-safe alphabet, percent-encoding, and leave out the padding', () => {
    const device = Buffer.from([
      0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 1, 2, 3, 4,
    ])
    const standard = query({ device })
    assert.match(standard, /[+/]/)
    const wanted = parseRequestLine(standard)
    const urlSafe = standard.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    assert.deepEqual(parseRequestLine(urlSafe), wanted)
    assert.deepEqual(parseRequestLine(encodeURIComponent(standard)), wanted)
  })
  test('a raw GUID as device id is kept in hex, so that it stays the same', () => {
    const device = Buffer.from('00112233445566778899aabbccddeeff', 'hex')
    assert.equal(parseRequestLine(query({ device })).deviceId, '00112233445566778899aabbccddeeff')
  })
  test('a policy key has no or four bytes, little-endian', () => {
    assert.equal(
      parseRequestLine(query({ key: Buffer.from([0x78, 0x56, 0x34, 0x12]) })).policyKey,
      0x12345678,
    )
    refuses(query({ key: Buffer.from([1, 2]) }), 'MALFORMED_QUERY')
  })
  test('Options bit 0x02 asks for multipart, 0x01 doesn’t', () => {
    const options = (bits: number) => query({ rest: Buffer.from([7, 1, bits]) })
    assert.equal(parseRequestLine(options(0x02)).acceptMultipart, true)
    assert.equal(parseRequestLine(options(0x03)).acceptMultipart, true)
    assert.equal(parseRequestLine(options(0x01)).acceptMultipart, false)
  })
  test('tag 8 is the user, others are passed over', () => {
    const rest = Buffer.concat([
      Buffer.from([1]),
      field(Buffer.from('inbox')),
      Buffer.from([8]),
      field(Buffer.from('mike')),
    ])
    assert.equal(parseRequestLine(query({ rest })).user, 'mike')
  })
  test('tags 0, 1, 3, 4 and 6 are what the plain query has by name, Options bit 0x01 is SaveInSent', () => {
    const tagged = (tag: number, text: string) =>
      Buffer.concat([Buffer.from([tag]), field(Buffer.from(text))])
    const rest = Buffer.concat([
      ...[tagged(0, 'a1:2'), tagged(1, 'inbox'), tagged(3, 'a1'), tagged(4, 'long'), tagged(6, 'o')],
      Buffer.from([7, 1, 1]),
    ])
    const line = parseRequestLine(query({ rest }))
    assert.deepEqual(
      [line.attachmentName, line.collectionId, line.itemId, line.longId, line.occurrence, line.saveInSent],
      ['a1:2', 'inbox', 'a1', 'long', 'o', true],
    )
  })
  test('every command has its code', () => {
    COMMAND_NAMES.forEach((command, code) => {
      assert.equal(parseRequestLine(query({ code })).command, command)
    })
    assert.equal(COMMAND_NAMES[23], 'Find')
  })
  test('a code that no command has is unknown', () => {
    refuses(query({ code: 24 }), 'UNKNOWN_COMMAND')
    refuses(query({ code: 255 }), 'UNKNOWN_COMMAND')
  })
})

describe('hostile queries', () => {
  const refused: Record<string, string> = {
    'an empty one': '',
    nonsense: 'hello world',
    'only a version': Buffer.from([141]).toString('base64'),
    'a device id longer than the query': Buffer.from([141, 0, 9, 4, 200, 65, 66]).toString('base64'),
    'a parameter without its length': query({ rest: Buffer.from([7]) }),
    'a parameter longer than the query': query({ rest: Buffer.from([7, 9, 1]) }),
    'padding in the middle': 'jAAJ=BAp2',
  }
  for (const [name, text] of Object.entries(refused))
    test(`${name} is refused`, () => refuses(text, 'MALFORMED_QUERY'))

  test('any text is a line or a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.uint8Array().map((b) => Buffer.from(b).toString('base64')),
        ),
        (text) => {
          try {
            assert.equal(typeof parseRequestLine(text).command, 'string')
          } catch (error) {
            assert.ok(isCoded(error), String(error))
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
