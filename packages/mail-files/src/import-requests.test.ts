import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImportRequest } from '@relais/proto/mail/v1/mail.ts'
import { importRequests } from './import-requests.ts'
import { type MailFile, NO_MARKS } from './mail-file.ts'

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

async function* files(...messages: Partial<MailFile>[]): AsyncGenerator<MailFile> {
  for (const message of messages)
    yield { source: 's', path: [], marks: NO_MARKS, receivedAt: undefined, chunks: chunks(), ...message }
}

const owner = { tenant: 'acme', account: 'a1' }

const headerOf = (request: ImportRequest | undefined) =>
  request?.part?.$case === 'header' ? request.part.value : assert.fail('no header')

test('each message is a header and its chunks', async () => {
  const requests = await Array.fromAsync(
    importRequests(owner, files({ chunks: chunks('a', 'b') }, { chunks: chunks() }, { chunks: chunks('c') })),
  )
  assert.deepEqual(
    requests.map(({ part }) => (part?.$case === 'chunk' ? String(part.value) : part?.$case)),
    ['header', 'a', 'b', 'header', 'header', 'c'],
  )
})

test('a header says whose it is, where it goes and when it came', async () => {
  const target = { ...owner, below: ['Old'] }
  const [first] = await Array.fromAsync(importRequests(target, files({ path: ['Work'], receivedAt: 7 })))
  const { tenant, account, path, receivedAt } = headerOf(first)
  assert.deepEqual({ tenant, account, path, receivedAt }, { ...owner, path: ['Old', 'Work'], receivedAt: 7 })
})

test('marks become the message state', async () => {
  const marks = { seen: true, answered: true, flagged: true, draft: true }
  const [all, none] = await Array.fromAsync(importRequests(owner, files({ marks }, {})))
  const state = headerOf(all).state
  assert.deepEqual(
    [state?.seen, state?.draft, state?.lastVerb, state?.flag?.status],
    [true, true, 1, 'active'],
  )
  assert.deepEqual([headerOf(none).state?.seen, headerOf(none).state?.flag], [false, undefined])
})
