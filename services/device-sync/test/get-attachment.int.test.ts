import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { retryable } from '@relais/service-kit'
import { serverIdOf } from '../src/classes/server-id.ts'
import { COMMAND_NAMES } from '../src/http/protocol.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService()

const reference = `${serverIdOf(77)}:2`

const put = (bytes: Buffer, type = 'application/pdf') => shared().mail.parts.set('77/2', { type, bytes })

const get = (name: string, version = '12.1') => {
  const query = `Cmd=GetAttachment&AttachmentName=${encodeURIComponent(name)}&User=x&DeviceId=OLD1&DeviceType=PocketPC`
  const headers = { 'MS-ASProtocolVersion': version }
  return shared().phone().request(`/Microsoft-Server-ActiveSync?${query}`, { method: 'POST', headers })
}

const field = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length]), bytes])

describe('GetAttachment', () => {
  for (const version of ['2.5', '12.0', '12.1'])
    test(`${version}: brings an attachment as it is, with its type and length`, async () => {
      const bytes = randomBytes(200_000)
      put(bytes)
      const answer = await get(reference, version)
      assert.deepEqual(
        [answer.status, answer.headers['content-type'], Number(answer.headers['content-length'])],
        [200, 'application/pdf', 200_000],
      )
      assert.ok(answer.bytes.equals(bytes))
    })
  test('is asked for in the base64 query too', async () => {
    put(Buffer.from('abc'), 'text/plain')
    const query = Buffer.concat([
      Buffer.from([121, COMMAND_NAMES.indexOf('GetAttachment'), 0x09, 0x04]),
      ...[field(Buffer.from('OLD1')), field(Buffer.alloc(0)), field(Buffer.from('PocketPC'))],
      ...[Buffer.from([0]), field(Buffer.from(reference))],
    ])
    const path = `/Microsoft-Server-ActiveSync?${query.toString('base64')}`
    const answer = await shared().phone().request(path, { method: 'POST' })
    assert.deepEqual([answer.status, answer.bytes.toString()], [200, 'abc'])
  })
  test('of nothing is an empty body', async () => {
    put(Buffer.alloc(0))
    const answer = await get(reference)
    assert.deepEqual(
      [answer.status, answer.bytes.length, answer.headers['content-type']],
      [200, 0, undefined],
    )
  })
  test('a type that is none doesn’t get into a header', async () => {
    for (const type of ['', 'x', 'a/b; x="y"', 'a/b\r\nSet-Cookie: x', 'ä/ö']) {
      put(Buffer.from('abc'), type)
      const answer = await get(reference)
      assert.equal(answer.headers['content-type'], 'application/octet-stream', type)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
  })
  test('500: isn’t there any more, or never was one of ours', async () => {
    for (const name of [
      '',
      'x',
      `${serverIdOf(77)}:9`,
      `${serverIdOf(78)}:2`,
      '../../etc/passwd',
      'x'.repeat(3000),
    ])
      assert.equal((await get(name)).status, 500, name.slice(0, 40))
  })
  test('503: the mail service is away', async () => {
    put(Buffer.from('abc'))
    shared().mail.failure = retryable('UNAVAILABLE', 'away')
    assert.equal((await get(reference)).status, 503)
  })
  test('501: from 14.0 on there is none', async () => {
    put(Buffer.from('abc'))
    for (const version of ['14.0', '14.1', '16.1']) assert.equal((await get(reference, version)).status, 501)
  })
})
