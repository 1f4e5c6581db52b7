import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { stubMessage } from '../parsed-message.ts'
import type { Loss, ParserThread, ReplyHandler } from './parser-thread.ts'
import type { Parsed, Reply, Request } from './protocol.ts'
import { ThreadedJob } from './threaded-job.ts'

const PARSED: Parsed = { message: stubMessage(1, ''), searchText: Buffer.from('text') }

/** A thread that answers when it is told to. */
class ThreadByHand {
  readonly asked: { request: Request; handler: ReplyHandler }[] = []
  readonly dropped: number[] = []
  generation = 0

  ask(request: Request, handler: ReplyHandler): void {
    this.asked.push({ request, handler })
  }
  drop(job: number): void {
    this.dropped.push(job)
  }
  reply(reply: Reply): void {
    this.asked.shift()?.handler.onReply(reply)
  }
  lose(loss: Loss): void {
    this.generation++
    for (const { handler } of this.asked.splice(0)) handler.onLoss(loss)
  }
}

const start = () => {
  const thread = new ThreadByHand()
  return { thread, job: new ThreadedJob(thread as unknown as ParserThread, 7) }
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RelaisError && error.code === code

test('chunks go to the thread as copies, in their order, under one number', () => {
  const { thread, job } = start()
  const chunk = Buffer.from('abc')
  job.write(chunk)
  chunk.fill(0)
  job.write(Buffer.from('def'))
  assert.deepEqual(
    thread.asked.map(
      ({ request }) => request.type === 'chunk' && [request.job, Buffer.from(request.bytes).toString()],
    ),
    [
      [7, 'abc'],
      [7, 'def'],
    ],
  )
})

test('the answer to the end is the result', async () => {
  const { thread, job } = start()
  job.write(Buffer.from('abc'))
  const ended = job.end()
  thread.reply({ type: 'taken', job: 7 })
  thread.reply({ type: 'parsed', job: 7, parsed: PARSED })
  assert.equal(await ended, PARSED)
})

test('who has half a megabyte on its way waits until the thread has taken some', async () => {
  const { thread, job } = start()
  assert.equal(job.write(Buffer.alloc(400_000)), undefined)
  const wait = job.write(Buffer.alloc(200_000))
  assert.ok(wait)
  thread.reply({ type: 'taken', job: 7 })
  await wait
  assert.equal(job.write(Buffer.alloc(1000)), undefined)
})

test('a defect makes the message a stub of its whole size, and no more of it is sent', async () => {
  const { thread, job } = start()
  job.write(Buffer.alloc(100))
  thread.reply({ type: 'defect', job: 7, defect: 'parsing took too long' })
  assert.equal(job.write(Buffer.alloc(50)), undefined)
  assert.equal(thread.asked.length, 0)
  const { message, searchText } = await job.end()
  assert.deepEqual([message.defect, message.size, searchText.length], ['parsing took too long', 150, 0])
})

test('a defect found at the end is one as well', async () => {
  const { thread, job } = start()
  const ended = job.end()
  thread.reply({ type: 'defect', job: 7, defect: 'parsing failed: TypeError' })
  assert.equal((await ended).message.defect, 'parsing failed: TypeError')
})

test('the message that a thread was at when it was lost is a stub', async () => {
  const { thread, job } = start()
  job.write(Buffer.alloc(10))
  thread.lose({ culprit: true, reason: 'the parser died: exited' })
  assert.equal((await job.end()).message.defect, 'the parser died: exited')
})

test('another message of that thread is to be sent again', async () => {
  const { thread, job } = start()
  job.write(Buffer.alloc(10))
  const ended = job.end()
  thread.lose({ culprit: false, reason: 'parsing took too long' })
  await assert.rejects(ended, isCode('MIME_PARSER_LOST'))
  assert.throws(() => job.write(Buffer.alloc(1)), isCode('MIME_PARSER_LOST'))
  await assert.rejects(job.end(), isCode('MIME_PARSER_LOST'))
})

test('a message whose thread was lost between two chunks is to be sent again: the next thread has not seen its beginning', async () => {
  for (const rest of [(job: ThreadedJob) => job.write(Buffer.alloc(10)), (job: ThreadedJob) => job.end()]) {
    const { thread, job } = start()
    job.write(Buffer.alloc(10))
    thread.reply({ type: 'taken', job: 7 })
    thread.lose({ culprit: false, reason: 'exited' })
    await assert.rejects(async () => rest(job), isCode('MIME_PARSER_LOST'))
    assert.equal(thread.asked.length, 0)
  }
})

test('a message that is a stub already stays one when its thread is lost', async () => {
  const { thread, job } = start()
  job.write(Buffer.alloc(10))
  job.write(Buffer.alloc(10))
  thread.reply({ type: 'defect', job: 7, defect: 'parsing took too long' })
  thread.lose({ culprit: false, reason: 'exited' })
  assert.equal((await job.end()).message.defect, 'parsing took too long')
})

test('who waits is let go when the thread is lost or the message given up', async () => {
  for (const end of [
    (thread: ThreadByHand) => thread.lose({ culprit: false, reason: 'exited' }),
    (_: ThreadByHand, job: ThreadedJob) => job.abort(),
  ]) {
    const { thread, job } = start()
    const wait = job.write(Buffer.alloc(600_000))
    end(thread, job)
    await wait
  }
})

test('a message that is given up is dropped by its thread', async () => {
  const { thread, job } = start()
  job.write(Buffer.alloc(10))
  job.abort()
  assert.deepEqual(thread.dropped, [7])
  await assert.rejects(job.end(), isCode('MIME_ABORTED'))
})
