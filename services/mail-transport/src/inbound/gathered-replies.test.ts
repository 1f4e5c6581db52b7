import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gatherReplies } from './gathered-replies.ts'

/** A socket that keeps what leaves it, a list for each packet. */
const openSocket = () => {
  const packets: string[][] = []
  const socket = new Writable({
    write: (chunk, _encoding, done) => {
      packets.push([String(chunk)])
      done()
    },
    writev: (chunks, done) => {
      packets.push(chunks.map(({ chunk }) => String(chunk)))
      done()
    },
  })
  gatherReplies(socket as Socket)
  return { socket, packets }
}

describe('replies', () => {
  test('that are given together leave together, in their order (RFC 2920 3.2)', async () => {
    const { socket, packets } = openSocket()
    socket.write('250 sender ok\r\n')
    await Promise.resolve()
    socket.write('250 recipient ok\r\n')
    socket.write('354 go on\r\n')
    assert.deepEqual(packets, [])
    await nextTurn()
    assert.deepEqual(packets, [['250 sender ok\r\n', '250 recipient ok\r\n', '354 go on\r\n']])
  })

  test('that come later don’t keep those before them', async () => {
    const { socket, packets } = openSocket()
    for (const reply of ['250 one\r\n', '250 two\r\n']) {
      socket.write(reply)
      await nextTurn()
    }
    assert.deepEqual(packets, [['250 one\r\n'], ['250 two\r\n']])
  })

  test('that are the last leave before the connection ends', async () => {
    const { socket, packets } = openSocket()
    socket.write('221 bye\r\n')
    socket.end()
    await once(socket, 'finish')
    assert.deepEqual(packets.flat(), ['221 bye\r\n'])
  })

  test('to a connection that is gone are nothing', async () => {
    const { socket, packets } = openSocket()
    socket.on('error', () => {})
    socket.write('250 ok\r\n')
    socket.destroy()
    await nextTurn()
    assert.deepEqual(packets, [])
  })
})
