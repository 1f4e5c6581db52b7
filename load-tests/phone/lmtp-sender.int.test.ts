import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing/wait-until.ts'
import { LmtpSender } from './lmtp-sender.ts'
import { startSmtpServer } from './smtp-server.fixture.ts'

/** A server that notes what it hears; after DATA it answers `replies`, and a recipient with `no` in it is refused. */
const listening = async (context: TestContext, replies: readonly string[]) => {
  const heard: string[] = []
  const server = createServer((socket) => {
    let inData = false
    socket.on('error', () => {})
    socket.write('220 here\r\n')
    createInterface({ input: socket }).on('line', (line) => {
      heard.push(line)
      if (line === '.') for (const reply of replies) socket.write(`${reply}\r\n`)
      if (inData) {
        inData = line !== '.'
        return
      }
      inData = line === 'DATA'
      if (/HLO/.test(line)) socket.write('250-here\r\n250 8BITMIME\r\n')
      else if (line === 'DATA') socket.write('354 go on\r\n')
      else if (/no@/.test(line)) socket.destroy()
      else socket.write('250 ok\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  return { heard, port: (server.address() as AddressInfo).port }
}

test('RFC 2033, 4.2: a message to several is one transaction, answered for each', async (context) => {
  const { heard, port } = await listening(context, ['250 a', '250 b'])
  const sender = await LmtpSender.connect('127.0.0.1', port)
  await sender.deliverToAll(['a@x.example', 'b@x.example'], Buffer.from('Subject: x\r\n\r\nhello'))
  await sender.deliverToAll(['a@x.example', 'b@x.example'], Buffer.from('Subject: y\r\n\r\nhello'))
  sender.close()
  assert.equal(heard[0], 'LHLO load.example')
  assert.equal(heard.filter((line) => line === 'DATA').length, 2)
  assert.equal(heard.filter((line) => line.startsWith('RCPT')).length, 4)
})

test('one that wasn’t accepted for one of them is an error', async (context) => {
  const { port } = await listening(context, ['250 a', '452 full'])
  const sender = await LmtpSender.connect('127.0.0.1', port)
  await assert.rejects(sender.deliverToAll(['a@x.example', 'b@x.example'], Buffer.from('x')), /452 full/)
  sender.close()
})

test('RFC 5321: over SMTP a message is answered once, however many get it', async (context) => {
  const { heard, port } = await listening(context, ['250 all'])
  const sender = await LmtpSender.connect('127.0.0.1', port, { protocol: 'smtp' })
  await sender.deliverToAll(['a@x.example', 'b@x.example'], Buffer.from('x'))
  sender.close()
  assert.equal(heard[0], 'EHLO load.example')
})

test('a server that goes away in the middle is an error, now and from then on', async (context) => {
  const { port } = await listening(context, [])
  const sender = await LmtpSender.connect('127.0.0.1', port)
  await assert.rejects(sender.deliver('no@x.example', Buffer.from('x')), /closed|ECONNRESET/)
  await assert.rejects(sender.deliver('a@x.example', Buffer.from('x')))
})

test('RFC 5321, 4.5.2: a line that begins with a dot is no end, and arrives as it was', async (context) => {
  const { heard, port } = await listening(context, ['250 a'])
  const sender = await LmtpSender.connect('127.0.0.1', port)
  await sender.deliver('a@x.example', Buffer.from('.first\r\n\r\n.\r\n..two\r\nend.'))
  sender.close()
  const message = heard.slice(heard.indexOf('DATA') + 1, heard.lastIndexOf('.'))
  assert.deepEqual(
    message.map((line) => line.replace(/^\./, '')),
    ['.first', '', '.', '..two', 'end.'],
  )
})

test('bytes that are no text go through as they are', async (context) => {
  const { messages, port } = await startSmtpServer(context)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n)).filter(
    (byte) => byte !== 10 && byte !== 13,
  )
  const sender = await LmtpSender.connect('127.0.0.1', port)
  await sender.deliver('a@x.example', Buffer.concat([Buffer.from('.'), bytes, Buffer.from('\r\n.')]))
  sender.close()
  // The server reads lines as UTF-8: what isn’t is one replacement each.
  assert.equal(messages[0]?.split('\r\n').length, 2)
  assert.ok(messages[0]?.startsWith('..\0\u0001'))
})

test('a server that greets with a refusal isn’t asked for more', async (context) => {
  for (const greeting of ['554 go away', '421 busy']) {
    const { heard, port, connections } = await startSmtpServer(context, { greeting })
    await assert.rejects(LmtpSender.connect('127.0.0.1', port), new RegExp(greeting))
    await waitUntil(() => connections().open === 0)
    assert.deepEqual(heard, [])
  }
})

test('a reply of several lines is one reply', async (context) => {
  const { port } = await startSmtpServer(context, {
    hello: '250-a\r\n250-b\r\n250 c',
    recipient: () => '250-yes\r\n250 it is',
  })
  const sender = await LmtpSender.connect('127.0.0.1', port)
  await sender.deliver('a@x.example', Buffer.from('x'))
  sender.close()
})

test('replies without end end the connection', async (context) => {
  const { port } = await startSmtpServer(context, { hello: `250-${'x'.repeat(1024 * 1024)}` })
  await assert.rejects(LmtpSender.connect('127.0.0.1', port), /replies without end/)
})

describe('a signal', () => {
  test('ends a connection that is made, and what it waits for', async (context) => {
    const { port, connections } = await startSmtpServer(context, { silentAfter: /^\.$/ })
    const stop = new AbortController()
    const sender = await LmtpSender.connect('127.0.0.1', port, { signal: stop.signal })
    const delivered = sender.deliver('a@x.example', Buffer.from('x'))
    stop.abort()
    await assert.rejects(delivered, /the run ended/)
    await waitUntil(() => connections().open === 0)
  })

  test('given before makes no connection', async (context) => {
    const { port, connections } = await startSmtpServer(context)
    await assert.rejects(LmtpSender.connect('127.0.0.1', port, { signal: AbortSignal.abort() }), /abort/)
    assert.equal(connections().all, 0)
  })
})
