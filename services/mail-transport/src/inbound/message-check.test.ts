import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { RelaisError } from '@relais/service-kit'
import fc from 'fast-check'
import { BARE_LINE_ENDING, MAIL_LOOP, MESSAGE_TOO_LARGE, MessageCheck } from './message-check.ts'

const pass = async (text: string, { size = text.length || 1, limit = 1_000_000 } = {}): Promise<string> => {
  const bytes = Buffer.from(text, 'latin1')
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  const out: Buffer[] = []
  await pipeline(Readable.from(chunks), new MessageCheck(limit), async (source) => {
    for await (const chunk of source) out.push(chunk)
  })
  return Buffer.concat(out).toString('latin1')
}

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof RelaisError && error.code === code && !error.retryable

test('a message whose lines end in CR LF passes as it is', async () => {
  const text = 'Subject: a\r\n\r\nbody\r\n.\r\n'
  assert.equal(await pass(text), text)
  assert.equal(await pass(''), '')
})

for (const [name, text] of [
  ['a bare LF', 'a: b\r\n\r\nx\ny\r\n'],
  ['a bare LF at the start', '\na: b\r\n'],
  ['a bare CR', 'a: b\r\n\r\nx\ry\r\n'],
  ['a bare CR at the end', 'a: b\r\n\r\nx\r'],
  ['two CR before an LF', 'a: b\r\r\n'],
  ['SMTP smuggling by LF . CR LF', 'a: b\r\n\r\nx\n.\r\nMAIL FROM:<x@y>\r\n'],
  ['SMTP smuggling by LF . LF', 'a: b\r\n\r\nx\n.\nMAIL FROM:<x@y>\r\n'],
  ['SMTP smuggling by CR . CR', 'a: b\r\n\r\nx\r.\rMAIL FROM:<x@y>\r\n'],
] as const)
  test(`${name} is refused, wherever the bytes are cut`, async () => {
    for (const size of [1, 2, 3, text.length])
      await assert.rejects(pass(text, { size }), refusedWith(BARE_LINE_ENDING), `${size}`)
  })

test('exactly the messages without a bare CR or LF pass, however they are cut', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('\r\n', '\r', '\n', 'x', '.')),
      fc.integer({ min: 1, max: 5 }),
      async (parts, size) => {
        const text = parts.join('')
        const clean = !/\r(?!\n)|(?<!\r)\n/.test(text)
        if (clean) assert.equal(await pass(text, { size }), text)
        else await assert.rejects(pass(text, { size }), refusedWith(BARE_LINE_ENDING))
      },
    ),
  ))

test('a message over the limit is refused as soon as it is', async () => {
  assert.equal((await pass('x'.repeat(100), { limit: 100 })).length, 100)
  await assert.rejects(pass('x'.repeat(101), { limit: 100, size: 10 }), refusedWith(MESSAGE_TOO_LARGE))
})

test('a message with more than a hundred Received fields is a loop', async () => {
  const hops = (count: number) =>
    `${'Received: from a by b\r\n'.repeat(count)}Subject: x\r\n\r\nReceived: in the body\r\n`
  assert.ok(await pass(hops(100), { size: 777 }))
  await assert.rejects(pass(hops(101), { size: 777 }), refusedWith(MAIL_LOOP))
})
