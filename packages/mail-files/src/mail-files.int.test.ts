import assert from 'node:assert/strict'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { createMailWriter, MAIL_FORMATS, type Marks, NO_MARKS, readMailFiles } from './index.ts'
import { mboxEntry, readMbox } from './mbox.ts'

const folder = (t: TestContext) => {
  const path = mkdtempSync(join(tmpdir(), 'relais-mail-files-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function* pieces(bytes: Buffer, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const whole = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts).toString('latin1')
}

type Read = { text: string; marks: Marks; receivedAt: number | undefined }

const readBox = async (text: string, size?: number): Promise<Read[]> => {
  const messages: Read[] = []
  for await (const { marks, receivedAt, chunks } of readMbox(pieces(Buffer.from(text, 'latin1'), size)))
    messages.push({ text: await whole(chunks), marks, receivedAt })
  return messages
}

const texts = async (text: string, size?: number) =>
  (await readBox(text, size)).map((message) => message.text)

const readAll = async (path: string) => {
  const messages: (Read & { path: readonly string[]; source: string })[] = []
  for await (const { chunks, ...message } of readMailFiles(path))
    messages.push({ ...message, text: await whole(chunks) })
  return messages
}

const FROM = 'From anna@demo.example Fri Nov  6 10:20:30 2026\n'

test('an mbox of two messages gives two, without the separators and the empty lines before them', async () => {
  assert.deepEqual(await texts(`${FROM}Subject: a\n\none\n\n${FROM}Subject: b\n\ntwo\n\n`), [
    'Subject: a\n\none\n',
    'Subject: b\n\ntwo\n',
  ])
})

test('an mbox with CRLF line ends keeps them', async () => {
  const box = `${FROM}Subject: a\n\none\n\n${FROM}b: c\n\nd\n`.replaceAll('\n', '\r\n')
  assert.deepEqual(await texts(box), ['Subject: a\r\n\r\none\r\n', 'b: c\r\n\r\nd\r\n'])
})

test('a line that begins with From in a paragraph is text', async () => {
  assert.deepEqual(await texts(`${FROM}a: b\n\nWords\nFrom here on\n`), ['a: b\n\nWords\nFrom here on\n'])
})

test('one level of quoting is taken from lines that begin with From', async () => {
  assert.deepEqual(await texts(`${FROM}a: b\n\n>From x\n>>From y\n> From z\n`), [
    'a: b\n\nFrom x\n>From y\n> From z\n',
  ])
})

test('the separator says when a message was received, in UTC unless it names a zone', async () => {
  const [plain] = await readBox(`${FROM}a: b\n\n`)
  assert.equal(plain?.receivedAt, Date.UTC(2026, 10, 6, 10, 20, 30))
  const [zoned] = await readBox('From anna Fri Nov  6 10:20:30 2026 +0200\na: b\n\n')
  assert.equal(zoned?.receivedAt, Date.UTC(2026, 10, 6, 8, 20, 30))
  const [none] = await readBox('From ???\na: b\n\n')
  assert.equal(none?.receivedAt, undefined)
})

test('Status and X-Status say what was read, answered, flagged and a draft', async () => {
  const [message] = await readBox(`${FROM}Status: RO\nX-Status: AFT\n\nStatus: O\n`)
  assert.deepEqual(message?.marks, { seen: true, answered: true, flagged: true, draft: true })
  const [unread] = await readBox(`${FROM}a: b\n\nStatus: RO\n`)
  assert.deepEqual(unread?.marks, NO_MARKS)
})

test('what comes before the first separator is no message', async () => {
  assert.deepEqual(await texts('rubbish\n'), [])
  assert.deepEqual(await texts(''), [])
})

test('a message that nobody reads is skipped', async () => {
  const sizes: number[] = []
  const box = `${FROM}a: b\n\n${'x'.repeat(300_000)}\n\n${FROM}c: d\n\ny\n`
  for await (const message of readMbox(pieces(Buffer.from(box), 1000))) sizes.push(message.receivedAt ?? 0)
  assert.equal(sizes.length, 2)
})

test('a line of megabytes passes through in bounded pieces', async () => {
  const line = 'y'.repeat(3_000_000)
  for await (const { chunks } of readMbox(pieces(Buffer.from(`${FROM}a: b\n\n${line}\n`), 50_000)))
    for await (const chunk of chunks) assert.ok(chunk.length < 200_000)
  assert.deepEqual(await texts(`${FROM}a: b\n\n${line}\n`, 50_000), [`a: b\n\n${line}\n`])
})

const line = fc.constantFrom(
  'From x\n',
  '>From y\n',
  '>>From z\n',
  '\n',
  '\r\n',
  'text\n',
  'From',
  '>',
  'a: b\n',
  '\u00e9\n',
)

test('whatever a message says, an mbox gives back its bytes and the number of messages', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
      async (bodies, size) => {
        const messages = bodies.map((lines) => `Subject: s\n\n${lines.join('')}`)
        let box = ''
        for (const text of messages)
          box += await whole(
            mboxEntry({
              envelopeSender: 'a@b',
              receivedAt: 0,
              chunks: pieces(Buffer.from(text, 'latin1'), size),
            }),
          )
        const expected = messages.map((text) => (text.endsWith('\n') ? text : `${text}\n`))
        assert.deepEqual(await texts(box, size), expected)
      },
    ),
  ))

test('how an mbox is cut into chunks makes no difference', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(line, fc.constant(FROM))),
      fc.integer({ min: 1, max: 30 }),
      async (lines, size) => {
        assert.deepEqual(await texts(lines.join(''), size), await texts(lines.join('')))
      },
    ),
  ))

const message = (
  path: string[],
  text: string,
  marks: Partial<Marks> = {},
  receivedAt = 1_790_000_000_000,
) => ({
  path,
  marks: { ...NO_MARKS, ...marks },
  receivedAt,
  envelopeSender: 'anna@demo.example',
  chunks: pieces(Buffer.from(text)),
})

for (const format of MAIL_FORMATS)
  test(`messages written as ${format} are read again with their mailboxes`, async (t) => {
    const path = join(folder(t), 'export')
    const writer = createMailWriter(path, format)
    await writer.write(message(['Work', '2026'], 'Subject: one\n\nFrom the start\n'))
    await writer.write(message(['Work', '2026'], 'Subject: two\n\n'))
    await writer.write(message(['Home'], 'Subject: three\n\nx\n'))
    await writer.close()
    const read = (await readAll(path)).map(({ path: mailbox, text }) => [mailbox.join('/'), text])
    assert.deepEqual(read.sort(), [
      ['Home', 'Subject: three\n\nx\n'],
      ['Work/2026', 'Subject: one\n\nFrom the start\n'],
      ['Work/2026', 'Subject: two\n\n'],
    ])
  })

test('a Maildir keeps marks and the time of arrival', async (t) => {
  const path = folder(t)
  const writer = createMailWriter(path, 'maildir')
  await writer.write(message([], 'a: b\n\n', { seen: true, flagged: true }, 1_790_000_123_000))
  const [read] = await readAll(path)
  assert.deepEqual(read?.marks, { seen: true, answered: false, flagged: true, draft: false })
  assert.equal(read?.receivedAt, 1_790_000_123_000)
})

test('mailbox names can not leave the folder of an export', async (t) => {
  for (const format of MAIL_FORMATS) {
    const top = folder(t)
    const writer = createMailWriter(join(top, 'out'), format)
    await writer.write(message(['..', '../../x', '/etc', '', 'a\0b'], 'a: b\n\n'))
    await writer.close()
    assert.deepEqual(readdirSync(top), ['out'])
    assert.equal((await readAll(join(top, 'out'))).length, 1)
  }
})

test('an .eml file is one message whatever it says, byte for byte', async (t) => {
  const path = join(folder(t), 'a.eml')
  const bytes = Buffer.concat([Buffer.from(FROM), Buffer.from(Array.from({ length: 256 }, (_, i) => i))])
  writeFileSync(path, bytes)
  const [read, ...others] = await readAll(path)
  assert.equal(read?.text, bytes.toString('latin1'))
  assert.deepEqual(read?.path, [])
  assert.equal(others.length, 0)
})

test('a folder of folders names mailboxes by them, and leaves other files alone', async (t) => {
  const path = folder(t)
  mkdirSync(join(path, 'Work', 'Old'), { recursive: true })
  writeFileSync(join(path, 'Work', 'a.eml'), 'a: 1\n\n')
  writeFileSync(join(path, 'Work', 'Old', 'list.mbox'), `${FROM}b: 2\n\n\n`)
  writeFileSync(join(path, 'Work', 'photo.jpg'), 'no mail')
  writeFileSync(join(path, 'Work', '.index'), 'no mail')
  const read = (await readAll(path)).map(({ path: mailbox, text }) => [mailbox.join('/'), text])
  assert.deepEqual(read.sort(), [
    ['Work', 'a: 1\n\n'],
    ['Work/Old/list', 'b: 2\n\n'],
  ])
})

test('a path that is not there is an error that names it', async (t) => {
  await assert.rejects(readAll(join(folder(t), 'nowhere')), /nowhere/)
})

const corpus = new URL('../../../../shared/corpus/mail/', import.meta.url)

test('every message of the corpus comes through an mbox', {
  skip: existsSync(corpus) ? false : 'no corpus here',
}, async () => {
  const files = readdirSync(corpus, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.eml'))
  assert.ok(files.length > 0)
  for (const name of files) {
    const file = new URL(name, corpus)
    const entry = await whole(
      mboxEntry({ envelopeSender: '', receivedAt: undefined, chunks: createReadStream(file) }),
    )
    const original = readFileSync(file, 'latin1')
    assert.deepEqual(await texts(entry), [original.endsWith('\n') ? original : `${original}\n`], name)
  }
})
