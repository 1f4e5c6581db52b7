import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TraceEntry } from '../src/tracing/traces.ts'
import { el } from '../src/wbxml/node.ts'
import { startTestService, type TestService } from './test-service.ts'

const folderSync = el('folderhierarchy:FolderSync', [el('folderhierarchy:SyncKey', '0')])
const device = { tenant: 'acme', account: 'u1', device: 'APPLF17L2KX1' }

const operator = { tenant: '', principal: '', actor: { kind: 'operator', id: 'o', device: '' } }

const traceOf = (
  { service }: TestService,
  seconds: number,
  signal: AbortSignal,
  identity: object = operator,
) =>
  service.handlers.traceDevice({ ...device, seconds }, {
    identity,
    signal,
  } as never) as AsyncGenerator<TraceEntry>

describe('a trace of a device', () => {
  test('has its requests and their answers, without content and without its password', async (context) => {
    const service = await startTestService(context)
    const reader = new AbortController()
    const trace = traceOf(service, 60, reader.signal)
    const first = trace.next()
    const phone = service.phone()
    await phone.post('FolderSync', folderSync)
    await service.phone({ deviceId: 'OTHER1' }).post('FolderSync', folderSync)
    await phone.post('FolderSync', Buffer.from('<xml/>'))
    const entries = [await first, await trace.next(), await trace.next(), await trace.next()].map(
      ({ value }) => value as TraceEntry,
    )
    assert.deepEqual(
      entries.map(({ kind, text }) => [kind, text.split('\n')[0]]),
      [
        ['request', 'FolderSync in 16.1, HTTP/1.1'],
        ['answer', 'FolderSync: HTTP 200'],
        ['request', 'FolderSync in 16.1, HTTP/1.1'],
        ['answer', 'FolderSync: HTTP 200 (WBXML_HEADER)'],
      ],
    )
    assert.match(entries[0]!.text, /folderhierarchy:SyncKey "0"/)
    assert.match(entries[1]!.text, /folderhierarchy:Status "1"/)
    assert.equal(entries[0]!.correlation, entries[1]!.correlation)
    for (const { text } of entries) assert.doesNotMatch(text, /secret|mike|Basic/i)
    reader.abort()
    assert.equal((await trace.next()).done, true)
  })
  test('ends when its reader goes, and then nothing is looked at any more', async (context) => {
    const service = await startTestService(context)
    const reader = new AbortController()
    const trace = traceOf(service, 60, reader.signal)
    const waiting = trace.next()
    reader.abort()
    assert.equal((await waiting).done, true)
  })
  test('is for administrators of the tenant alone, and an hour at most', async (context) => {
    const service = await startTestService(context)
    const { signal } = new AbortController()
    const stranger = { ...operator, tenant: 'other' }
    await assert.rejects(traceOf(service, 60, signal, stranger).next(), { code: 'PERMISSION_DENIED' })
    const phone = { ...operator, actor: { kind: 'device', id: 'u1', device: 'x' } }
    await assert.rejects(traceOf(service, 60, signal, phone).next(), { code: 'PERMISSION_DENIED' })
    for (const seconds of [0, 3601])
      await assert.rejects(traceOf(service, seconds, signal).next(), { code: 'INVALID_ARGUMENT' })
  })
})
