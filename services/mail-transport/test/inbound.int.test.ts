import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { retryable } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import { Dialogue } from './dialogue.ts'
import { type RunOptions, run } from './running.ts'

const open = async (t: TestContext, protocol: 'lmtp' | 'smtp', options: RunOptions = {}) => {
  const running = await run(t, options)
  const server = running.transport[protocol]({ tls: undefined })
  const { port } = await server.listen('127.0.0.1', 0)
  const client = await Dialogue.open(port)
  t.after(() => client.cut())
  const greeting = await client.say(protocol === 'lmtp' ? 'LHLO mx.example' : 'EHLO mx.example')
  return { ...running, client, port, greeting }
}

const MESSAGE = 'Subject: hello\r\n\r\nGood morning\r\n'

test('a message over LMTP is answered for each recipient, and is in each mailbox', async (t) => {
  const { client, arrived } = await open(t, 'lmtp')
  await client.transact('x@else.example', ['anna@acme.example', 'ben@acme.example'], MESSAGE)
  assert.match(await client.reply(), /^250 2\.0\.0/)
  assert.match(await client.reply(), /^250 2\.0\.0/)
  assert.deepEqual(arrived.map(({ account }) => account).sort(), ['anna', 'ben'])
})

test('the message arrives byte for byte behind its trace fields', async (t) => {
  const { client, arrived } = await open(t, 'lmtp')
  const message = 'Subject: dots\r\n\r\n..\r\n..leading\r\nbytes \x80\xff\x00 end'
  await client.transact('x@else.example', ['anna@acme.example'], message)
  await client.reply()
  const [trace, rest] = [
    /^(Return-Path:.*?\+0000\r\n)/s.exec(arrived[0]?.text ?? '')?.[1] ?? '',
    arrived[0]?.text ?? '',
  ]
  assert.match(trace, /^Return-Path: <x@else\.example>\r\nReceived: from mx\.example \(\[127\.0\.0\.1\]\)/)
  assert.equal(rest.slice(trace.length), `${message.replaceAll('\r\n..', '\r\n.')}\r\n`)
})

test('a message that came through a trusted proxy is traced to the proxy’s client', async (t) => {
  const { transport, arrived } = await run(t)
  const server = transport.smtp({ tls: undefined })
  server.trustProxies(['127.0.0.0/8'])
  const { port } = await server.listen('127.0.0.1', 0)
  const client = await Dialogue.open(port, 'PROXY TCP4 192.0.2.7 10.0.0.1 12345 25\r\n')
  t.after(() => client.cut())
  await client.say('EHLO mx.example')
  await client.transact('x@else.example', ['anna@acme.example'], MESSAGE)
  assert.match(await client.reply(), /^250/)
  assert.match(arrived[0]?.text ?? '', /\r\nReceived: from mx\.example \(\[192\.0\.2\.7\]\)/)
})

test('LMTP answers one recipient with success and the other with its own failure', async (t) => {
  const { client, arrived, failing } = await open(t, 'lmtp')
  failing.set(
    'anna',
    Object.assign(new Error('the mailbox is full'), { code: 'QUOTA_EXCEEDED', retryable: true }),
  )
  await client.transact('x@else.example', ['anna@acme.example', 'ben@acme.example'], MESSAGE)
  assert.match(await client.reply(), /^452 4\.2\.2 the mailbox is full/)
  assert.match(await client.reply(), /^250/)
  assert.deepEqual(
    arrived.map(({ account }) => account),
    ['ben'],
  )
})

test('SMTP has one answer: a recipient that may succeed later makes the sender try again', async (t) => {
  const { client, failing } = await open(t, 'smtp')
  failing.set('anna', retryable('LOG_UNAVAILABLE', 'not now'))
  await client.transact('x@else.example', ['anna@acme.example', 'ben@acme.example'], MESSAGE)
  assert.match(await client.reply(), /^451/)
})

test('recipients of two tenants get the message, each through its own tenant', async (t) => {
  const { client, arrived, deps } = await open(t, 'lmtp')
  await client.transact('x@else.example', ['anna@acme.example', 'bob@beta.example'], MESSAGE)
  assert.match(await client.reply(), /^250/)
  assert.match(await client.reply(), /^250/)
  assert.deepEqual(arrived.map(({ account }) => account).sort(), ['anna', 'bob'])
  assert.deepEqual(readdirSync(deps.spoolFolder), [])
})

test('an account named by address and alias gets the message once, and both are answered', async (t) => {
  const { client, arrived } = await open(t, 'lmtp')
  await client.transact('x@else.example', ['anna@acme.example', 'A@ACME.example'], MESSAGE)
  assert.match(await client.reply(), /^250/)
  assert.match(await client.reply(), /^250/)
  assert.equal(arrived.length, 1)
})

test('a sub-address is its account', async (t) => {
  const { client, arrived } = await open(t, 'lmtp')
  await client.transact('x@else.example', ['anna+lists@acme.example'], MESSAGE)
  assert.match(await client.reply(), /^250/)
  assert.equal(arrived[0]?.account, 'anna')
})

for (const [recipient, reply, why] of [
  ['nobody@acme.example', /^550 5\.1\.1/, 'an unknown recipient'],
  ['x@other.example', /^550 5\.7\.1/, 'a domain that is not ours (no open relay)'],
  ['x@other.example@acme.example', /^(?:550|553|501)/, 'a routed address (no open relay)'],
  ['%s@acme.example'.replace('%s', 'x'.repeat(300)), /^5/, 'an address that is too long'],
  ['sue@acme.example', /^450 4\.2\.1/, 'a suspended account, for now'],
  ['anna', /^(?:501|553)/, 'an address without a domain'],
] as const)
  test(`${why} is refused at RCPT TO`, async (t) => {
    const { client } = await open(t, 'smtp')
    await client.say('MAIL FROM:<x@else.example>')
    assert.match(await client.say(`RCPT TO:<${recipient}>`), reply)
  })

for (const [name, text] of [
  ['bare LF', 'Subject: x\n\nbody'],
  ['bare CR', 'Subject: x\r\n\r\nbo\rdy'],
  [
    'LF dot CRLF in the middle',
    'Subject: x\r\n\r\nbody\n.\r\nMAIL FROM:<admin@acme.example>\r\nRCPT TO:<ben@acme.example>\r\nDATA\r\nsmuggled',
  ],
  [
    'LF dot LF in the middle',
    'Subject: x\r\n\r\nbody\n.\nMAIL FROM:<admin@acme.example>\nRCPT TO:<ben@acme.example>\nDATA\nsmuggled',
  ],
  ['CR dot CR in the middle', 'Subject: x\r\n\r\nbody\r.\rMAIL FROM:<admin@acme.example>'],
  ['CRLF dot CR in the middle', 'Subject: x\r\n\r\nbody\r\n.\rMAIL FROM:<admin@acme.example>'],
] as const)
  test(`SMTP smuggling (CVE-2023-51764 and its kin) by ${name} delivers nothing`, async (t) => {
    for (const protocol of ['smtp', 'lmtp'] as const) {
      const { client, arrived } = await open(t, protocol)
      await client.transact('x@else.example', ['anna@acme.example'], text)
      assert.match(await client.reply(), /^550 5\.6\.11/)
      assert.equal(await client.say('NOOP').then((reply) => reply.slice(0, 3)), '250')
      assert.equal(arrived.length, 0)
    }
  })

test('a message over the limit is refused, announced or not, and the connection goes on', async (t) => {
  const { client, arrived } = await open(t, 'smtp', { maxMessageBytes: 10_000 })
  assert.match(await client.say('MAIL FROM:<x@else.example> SIZE=10001'), /^552/)
  await client.transact(
    'x@else.example',
    ['anna@acme.example'],
    `Subject: x\r\n\r\n${'y'.repeat(78)}\r\n`.repeat(200),
  )
  assert.match(await client.reply(), /^552 5\.3\.4/)
  await client.transact('x@else.example', ['anna@acme.example'], MESSAGE)
  assert.match(await client.reply(), /^250/)
  assert.equal(arrived.length, 1)
})

test('a connection that is cut in the message delivers nothing', async (t) => {
  const { client, arrived, port } = await open(t, 'lmtp')
  await client.say('MAIL FROM:<x@else.example>')
  await client.say('RCPT TO:<anna@acme.example>')
  await client.say('DATA')
  client.send('Subject: cut\r\n\r\nthe rest never')
  client.cut()
  const next = await Dialogue.open(port)
  t.after(() => next.cut())
  await next.say('LHLO again.example')
  await next.transact('x@else.example', ['ben@acme.example'], MESSAGE)
  assert.match(await next.reply(), /^250/)
  assert.deepEqual(
    arrived.map(({ account }) => account),
    ['ben'],
  )
})

test('commands may be sent ahead (RFC 2920)', async (t) => {
  const { client, arrived } = await open(t, 'lmtp')
  client.send('MAIL FROM:<>\r\nRCPT TO:<anna@acme.example>\r\nDATA\r\n')
  for (const code of ['250', '250', '354']) assert.equal((await client.reply()).slice(0, 3), code)
  client.send(`${MESSAGE}.\r\nMAIL FROM:<x@else.example>\r\nQUIT\r\n`)
  for (const code of ['250', '250', '221']) assert.equal((await client.reply()).slice(0, 3), code)
  assert.equal(arrived[0]?.sender, '')
})

test('it offers PIPELINING, 8BITMIME, SMTPUTF8 and SIZE, and neither AUTH nor STARTTLS without a certificate', async (t) => {
  for (const protocol of ['smtp', 'lmtp'] as const) {
    const { greeting } = await open(t, protocol)
    for (const offer of ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'SIZE 1000000'])
      assert.match(greeting, new RegExp(offer))
    assert.doesNotMatch(greeting, /AUTH|STARTTLS/)
  }
})

test('an address with letters of any script is taken', async (t) => {
  const { client } = await open(t, 'smtp')
  await client.say('MAIL FROM:<x@else.example> SMTPUTF8')
  const utf8 = Buffer.from('zoë@acme.example').toString('latin1')
  assert.match(await client.say(`RCPT TO:<${utf8}>`), /^550 5\.1\.1/)
})

test('more recipients than the limit are told to come again with fewer', async (t) => {
  const { client } = await open(t, 'smtp')
  await client.say('MAIL FROM:<x@else.example>')
  for (let n = 0; n < 500; n++) client.send(`RCPT TO:<anna+${n}@acme.example>\r\n`)
  for (let n = 0; n < 500; n++) assert.match(await client.reply(), /^250/)
  assert.match(await client.say('RCPT TO:<ben@acme.example>'), /^452 4\.5\.3/)
})

test('a drain answers the message on its way and takes no new connection', async (t) => {
  const running = await run(t)
  const server = running.transport.lmtp({ tls: undefined })
  const { port } = await server.listen('127.0.0.1', 0)
  const client = await Dialogue.open(port)
  t.after(() => client.cut())
  await client.say('LHLO mx.example')
  await client.say('MAIL FROM:<x@else.example>')
  await client.say('RCPT TO:<anna@acme.example>')
  await client.say('DATA')
  client.send('Subject: x\r\n\r\nfirst half')
  const drained = server.drain(2000)
  client.send(' and the rest\r\n.\r\n')
  assert.match(await client.reply(), /^250/)
  await drained
  await assert.rejects(Dialogue.open(port))
  await waitUntil(() => running.arrived.length === 1)
})
