import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headers } from '@nats-io/transport-node'
import fc from 'fast-check'
import type { NewCommit } from '../port.ts'
import { envelopeOf, headersOf, noticeOf, toldBy } from './envelope.ts'
import { subjectOf } from './subjects.ts'

const commitOf = (given: Partial<NewCommit> = {}): NewCommit => ({
  stream: { tenant: 'acme', account: 'mike', service: 'mail' },
  events: [],
  commandId: 'c-1',
  actor: { kind: 'device', id: 'mike', device: 'd_1' },
  principal: 'mike',
  at: 1,
  collections: ['inbox'],
  ...given,
})

const throughHeaders = (commit: NewCommit, previous = 41) => {
  const subject = subjectOf(commit.stream)
  const written = headersOf(envelopeOf(commit, 1234, 'try'), subject, previous)
  return { written, told: toldBy(subject, written) }
}

test('what is told beside a record is what was written', () => {
  const { told } = throughHeaders(commitOf())
  assert.deepEqual(told, {
    stream: { tenant: 'acme', account: 'mike', service: 'mail' },
    commandId: 'c-1',
    appended: 1234,
    attempt: 'try',
    device: 'd_1',
    traceparent: '',
    previous: 41,
    collections: ['inbox'],
  })
})

test('the server is asked to store it only on top of the commit that it tells of', () => {
  const { written } = throughHeaders(commitOf(), 7)
  assert.equal(written.get('Nats-Expected-Last-Subject-Sequence'), '7')
})

test('command ids, devices and collections of any characters come through one line of ASCII', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed())
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 5 }), (commandId, device, collections) => {
      const actor = { kind: 'device', id: 'x', device }
      const { written, told } = throughHeaders(commitOf({ commandId, actor, collections }))
      assert.match(written.get('Relais-Commit'), /^[\x20-\x7e]*$/)
      assert.deepEqual([told.commandId, told.device, told.collections], [commandId, device, collections])
    }),
  )
})

test('a name of which the subject has only a hash is told in full', () => {
  const stream = { tenant: 'acme', account: '✉'.repeat(255), service: 'mail' }
  assert.deepEqual(throughHeaders(commitOf({ stream })).told.stream, stream)
})

test('a list of collections that is too long is not told: its notice is made from the record', () => {
  const collections = Array.from({ length: 1000 }, (_, i) => `collection-${i}`)
  const { written, told } = throughHeaders(commitOf({ collections }))
  assert.ok(written.get('Relais-Commit').length < 300)
  assert.equal(told.collections, undefined)
  assert.equal(noticeOf(5, told), undefined)
})

test('a device or a trace of any length leaves the header short', () => {
  const actor = { kind: 'device', id: 'x', device: 'd'.repeat(500_000) }
  const { written, told } = throughHeaders(commitOf({ actor, traceparent: 'x'.repeat(100_000) }))
  assert.ok(written.get('Relais-Commit').length < 300)
  assert.deepEqual([told.device, told.traceparent, told.collections], ['', '', undefined])
})

test('a notice has where, which collections, by which device, in which trace and when', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  assert.deepEqual(noticeOf(5, throughHeaders(commitOf({ traceparent })).told), {
    position: 5,
    tenant: 'acme',
    account: 'mike',
    service: 'mail',
    collections: ['inbox'],
    device: 'd_1',
    traceparent,
    at: 1234,
  })
})

test('a message that is no commit is damage, whatever it has for a header', () => {
  const bad = ['', 'x', '{}', '[]', 'null', '7', '{"id":1}', '{"id":"a","at":"b","try":"c"}']
  const shapes = [
    { id: 'a', at: 1, try: 'c', col: 'inbox' },
    { id: 'a', at: 1, try: 'c', col: [1] },
    { id: 'a', at: 1, try: 'c', names: ['a'] },
    { id: 'a', at: 1, try: 'c', dev: 7 },
    { id: 'a', at: 1, try: 'c', tp: 7 },
  ]
  for (const value of [...bad, ...shapes.map((shape) => JSON.stringify(shape))]) {
    const given = headers()
    given.set('Nats-Expected-Last-Subject-Sequence', '1')
    given.set('Relais-Commit', value)
    assert.throws(() => toldBy('log.a.b.c', given), { code: 'LOG_DAMAGED' }, value)
  }
  assert.throws(() => toldBy('log.a.b.c', undefined), { code: 'LOG_DAMAGED' })
  const good = headersOf(envelopeOf(commitOf(), 1, 't'), 'log.acme.mike.mail', 0)
  assert.throws(() => toldBy('other.a.b.c', good), { code: 'LOG_DAMAGED' })
})
