import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { attemptMail, RejectedMail } from './mail-conversation.ts'

const MAIL = { recipient: 'anna@acme.example', text: 'Subject: hello\r\n\r\nGood morning' }

/** A mail server that answers as it is told: one reply for the connection, then one for each command; undefined ends the connection. */
const attemptAt = async (replies: readonly (string | undefined)[], timeoutMs?: number) => {
  const sockets: Socket[] = []
  const heard: string[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    const rest = [...replies]
    const answer = () => {
      const reply = rest.shift()
      if (reply === undefined) socket.destroy()
      else if (reply !== '') socket.write(`${reply}\r\n`)
    }
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      heard.push(chunk.toString())
      answer()
    })
    answer()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    return { attempt: await attemptMail({ protocol: 'lmtp', port, timeoutMs }, MAIL), heard }
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

const UNTIL_DATA = ['220 hello', '250-me\r\n250 SIZE', '250 ok', '250 ok', '354 go on']

test('a 250 for the message acknowledges it, and it was said whole', async () => {
  const { attempt, heard } = await attemptAt([...UNTIL_DATA, '250 taken'])
  assert.equal(attempt, 'acknowledged')
  assert.equal(heard.at(-1), `${MAIL.text}\r\n.\r\n`)
})

test('a 4xx before the message is a refusal: it can not be there', async () => {
  assert.equal((await attemptAt(['421 later'])).attempt, 'refused')
  assert.equal((await attemptAt(['220 hello', '250 me', '250 ok', '451 later'])).attempt, 'refused')
})

test('a connection that ends before the message is a refusal', async () => {
  for (let n = 0; n < UNTIL_DATA.length; n++)
    assert.equal((await attemptAt(UNTIL_DATA.slice(0, n))).attempt, 'refused', `after ${n} replies`)
})

test('after the whole message only a 250 is certain: a 4xx, an end and silence are not', async () => {
  assert.equal((await attemptAt([...UNTIL_DATA, '451 later'])).attempt, 'uncertain')
  assert.equal((await attemptAt(UNTIL_DATA)).attempt, 'uncertain')
  assert.equal((await attemptAt([...UNTIL_DATA, ''], 50)).attempt, 'uncertain')
})

test('a 5xx is said to who sends: nothing that is sent here is to be rejected', async () => {
  await assert.rejects(attemptAt(['220 hello', '250 me', '250 ok', '550 nobody']), RejectedMail)
})

test('nobody who listens is a refusal', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await attemptMail({ protocol: 'smtp', port }, MAIL), 'refused')
})
