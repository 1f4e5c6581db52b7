import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportHeader, type ExportResponse } from '@relais/proto/mail/v1/mail.ts'
import { messagesOf } from './mail.ts'

const header = (size: number): ExportResponse => ({
  part: { $case: 'header', value: ExportHeader.fromPartial({ size }) },
})
const chunk = (text: string): ExportResponse => ({ part: { $case: 'chunk', value: Buffer.from(text) } })

async function* answer(...parts: ExportResponse[]) {
  yield* parts
}

const read = async (...parts: ExportResponse[]) => {
  const messages: [number, string][] = []
  for await (const { header, chunks } of messagesOf(answer(...parts)))
    messages.push([header.size, Buffer.concat(await Array.fromAsync(chunks)).toString()])
  return messages
}

test('headers and chunks are cut into messages', async () => {
  assert.deepEqual(await read(header(2), chunk('a'), chunk('b'), header(0), header(1), chunk('c')), [
    [2, 'ab'],
    [0, ''],
    [1, 'c'],
  ])
})

test('an account without mail has no messages', async () => {
  assert.deepEqual(await read(), [])
})

test('a chunk without a header before it is refused', async () => {
  await assert.rejects(read(chunk('a')), /without its header/)
})
