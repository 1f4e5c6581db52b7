import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, test } from 'node:test'
import { type Loss, ParserThread } from './parser-thread.ts'
import type { Reply } from './protocol.ts'
import { ThreadedJob } from './threaded-job.ts'

const DIES = 1
const THROWS = 2
const HANGS = 3
const ANSWERS = 4

const opened: ParserThread[] = []

const threadOf = (entry: string, stuckMs = 60_000): ParserThread => {
  const thread = new ParserThread({ limitMs: 60_000, stuckMs, entry: new URL(entry, import.meta.url) })
  opened.push(thread)
  return thread
}

const misbehaving = (stuckMs?: number): ParserThread => threadOf('./misbehaving-thread.fixture.ts', stuckMs)

after(() => Promise.all(opened.map((thread) => thread.stop('test over'))))

const ask = (thread: ParserThread, job: number): Promise<Reply | Loss> =>
  new Promise((resolve) => thread.ask({ type: 'end', job }, { onReply: resolve, onLoss: resolve }))

test('a thread answers in order, and is started by the first request', async () => {
  const thread = misbehaving()
  assert.ok(!thread.isRunning)
  const replies = await Promise.all([ask(thread, ANSWERS), ask(thread, ANSWERS + 1)])
  assert.deepEqual(replies, [
    { type: 'taken', job: ANSWERS },
    { type: 'taken', job: ANSWERS + 1 },
  ])
  assert.ok(thread.isRunning)
  assert.equal(thread.load, 0)
})

for (const [what, job, reason] of [
  ['exits', DIES, 'the parser died: exited'],
  ['throws', THROWS, 'the parser died: RangeError'],
] as const) {
  test(`a thread that ${what} costs the request it was at, and those behind it nothing but another try`, async () => {
    const thread = misbehaving()
    const lost = await Promise.all([ask(thread, job), ask(thread, ANSWERS)])
    assert.deepEqual(lost, [
      { culprit: true, reason },
      { culprit: false, reason },
    ])
    assert.deepEqual(await ask(thread, ANSWERS), { type: 'taken', job: ANSWERS }, 'a new one is there')
  })
}

test('a thread that does not come back is ended, and a new one answers', async () => {
  const thread = misbehaving(100)
  const lost = await Promise.all([ask(thread, HANGS), ask(thread, ANSWERS)])
  assert.deepEqual(
    lost.map((loss) => 'culprit' in loss && loss.culprit),
    [true, false],
  )
  const fresh = threadOf('./misbehaving-thread.fixture.ts')
  assert.deepEqual(await ask(fresh, ANSWERS), { type: 'taken', job: ANSWERS })
})

test('a thread that was lost is another one afterwards', async () => {
  const thread = misbehaving()
  const before = thread.generation
  await ask(thread, ANSWERS)
  assert.equal(thread.generation, before)
  await ask(thread, DIES)
  assert.notEqual(thread.generation, before)
})

test('a message that was under way when its thread was lost is not parsed from its middle', async () => {
  const thread = misbehaving()
  const job = new ThreadedJob(thread, ANSWERS)
  job.write(Buffer.from('beginning'))
  await ask(thread, ANSWERS)
  await ask(thread, DIES)
  assert.throws(() => job.write(Buffer.from('middle')), { code: 'MIME_PARSER_LOST' })
  await assert.rejects(job.end(), { code: 'MIME_PARSER_LOST' })
})

test('a thread that is stopped takes no more requests, and is not started again', async () => {
  const thread = misbehaving()
  await ask(thread, ANSWERS)
  await thread.stop('the service stops')
  assert.deepEqual(await ask(thread, ANSWERS), { culprit: false, reason: 'the service stops' })
  assert.ok(!thread.isRunning)
})

test('a thread that is stopped has no culprit', async () => {
  const thread = misbehaving()
  const asked = ask(thread, HANGS)
  await thread.stop('the service stops')
  assert.deepEqual(await asked, { culprit: false, reason: 'the service stops' })
})

test('a parser that throws makes a stub of its message, and parses on', async () => {
  const thread = threadOf('./thread.ts')
  const broken = new Promise((resolve) => {
    const bytes = { buffer: new ArrayBuffer(1), byteOffset: 99 } as unknown as Uint8Array<ArrayBuffer>
    thread.ask({ type: 'chunk', job: 1, bytes }, { onReply: resolve, onLoss: resolve })
  })
  assert.deepEqual(await broken, { type: 'defect', job: 1, defect: 'parsing failed: RangeError' })
  const reply = (await ask(thread, 2)) as Reply
  assert.equal(reply.type, 'parsed')
})

test('a request that is dropped is not answered, and never started a thread', () => {
  const thread = misbehaving()
  thread.drop(1)
  assert.ok(!thread.isRunning)
})
