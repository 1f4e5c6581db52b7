import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, test } from 'node:test'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { corpus, withoutCorpus } from '../corpus.fixture.ts'
import { file, htmlText, message, multipart, plainText } from '../message.fixture.ts'
import { parseStructure } from '../structure-parser.ts'
import { createMimeWorkers, type MimeWorkers, type MimeWorkersOptions } from './pool.ts'

const opened: MimeWorkers[] = []

const workers = (options: MimeWorkersOptions): MimeWorkers => {
  const pool = createMimeWorkers(options)
  opened.push(pool)
  return pool
}

after(() => Promise.all(opened.map((pool) => pool.close())))

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RelaisError && error.code === code && error.retryable

const small = message('Subject: small', plainText('small text'))
const large = message(
  'Subject: large',
  multipart('mixed', 'b', htmlText('<p>large text</p>'), plainText('x'.repeat(1_000_000)), file('a')),
)

/** Everything in threads, so that threads are what is tested. */
const threaded = workers({ threads: 2, inlineBytes: 0 })

for (const [what, pool] of Object.entries({
  'on the calling thread': workers({ threads: 0 }),
  'in threads': threaded,
  'where it is cheaper': workers({ threads: 1 }),
})) {
  test(`a message parsed ${what} gives what its parser gives, and its text for the index`, async () => {
    for (const letter of [small, large]) {
      const { message: parsed, searchText } = await pool.parse(cut(letter.bytes, 10_000))
      assert.deepEqual(parsed, parseStructure(letter.bytes))
      assert.ok(
        Buffer.from(searchText)
          .toString()
          .trim()
          .startsWith(letter === small ? 'small text' : 'large text'),
      )
    }
  })
}

test('every real message gives the same in a thread', { skip: withoutCorpus }, async () => {
  const parsed = await Promise.all(corpus.map(({ bytes }) => threaded.parse(cut(bytes, 1000))))
  for (const [index, { name, bytes }] of corpus.entries())
    assert.deepEqual(parsed[index]?.message, parseStructure(bytes), name)
})

test('many messages at a time, in pieces, are not mixed up', async () => {
  const letters = Array.from({ length: 60 }, (_, number) =>
    message(`Subject: ${number}`, plainText(`text ${number} `.repeat(500))),
  )
  const parsed = await Promise.all(letters.map((letter) => threaded.parse(cut(letter.bytes, 700))))
  assert.deepEqual(
    parsed.map(({ message: { envelope } }) => envelope.subject),
    letters.map((_, number) => String(number)),
  )
})

test('an empty message is one', async () => {
  for (const pool of [threaded, workers({ threads: 0 })]) {
    const { message: parsed, searchText } = await pool.parse(cut(Buffer.alloc(0), 1))
    assert.deepEqual([parsed.size, parsed.defect, searchText.length], [0, '', 0])
  }
})

test('chunks stay the property of who writes them', async () => {
  const job = threaded.start()
  const chunk = Buffer.from('Subject: a\r\n\r\nfirst')
  await job.write(chunk)
  assert.equal(chunk.toString(), 'Subject: a\r\n\r\nfirst', 'not taken away')
  chunk.fill(0)
  const { message: parsed } = await job.end()
  assert.equal(parsed.preview, 'first')
})

test('a writer that is faster than the parser has to wait', async () => {
  const job = threaded.start()
  let waited = 0
  for (let written = 0; written < 20; written++) {
    const wait = job.write(Buffer.alloc(100_000, 'x\n'))
    if (wait) waited++
    await wait
  }
  assert.ok(waited > 0)
  assert.equal((await job.end()).message.size, 2_000_000)
})

test('a message that takes too long is a stub with its bytes attached, and the thread goes on', async () => {
  const pool = workers({ threads: 1, inlineBytes: 0, limitMs: 0.001, stuckMs: 60_000 })
  const { message: parsed } = await pool.parse(cut(large.bytes, 100_000))
  assert.equal(parsed.defect, 'parsing took too long')
  assert.deepEqual(
    [parsed.size, parsed.structure.bodyEnd, parsed.structure.type],
    [large.bytes.length, large.bytes.length, 'message/rfc822'],
  )
})

test('a thread that is stuck is ended; its message is a stub, the others are to be sent again, the next has a new thread', async () => {
  const pool = workers({ threads: 1, inlineBytes: 0, stuckMs: 1 })
  const stuck = pool.start()
  const innocent = pool.start()
  stuck.write(Buffer.concat(Array.from({ length: 30 }, () => large.bytes)))
  innocent.write(small.bytes)
  const [first, second] = await Promise.allSettled([stuck.end(), innocent.end()])
  assert.ok(first.status === 'fulfilled' && first.value.message.defect === 'parsing took too long')
  assert.ok(second.status === 'rejected' && isCode('MIME_PARSER_LOST')(second.reason))
})

test('a pool that is closed parses no more', async () => {
  const pool = workers({ threads: 1, inlineBytes: 0 })
  await pool.close()
  await assert.rejects(pool.parse(cut(small.bytes, 10)), isCode('MIME_PARSER_LOST'))
})

test('a job that is given up leaves the others alone', async () => {
  const given = threaded.start()
  given.write(large.bytes)
  given.abort()
  await assert.rejects(given.end(), isCode('MIME_ABORTED'))
  assert.equal((await threaded.parse(cut(small.bytes, 10))).message.envelope.subject, 'small')
})

test('a job that is given up before it is known where it is parsed ends as well', async () => {
  const job = workers({ threads: 1 }).start()
  job.write(small.bytes)
  job.abort()
})

test('a writer that waits is let go when its message is given up', async () => {
  const job = threaded.start()
  const waits = Array.from({ length: 10 }, () => job.write(Buffer.alloc(200_000, 'x'))).filter(
    (wait) => wait !== undefined,
  )
  job.abort()
  await waits.at(-1)
})

test('chunks that fail fail the parse, and nothing else', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield large.bytes
    throw new Error('connection lost')
  }
  await assert.rejects(threaded.parse(failing()), /connection lost/)
  assert.equal((await threaded.parse(cut(small.bytes, 10))).message.envelope.subject, 'small')
})

test('closing ends jobs that are open with an error that may be tried again', async () => {
  const pool = workers({ threads: 1, inlineBytes: 0 })
  const job = pool.start()
  job.write(large.bytes)
  const ended = job.end()
  await Promise.all([assert.rejects(ended, isCode('MIME_PARSER_LOST')), pool.close()])
})

test('closing without a thread, and twice, is nothing', async () => {
  const pool = workers({ threads: 2 })
  await pool.close()
  await pool.close()
})
