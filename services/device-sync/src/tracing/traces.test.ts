import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type TraceEntry, Traces } from './traces.ts'

const device = { tenant: 'acme', account: 'u1', device: 'PHONE1' }
const other = { ...device, device: 'PHONE2' }
const HOUR = 3_600_000

const entry = (text: string): TraceEntry => ({ at: 0, kind: 'request', correlation: '', text })

const texts = async (trace: AsyncIterable<TraceEntry>): Promise<readonly string[]> =>
  (await Array.fromAsync(trace)).map(({ text }) => text)

describe('a trace', () => {
  test('has what its device says while somebody reads, and nothing from before or of another device', async () => {
    const traces = new Traces()
    const reader = new AbortController()
    traces.tell(device, entry('before'))
    const read = texts(traces.of(device, HOUR, reader.signal))
    assert.ok(traces.isTraced(device) && !traces.isTraced(other))
    traces.tell(device, entry('one'))
    traces.tell(other, entry('another'))
    traces.tell(device, entry('two'))
    reader.abort()
    assert.deepEqual(await read, ['one', 'two'])
    assert.ok(!traces.isTraced(device))
  })
  test('may have several readers, who end each for themselves', async () => {
    const traces = new Traces()
    const [first, second] = [new AbortController(), new AbortController()]
    const reads = [first, second].map(({ signal }) => texts(traces.of(device, HOUR, signal)))
    traces.tell(device, entry('one'))
    first.abort()
    assert.deepEqual(await reads[0], ['one'])
    traces.tell(device, entry('two'))
    second.abort()
    assert.deepEqual(await reads[1], ['one', 'two'])
  })
  test('ends when its time is over', async () => {
    const traces = new Traces()
    assert.deepEqual(await texts(traces.of(device, 1, new AbortController().signal)), [])
    assert.ok(!traces.isTraced(device))
  })
  test('of a reader who has gone before it begins is empty', async () => {
    assert.deepEqual(await texts(new Traces().of(device, HOUR, AbortSignal.abort())), [])
  })
  test('ends with the process', async () => {
    const traces = new Traces()
    const read = texts(traces.of(device, HOUR, new AbortController().signal))
    traces.close()
    assert.deepEqual(await read, [])
  })
  test('keeps the last thousand entries for a reader who is slow', async () => {
    const traces = new Traces()
    const reader = new AbortController()
    const read = texts(traces.of(device, HOUR, reader.signal))
    for (let n = 0; n < 1_500; n += 1) traces.tell(device, entry(String(n)))
    reader.abort()
    const got = await read
    assert.equal(got.length, 1_000)
    assert.equal(got.at(-1), '1499')
  })
})
