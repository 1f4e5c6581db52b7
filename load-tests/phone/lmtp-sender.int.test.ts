import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { LmtpSender } from './lmtp-sender.ts'

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
  const sender = await LmtpSender.connect('127.0.0.1', port, 'smtp')
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
